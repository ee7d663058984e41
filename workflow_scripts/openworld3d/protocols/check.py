"""What the splits of a protocol hold, and what of it a person should know before anything is trained."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, NamedTuple

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import make_protocol

MAJORITY = 0.5


class Contents(NamedTuple):
    """A protocol, and what the manifests say of the scenes that it trains on and evaluates."""

    protocol: str
    classes: list[str]
    unknown: list[str]
    train: list[dict[str, Any]]
    evaluate: list[dict[str, Any]]


def known_classes(contents: Contents) -> list[str]:
    """Return the classes that are not unknown, in the dataset's order."""
    return make_protocol(contents.classes, contents.unknown).known


def total(scenes: Iterable[dict[str, Any]], key: str) -> dict[str, int]:
    """Return the sum over scenes of their counts."""
    counts: Counter[str] = Counter()
    for scene in scenes:
        counts.update(scene[key])
    return dict(counts)


def unknown_share(scenes: Iterable[dict[str, Any]], unknown: list[str]) -> float:
    """Return the share of unknown points among the labelled points of some scenes, in 0..1."""
    points = total(scenes, "class_points")
    return sum(points.get(name, 0) for name in unknown) / max(1, sum(points.values()))


def scenes_without_unknown(contents: Contents) -> list[str]:
    """Return the names of the evaluation scenes in which nothing is unknown."""
    return [scene["name"] for scene in contents.evaluate if not unknown_share([scene], contents.unknown)]


def never_taught(contents: Contents) -> list[str]:
    """Return the known classes that are evaluated though no training scene has a point of them, by name."""
    taught, asked = (total(scenes, "class_points") for scenes in (contents.train, contents.evaluate))
    return sorted(name for name in known_classes(contents) if name in asked and name not in taught)


def refuse_unanswerable(contents: Contents) -> None:
    """Refuse a protocol that asks for what is not there: points of each unknown class, and of some known one."""
    known = known_classes(contents)
    taught, asked = (total(scenes, "class_points") for scenes in (contents.train, contents.evaluate))
    for name in contents.unknown:
        if name not in asked:
            where = "evaluation scene" if name in taught else "scene, of training neither,"
            raise UserError(
                f"protocol {contents.protocol}: no {where} has a point of the unknown class {name}; choose "
                "evaluation splits that contain it, or leave it out of unknown"
            )
    if not any(name in taught for name in known):
        raise UserError(
            f"protocol {contents.protocol}: no training scene has a point of a known class; choose other splits"
        )


def warnings(contents: Contents) -> list[str]:
    """Return a sentence for each thing that may make the numbers mean less than they seem to."""
    sentences = []
    share = unknown_share(contents.evaluate, contents.unknown)
    if share > MAJORITY:
        sentences.append(
            f"{share:.1%} of the labelled evaluation points are unknown: they are the rule and not the exception, "
            f"and a random score has an AUPR of {share:.3f}."
        )
    missing = never_taught(contents)
    if missing:
        sentences.append(f"Known and evaluated, and yet in no training scene: {', '.join(missing)}.")
    without = scenes_without_unknown(contents)
    if without:
        share_of_scenes = f"{len(without)} of {len(contents.evaluate)} evaluation scenes"
        sentences.append(f"{share_of_scenes} have no unknown point: {', '.join(without)}.")
    return sentences
