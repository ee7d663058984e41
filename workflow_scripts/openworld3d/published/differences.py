"""What keeps two protocols apart, each difference a clause: numbers of one cannot stand beside those of the other."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Sequence

from openworld3d.errors import UserError
from openworld3d.plugins import declared
from openworld3d.published.registry import Data, Remark, Spec

# What decides which points are ranked, what the metrics are called, and what networks learn from.
EVALUATED = ("evaluate", "unknown", "labels", "class_map", "range", "min_unknown_points")
DEFINED = ("ap", "fpr95", "pool", "objects")
TRAINED = ("train", "validate", "unknown_points")
MOST_SPLITS = 4
FPR95 = {
    "reached": "a recall of at least 0.95",
    "strict": "a recall above 0.95",
    "nearest": "the recall nearest to 0.95",
}
POOL = {"points": "all points pooled", "scenes": "means over scenes"}
LEFT = {"ignore": "left without labels", "remove": "removed"}


def differences(
    one: Spec, other: Spec, remarks: Iterable[Remark] = (), fields: Sequence[str] = EVALUATED + DEFINED + TRAINED
) -> list[str]:
    """Return a clause for each field in which a protocol differs from another, with what is known to follow from it.

    How points are ranked is no difference where nothing is unknown.
    """
    ranked = unknown_of(one) and unknown_of(other)
    clauses = [(field, CLAUSES[field](one, other)) for field in fields if ranked or field not in DEFINED]
    return [clause + remark_on(field, one, other, remarks) for field, clause in clauses if clause]


def remark_on(field: str, one: Spec, other: Spec, remarks: Iterable[Remark]) -> str:
    """Return what is known of a difference, after a colon; nothing where there is no remark."""
    pair = {comparable(value_of(field, spec)) for spec in (one, other)}
    dataset = one.evaluate.dataset if one.evaluate.dataset == other.evaluate.dataset else None
    said = [
        remark.says
        for remark in remarks
        if remark.field == field and remark.dataset in ("", dataset) and {*map(comparable, remark.values)} == pair
    ]
    return f": {'; '.join(said)}" if said else ""


def value_of(field: str, spec: Spec) -> Any:
    """Return the value of a field that a remark may be on."""
    return sorted(unknown_of(spec)) if field == "unknown" else getattr(spec, field, None)


def comparable(value: Any) -> str:
    """Return a value as text in which the order of a list does not count."""
    return ", ".join(sorted(map(str, value))) if isinstance(value, (list, tuple)) else str(value)


def classes_of_raw_ids(layout: str) -> dict[int, str | None]:
    """Return the class of each raw id of a layout, None if void; empty where the layout has no table of them."""
    try:
        table: dict[int, str | None] = declared("datasets", layout, "CLASS_OF_RAW_ID")
    except (OSError, ValueError, UserError):
        return {}
    return table


def unknown_of(spec: Spec) -> set[str]:
    """Return what is unknown: classes, and the raw ids that are not all of a class."""
    table = classes_of_raw_ids(spec.evaluate.dataset)
    classes, raw_ids = set(spec.unknown), set(spec.unknown_raw_ids)
    for name in {table.get(raw_id) for raw_id in raw_ids} - {None}:
        of_class = {raw_id for raw_id, other in table.items() if other == name}
        if of_class <= raw_ids:
            classes.add(str(name))
    return classes | {str(raw_id) for raw_id in raw_ids if table.get(raw_id) not in classes}


def status_of(spec: Spec, raw_id: int) -> str:
    """Return what the points of a raw id count as."""
    table = classes_of_raw_ids(spec.evaluate.dataset)
    if raw_id in spec.unknown_raw_ids or table.get(raw_id) in spec.unknown:
        return "unknown"
    if raw_id in spec.inlier_raw_ids:
        return "inliers"
    if raw_id in spec.void_raw_ids:
        return "void"
    return "absent" if raw_id not in table else "void" if table[raw_id] is None else "known"


def listed(names: Iterable[Any]) -> str:
    """Return names as text, then numbers: `other-vehicle and 99`."""
    words = sorted(map(str, names), key=lambda name: (name.isdigit(), int(name) if name.isdigit() else 0, name))
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def described(data: Data | None, in_full: bool = False) -> str:
    """Return some splits of a dataset as text, many as their number."""
    if data is None:
        return "nothing"
    if len(data.splits) <= MOST_SPLITS or in_full:
        return f"{data.dataset} {', '.join(data.splits)}"
    return f"{data.dataset} {data.splits[0]} to {data.splits[-1]} ({len(data.splits)} splits)"


def unlike(verb: str, one: Data | None, other: Data | None) -> str:
    """Return a clause where two sets of splits differ; the order of splits does not count."""
    if one == other or (one and other and (one.dataset, {*one.splits}) == (other.dataset, {*other.splits})):
        return ""
    in_full = described(one) == described(other)
    return f"{verb} {described(one, in_full)}, not on {described(other, in_full)}"


def about_data(one: Spec, other: Spec) -> str:
    """Return a clause where other data are evaluated, in the same layout or not."""
    if one.data == other.data:
        return unlike("evaluated on", one.evaluate, other.evaluate)
    return f"evaluated on {evaluated(one)}, not on {evaluated(other)}"


def evaluated(spec: Spec) -> str:
    """Return what is evaluated as text."""
    return described(spec.evaluate) + (f" of {spec.data}" if spec.data else "")


def about_unknown(one: Spec, other: Spec) -> str:
    """Return a clause where other points are unknown."""
    ours, theirs = unknown_of(one), unknown_of(other)
    if ours == theirs:
        return ""
    if not ours or not theirs:
        return f"with {listed(ours) or 'nothing'} unknown, not with {listed(theirs) or 'nothing'} unknown"
    alone = [" alone" if part < whole else "" for part, whole in ((ours, theirs), (theirs, ours))]
    return f"{listed(ours)}{alone[0]} {'is' if len(ours) == 1 else 'are'} not {listed(theirs)}{alone[1]}"


def about_labels(one: Spec, other: Spec) -> str:
    """Return a clause for the raw ids that are unknown in neither protocol and count as something else."""
    if one.evaluate.dataset != other.evaluate.dataset:
        return ""
    named = {raw_id for spec in (one, other) for raw_id in (*spec.inlier_raw_ids, *spec.void_raw_ids)}
    unlike: dict[tuple[str, str], list[int]] = {}
    for raw_id in sorted(named | {*classes_of_raw_ids(one.evaluate.dataset)}):
        pair = status_of(one, raw_id), status_of(other, raw_id)
        if "unknown" not in pair and pair[0] != pair[1]:
            unlike.setdefault(pair, []).append(raw_id)
    return "; ".join(f"{listed(ids)} {ours}, not {theirs}" for (ours, theirs), ids in unlike.items())


def about_class_map(one: Spec, other: Spec) -> str:
    """Return a clause for the classes that are evaluated as other ones."""
    ours, theirs = (one.class_map or {}, other.class_map or {})
    unlike = sorted(name for name in {*ours, *theirs} if ours.get(name, name) != theirs.get(name, name))
    return "; ".join(f"{name} taken for {ours.get(name, name)}, not {theirs.get(name, name)}" for name in unlike)


def about_range(one: Spec, other: Spec) -> str:
    """Return a clause where points count at other distances."""

    def within(spec: Spec) -> str:
        return "at any distance" if spec.range is None else f"{spec.range[0]:g} to {spec.range[1]:g} m away"

    return f"points {within(one)}, not {within(other)}" if within(one) != within(other) else ""


def about_scenes(one: Spec, other: Spec) -> str:
    """Return a clause where scenes with few unknown points are treated otherwise."""

    def scenes(spec: Spec) -> str:
        least = spec.min_unknown_points
        return f"scenes of {least} unknown points or more" if least else "all scenes"

    return f"{scenes(one)}, not {scenes(other)}" if scenes(one) != scenes(other) else ""


def about_objects(one: Spec, other: Spec) -> str:
    """Return a clause where objects are counted otherwise."""
    if one.objects is None or other.objects is None:
        return "" if one.objects == other.objects else f"objects {'not ' * (one.objects is None)}counted"
    unlike = [
        f"{key} {value}, not {other.objects[key]}"
        for key, value in one.objects.items()
        if value != other.objects[key]
    ]
    return f"objects by {'; '.join(unlike)}" if unlike else ""


def about(field: str, words: str) -> Callable[[Spec, Spec], str]:
    """Return a function that makes a clause of the two values of a field where they differ."""

    def clause(one: Spec, other: Spec) -> str:
        ours, theirs = getattr(one, field), getattr(other, field)
        names = NAMES.get(field, {})
        return words.format(names.get(ours, ours), names.get(theirs, theirs)) if ours != theirs else ""

    return clause


NAMES: dict[str, dict[str, str]] = {"fpr95": FPR95, "pool": POOL, "unknown_points": LEFT}
CLAUSES: dict[str, Callable[[Spec, Spec], str]] = {
    "evaluate": about_data,
    "unknown": about_unknown,
    "labels": about_labels,
    "class_map": about_class_map,
    "range": about_range,
    "min_unknown_points": about_scenes,
    "ap": about("ap", "{} AUPR, not {}"),
    "fpr95": about("fpr95", "FPR95 at {}, not at {}"),
    "pool": about("pool", "{}, not {}"),
    "objects": about_objects,
    "train": lambda one, other: unlike("trained on", one.train, other.train),
    "validate": lambda one, other: unlike(
        "validated on", one.validate or other.validate, other.validate or one.validate
    ),
    "unknown_points": about("unknown_points", "unknown training points {}, not {}"),
}
