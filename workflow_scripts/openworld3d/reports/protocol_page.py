"""The page of a protocol: what its splits hold, to be read before anything is trained."""

from __future__ import annotations

from openworld3d.protocols.check import Contents, total, unknown_share, warnings
from openworld3d.reports.markdown import table_lines


def page(contents: Contents) -> str:
    """Return the contents of a protocol's splits as Markdown, warnings first."""
    lines = [f"# Protocol {contents.protocol}", "", f"Unknown: {', '.join(contents.unknown) or 'no class'}.", ""]
    lines += [f"- {sentence}" for sentence in warnings(contents) or ["Nothing stands out."]]
    lines += ["", "## Points of each class", "", *class_table(contents)]
    lines += ["", "## Raw ids that are void", "", *void_table(contents)]
    lines += ["", "## Extent of the scenes in metres", "", *extent_table(contents)]
    lines += ["", "## Unknown share of the labelled points of each evaluation scene", "", *scene_table(contents)]
    return "\n".join([*lines, ""])


def class_table(contents: Contents) -> list[str]:
    """Return the points of each class, and of void, in the training and in the evaluation scenes."""
    train, evaluate = (total(scenes, "class_points") for scenes in (contents.train, contents.evaluate))
    all_train, all_evaluate = sum(train.values()), sum(evaluate.values())
    rows = []
    for name in contents.classes:
        trained, evaluated = train.get(name, 0), evaluate.get(name, 0)
        kind = "unknown" if name in contents.unknown else "inlier" if name in contents.inliers else "known"
        shares = share(trained, all_train), share(evaluated, all_evaluate)
        rows.append((name, kind, f"{trained:,}", shares[0], f"{evaluated:,}", shares[1]))
    void = [sum(scene["void_points"] for scene in scenes) for scenes in (contents.train, contents.evaluate)]
    rows.append(("void", "in neither", f"{void[0]:,}", "", f"{void[1]:,}", ""))
    return table_lines(("class", "", "train", "share", "evaluate", "share"), rows, names=2)


def void_table(contents: Contents) -> list[str]:
    """Return the points of each raw id that is void."""
    train, evaluate = (total(scenes, "void_ids") for scenes in (contents.train, contents.evaluate))
    ids = sorted({*train, *evaluate}, key=lambda raw_id: -train.get(raw_id, 0) - evaluate.get(raw_id, 0))
    rows = [(raw_id, f"{train.get(raw_id, 0):,}", f"{evaluate.get(raw_id, 0):,}") for raw_id in ids]
    return table_lines(("raw id", "train", "evaluate"), rows, names=1) if rows else ["None."]


def extent_table(contents: Contents) -> list[str]:
    """Return the smallest and the largest extent along each axis, of the training and of the evaluation scenes."""
    rows = []
    for name, scenes in (("train", contents.train), ("evaluate", contents.evaluate)):
        axes = zip(*(scene["extent"] for scene in scenes))
        rows.append((name, *(f"{min(axis):g} to {max(axis):g}" for axis in axes)))
    return table_lines(("", "x", "y", "z"), rows, names=1)


def scene_table(contents: Contents) -> list[str]:
    """Return points and unknown share of each evaluation scene, and of all."""
    rows = [
        (name, f"{sum(scene['points'] for scene in scenes):,}", f"{unknown_share(scenes, contents.unknown):.2%}")
        for name, scenes in [(scene["name"], [scene]) for scene in contents.evaluate] + [("all", contents.evaluate)]
    ]
    return table_lines(("scene", "points", "unknown"), rows, names=1)


def share(points: int, of: int) -> str:
    """Return a share as a percentage, - where the whole is 0."""
    return f"{points / of:.2%}" if of else "-"
