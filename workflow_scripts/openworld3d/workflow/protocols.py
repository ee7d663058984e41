"""What the protocols of a config say: datasets and splits of each role, and what becomes of evaluated labels."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple

from openworld3d.plugins import declared
from openworld3d.protocols.conventions import CALLED, defined
from openworld3d.published.registry import OBJECTS

Config = Dict[str, Any]

ROLES = ("train", "evaluate", "validate")
# Where classes of the evaluated dataset may go beside classes that the network knows.
VOID, INLIER = "void", "inlier"
# Keys for which the labels of the evaluated dataset are not those of the evaluation.
RELABELS = ("class_map", "unknown_raw_ids", "inlier_raw_ids", "void_raw_ids", "range", "min_unknown_points")


class Splits(NamedTuple):
    """Some splits of a dataset."""

    dataset: str
    splits: list[str]


def splits_of(config: Config, protocol: str, role: str) -> Splits | None:
    """Return what a protocol trains on, evaluates or validates on; None where it says nothing."""
    chosen = config["protocols"][protocol]
    said = chosen.get(role)
    if said is None:
        return None
    return Splits(said["dataset"], said["splits"]) if isinstance(said, dict) else Splits(chosen["dataset"], said)


def evaluated(config: Config, protocol: str) -> Splits:
    """Return what a protocol evaluates."""
    found = splits_of(config, protocol, "evaluate")
    assert found is not None  # the schema requires it
    return found


def network_dataset(config: Config, protocol: str) -> str:
    """Return the dataset whose classes networks know: the one that is trained on, if there is one."""
    return (splits_of(config, protocol, "train") or evaluated(config, protocol)).dataset


def network_classes(config: Config, protocol: str) -> list[str]:
    """Return the classes of the dataset that the networks of a protocol know."""
    return classes_of(config, network_dataset(config, protocol))


def classes_of(config: Config, dataset: str) -> list[str]:
    """Return the classes of a dataset in their order, which its layout or the config says."""
    chosen = config["datasets"][dataset]
    return list(chosen["classes"]) if "classes" in chosen else declared("datasets", chosen["layout"], "CLASSES")


def groups(config: Config, protocol: str) -> dict[str, list[str]]:
    """Return the classes of the dataset that networks know by group, which its layout or the config says, or {}."""
    chosen = config["datasets"][network_dataset(config, protocol)]
    said: dict[str, list[str]] = declared("datasets", chosen["layout"], "GROUPS")
    return chosen.get("groups", said)


def unlabelled(config: Config, protocol: str) -> list[str]:
    """Return the unknown classes of the dataset that networks know: those whose labels a training does not see."""
    known = network_classes(config, protocol)
    return sorted(name for name in config["protocols"][protocol].get("unknown", []) if name in known)


def unknown(config: Config, protocol: str) -> list[str]:
    """Return the unknown classes of the labels that are evaluated; a raw id is a class of its own.

    A class that the class map takes for another, void or inlier is not among them, though no network learns it.
    """
    chosen = config["protocols"][protocol]
    names = [name for name in chosen.get("unknown", []) if chosen.get("class_map", {}).get(name, name) == name]
    return sorted([*names, *map(class_of_id, chosen.get("unknown_raw_ids", []))])


def class_of_id(raw_id: int) -> str:
    """Return the class of an unknown raw id that no class of the dataset is for."""
    return f"raw id {raw_id}"


def relabels(config: Config, protocol: str) -> bool:
    """Return whether the labels that a protocol evaluates are others than those of the dataset."""
    is_other = evaluated(config, protocol).dataset != network_dataset(config, protocol)
    return is_other or any(key in config["protocols"][protocol] for key in RELABELS)


def classes_beyond(config: Config, protocol: str) -> list[str]:
    """Return the classes of the labels that are evaluated beyond those that networks know: unknown ones, inliers."""
    if not relabels(config, protocol):
        return []
    known, chosen = network_classes(config, protocol), config["protocols"][protocol]
    has_inliers = bool(chosen.get("inlier_raw_ids")) or INLIER in chosen.get("class_map", {}).values()
    return [name for name in unknown(config, protocol) if name not in known] + [INLIER] * has_inliers


def inliers(config: Config, protocol: str) -> list[str]:
    """Return the classes of points that count as known and are of no class: one or none."""
    return [name for name in classes_beyond(config, protocol) if name == INLIER]


def destination(config: Config, protocol: str, name: str) -> str | None:
    """Return what a class of the evaluated dataset is in the evaluation, None where no key says it."""
    chosen = config["protocols"][protocol]
    mapped = chosen.get("class_map", {}).get(name, name)
    if mapped in (VOID, *network_classes(config, protocol), *classes_beyond(config, protocol)):
        return str(mapped)
    return None


def labelling(config: Config, protocol: str) -> dict[str, Any]:
    """Return what `label_evaluation` sees: the labels that evaluated points get, and which of them count."""
    chosen = config["protocols"][protocol]
    classes = [*network_classes(config, protocol), *classes_beyond(config, protocol)]
    names = classes_of(config, evaluated(config, protocol).dataset)
    ids = {
        **{raw_id: class_of_id(raw_id) for raw_id in chosen.get("unknown_raw_ids", [])},
        **dict.fromkeys(chosen.get("inlier_raw_ids", []), INLIER),
        **dict.fromkeys(chosen.get("void_raw_ids", []), VOID),
    }
    return {
        "classes": classes,
        "class_of": {name: destination(config, protocol, name) for name in names},
        "class_of_raw_id": {str(raw_id): ids[raw_id] for raw_id in sorted(ids)},
        "unknown": unknown(config, protocol),
        "range": chosen.get("range"),
        "min_unknown_points": chosen.get("min_unknown_points", 0),
    }


def objects(config: Config, protocol: str) -> dict[str, Any] | None:
    """Return how a protocol tells objects apart, None where it does not."""
    chosen = config["protocols"][protocol]
    if "objects" not in chosen:
        return None
    said = {**OBJECTS, **chosen["objects"], "unknown": unknown(config, protocol)}
    said["eps"] = float(said["eps"])  # 1 is 1.0
    return said


def conventions(config: Config, protocol: str) -> dict[str, str]:
    """Return the metrics that a protocol's papers call aupr, auroc and fpr95, where they are others."""
    chosen = config["protocols"][protocol]
    said = (chosen.get("ap", "step"), chosen.get("fpr95", "reached"), chosen.get("pool", "points"))
    names = {name: defined(name, *said) for name in CALLED}
    return {name: called for name, called in names.items() if name != called}


def counting(config: Config, protocol: str) -> dict[str, Any]:
    """Return which points and scenes of a protocol count, and how it tells objects apart, where it says so."""
    chosen = config["protocols"][protocol]
    said = {key: chosen[key] for key in ("range", "min_unknown_points") if chosen.get(key)}
    of_objects = objects(config, protocol)
    return {**said, **({} if of_objects is None else {"objects": of_objects})}
