"""Check whether the scenes of a protocol can measure it, before anything is trained."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, NamedTuple

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import make_protocol

MAJORITY = 0.5


class Contents(NamedTuple):
    """A protocol, and the manifests' entries of the scenes that it trains on and evaluates."""

    protocol: str
    classes: list[str]
    unknown: list[str]
    train: list[dict[str, Any]]
    evaluate: list[dict[str, Any]]


def known_classes(contents: Contents) -> list[str]:
    """Return the classes that are not unknown, in the dataset's order."""
    return make_protocol(contents.classes, contents.unknown).known


def total(scenes: Iterable[dict[str, Any]], key: str) -> dict[str, int]:
    """Return the sum over scenes of the counts under a key."""
    counts: Counter[str] = Counter()
    for scene in scenes:
        counts.update(scene[key])
    return dict(counts)


def unknown_share(scenes: Iterable[dict[str, Any]], unknown: list[str]) -> float:
    """Return the share of unknown points among the labelled points of some scenes, in 0..1."""
    points = total(scenes, "class_points")
    return sum(points.get(name, 0) for name in unknown) / max(1, sum(points.values()))


def scenes_without_unknown(contents: Contents) -> list[str]:
    """Return the names of the evaluation scenes without an unknown point."""
    return [scene["name"] for scene in contents.evaluate if not unknown_share([scene], contents.unknown)]


def without_training(contents: Contents) -> list[str]:
    """Return the known classes that are evaluated although no training scene has a point of them, sorted."""
    trained, evaluated = (total(scenes, "class_points") for scenes in (contents.train, contents.evaluate))
    return sorted(name for name in known_classes(contents) if name in evaluated and name not in trained)


def check_measurable(contents: Contents) -> None:
    """Reject a protocol without evaluation points of each unknown class or training points of a known one."""
    known = known_classes(contents)
    trained, evaluated = (total(scenes, "class_points") for scenes in (contents.train, contents.evaluate))
    for name in contents.unknown:
        if name not in evaluated:
            where = "evaluation scene" if name in trained else "scene, for training or evaluation,"
            raise UserError(
                f"protocol {contents.protocol}: no {where} has a point of the unknown class {name}; choose "
                "evaluation splits that contain it, or leave it out of unknown"
            )
    if not any(name in trained for name in known):
        raise UserError(
            f"protocol {contents.protocol}: no training scene has a point of a known class; choose other splits"
        )


def warnings(contents: Contents) -> list[str]:
    """Return a sentence for each property of the scenes that makes the numbers less meaningful."""
    sentences = []
    share = unknown_share(contents.evaluate, contents.unknown)
    if share > MAJORITY:
        sentences.append(
            f"{share:.1%} of the labelled evaluation points are unknown: most points, so "
            f"that a random score has an AUPR of {share:.3f}."
        )
    missing = without_training(contents)
    if missing:
        sentences.append(f"Known and evaluated, but in no training scene: {', '.join(missing)}.")
    without = scenes_without_unknown(contents)
    if without:
        share_of_scenes = f"{len(without)} of {len(contents.evaluate)} evaluation scenes"
        sentences.append(f"{share_of_scenes} have no unknown point: {', '.join(without)}.")
    return sentences
