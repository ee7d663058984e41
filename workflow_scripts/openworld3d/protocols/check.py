"""Check whether the scenes of a protocol can measure it, before anything is trained."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, NamedTuple, Sequence

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import make_protocol
from openworld3d.protocols.signs import signs

MAJORITY = 0.5
MOST_NAMED = 3
NO_CHANCE = 32  # points; scenes of fewer points may be alike without being copies, as toy scenes are


class Contents(NamedTuple):
    """A protocol, and the manifests' entries of the scenes that it trains on, if any, and evaluates.

    inliers: classes of points that count as known, and that no network predicts.
    """

    protocol: str
    classes: list[str]
    unknown: list[str]
    inliers: list[str]
    train: list[dict[str, Any]]
    evaluate: list[dict[str, Any]]


def known_classes(contents: Contents) -> list[str]:
    """Return the classes that networks know, in the dataset's order."""
    return [name for name in make_protocol(contents.classes, contents.unknown).known if name not in contents.inliers]


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
    known = known_classes(contents) if contents.train else []
    return sorted(name for name in known if name in evaluated and name not in trained)


def check_apart(contents: Contents) -> None:
    """Reject a protocol that evaluates scenes that it trains on, told by name, or copied under another name."""
    names = {identity(scene) for scene in contents.train}
    both = [scene["name"] for scene in contents.evaluate if identity(scene) in names]
    both += [copy for copy, is_sure in copies(contents).items() if is_sure]
    if both:
        raise UserError(
            f"protocol {contents.protocol}: {len(both)} of {len(contents.evaluate)} evaluation scenes are training "
            f"scenes too: {enumerated(both)}; expected none, correct the splits or remove the copies"
        )


def copies(contents: Contents) -> dict[str, bool]:
    """Return the evaluation scenes that have the points of training scenes of another name, and if that is sure."""
    names = {identity(scene) for scene in contents.train}
    name_of = {scene["points_sha256"]: scene["name"] for scene in contents.train}
    return {
        f"{scene['name']} (there as {name_of[scene['points_sha256']]})": scene["points"] >= NO_CHANCE
        for scene in contents.evaluate
        if identity(scene) not in names and scene["points_sha256"] in name_of
    }


def identity(scene: dict[str, Any]) -> tuple[str, str]:
    """Return what tells a scene from all others: its dataset and its name there."""
    return scene["dataset"], scene["name"]


def enumerated(names: Sequence[str]) -> str:
    """Return the first names, and how many there are more."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def notes(contents: Contents) -> list[str]:
    """Return a sentence for each note on how scenes were read, with the scenes that have it."""
    of_note: dict[str, list[str]] = {}
    for scene in (*contents.train, *contents.evaluate):
        for note in scene["notes"]:
            of_note.setdefault(note, []).append(scene["name"])
    return [f"{note}: {enumerated(names)}." for note, names in of_note.items()]


def twins(contents: Contents) -> list[str]:
    """Return a sentence for scenes of other names that have the same points: on both sides, and on either."""
    both = list(copies(contents))
    sentences = [f"Evaluation scenes have the points of training scenes: {enumerated(both)}."] if both else []
    for role, scenes in (("training", contents.train), ("evaluation", contents.evaluate)):
        names: dict[str, list[str]] = {}
        for scene in scenes:
            names.setdefault(scene["points_sha256"], []).append(scene["name"])
        alike = [" = ".join(same) for same in names.values() if len(same) > 1]
        if alike:
            sentences.append(
                f"Several {role} scenes have the same points, which count as often: {enumerated(alike)}."
            )
    return sentences


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
    if contents.train and not any(name in trained for name in known):
        raise UserError(
            f"protocol {contents.protocol}: no training scene has a point of a known class; choose other splits"
        )


def warnings(contents: Contents) -> list[str]:
    """Return a sentence for each property of the scenes that makes the numbers less meaningful."""
    sentences = [*twins(contents), *notes(contents), *signs([*contents.train, *contents.evaluate])]
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
    if without and contents.unknown:
        share_of_scenes = f"{len(without)} of {len(contents.evaluate)} evaluation scenes"
        sentences.append(f"{share_of_scenes} have no unknown point: {', '.join(without)}.")
    return sentences
