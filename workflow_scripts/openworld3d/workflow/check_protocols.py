"""Check a protocol of a config: every class and raw id of what it evaluates has one place, every split one role."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict

from openworld3d.errors import nearest
from openworld3d.plugins import declared
from openworld3d.workflow import protocols
from openworld3d.workflow.places import ConfigError, KeyPath, Mistake, wrong
from openworld3d.workflow.references import refer, refer_all

Config = Dict[str, Any]

MOST_CLASSES = 255  # of labels of 8 bits, of which one is void
RAW_IDS = ("unknown_raw_ids", "inlier_raw_ids", "void_raw_ids")


def check_protocol(config: Config, name: str) -> None:
    """Check a protocol whose datasets exist; raises a ConfigError for the first mistake."""
    check_splits(config, name)
    check_unknown(config, name)
    check_places_of_classes(config, name)
    check_raw_ids(config, name)
    check_counting(config, name)


def check_splits(config: Config, name: str) -> None:
    """Check that splits are those of their dataset, and that none is trained on and evaluated."""
    path = ("protocols", name)
    found = {role: protocols.splits_of(config, name, role) for role in protocols.ROLES}
    for role, splits in found.items():
        if splits is not None and "splits" in config["datasets"][splits.dataset]:
            said = (*path, role, "splits") if isinstance(config["protocols"][name][role], dict) else (*path, role)
            refer_all(
                said, splits.splits, config["datasets"][splits.dataset]["splits"], dataset_key(config, name, role)
            )
    train, evaluate = found["train"], found["evaluate"]
    if train is None or evaluate is None or train.dataset != evaluate.dataset:
        return
    shared = sorted(set(train.splits) & set(evaluate.splits))
    if shared:
        raise wrong(path, f"both trains on and evaluates split {shared[0]}", (*path, "train"), (*path, "evaluate"))


def dataset_key(config: Config, name: str, role: str) -> KeyPath:
    """Return the path of the key that says the dataset of a role."""
    said = config["protocols"][name].get(role)
    return ("protocols", name, *([role] if isinstance(said, dict) else []), "dataset")


def check_unknown(config: Config, name: str) -> None:
    """Check that unknown classes exist, in what networks know or in what is evaluated, and that others are known."""
    path = ("protocols", name, "unknown")
    known = protocols.network_classes(config, name)
    choices = [*known, *protocols.classes_of(config, protocols.evaluated(config, name).dataset)]
    for number, one in enumerate(config["protocols"][name].get("unknown", [])):
        if one not in choices:
            said = f"says {one}, but class {one} does not exist{nearest(one, choices)}"
            raise ConfigError(Mistake(path, said, (dataset_key(config, name, "evaluate"),), (*path, number)))
    if len(set(known) - set(protocols.unlabelled(config, name))) < 2:
        raise wrong(path, "leaves fewer than two known classes, expected at least two")


def check_places_of_classes(config: Config, name: str) -> None:
    """Check that each class of the evaluated dataset is a class of the evaluation, and that there are few enough."""
    path, class_map = ("protocols", name), config["protocols"][name].get("class_map", {})
    dataset, network = protocols.evaluated(config, name).dataset, protocols.network_dataset(config, name)
    names, beyond = protocols.classes_of(config, dataset), protocols.classes_beyond(config, name)
    known = protocols.network_classes(config, name)
    for one, to in class_map.items():
        refer((*path, "class_map"), one, names, dataset_key(config, name, "evaluate"))
        refer((*path, "class_map", one), to, [*known, *beyond, protocols.VOID, protocols.INLIER])
    for one in names:
        if protocols.relabels(config, name) and protocols.destination(config, name, one) is None:
            raise wrong(
                path,
                f"evaluates class {one} of dataset {dataset}, which is no class of dataset {network}"
                f"{nearest(one, known)}; say in class_map which class it is, inlier or void, or name it in unknown",
                (*path, "class_map"),
                dataset_key(config, name, "evaluate"),
            )
    if len(known) + len(beyond) > MOST_CLASSES:
        raise wrong(
            path, f"has {len(known) + len(beyond)} classes with unknown raw ids, expected at most {MOST_CLASSES}"
        )


def check_raw_ids(config: Config, name: str) -> None:
    """Check that raw ids are those of the evaluated layout, and that each is in one list."""
    protocol, path = config["protocols"][name], ("protocols", name)
    layout = config["datasets"][protocols.evaluated(config, name).dataset]["layout"]
    of_layout = declared("datasets", layout, "CLASS_OF_RAW_ID")
    lists = {key: protocol[key] for key in RAW_IDS if key in protocol}
    counts = Counter(raw_id for ids in lists.values() for raw_id in ids)
    for key, ids in lists.items():
        for raw_id in ids:
            if not of_layout:
                said = f"says {raw_id}, but layout {layout} has no raw ids; name classes in its place"
                raise wrong((*path, key), said, dataset_key(config, name, "evaluate"))
            if raw_id not in of_layout:
                said = f"says {raw_id}, which is no raw id of layout {layout}"
                raise wrong((*path, key), said, dataset_key(config, name, "evaluate"))
            if counts[raw_id] > 1:
                both = [other for other, of_other in lists.items() if raw_id in of_other]
                said = f"has {raw_id} in {' and in '.join(both)}, expected it in one; delete it from the others"
                raise wrong(path, said, *((*path, other) for other in both))


def check_counting(config: Config, name: str) -> None:
    """Check that a range has a sensor, objects have instances, and scenes can have unknown points if some must be."""
    protocol, path = config["protocols"][name], ("protocols", name)
    layout = config["datasets"][protocols.evaluated(config, name).dataset]["layout"]
    if "range" in protocol and not declared("datasets", layout, "ORIGIN_IS_SENSOR"):
        raise wrong(
            (*path, "range"),
            f"is in metres from the sensor, but scenes of layout {layout} are not seen by one from their origin; "
            "leave it out",
            dataset_key(config, name, "evaluate"),
        )
    if "objects" in protocol and not declared("datasets", layout, "HAS_INSTANCES"):
        said = f"compares objects, but labels of layout {layout} do not tell them apart; leave it out"
        raise wrong((*path, "objects"), said, dataset_key(config, name, "evaluate"))
    if protocol.get("min_unknown_points") and not protocols.unknown(config, name):
        said = "demands unknown points, but the protocol has no unknown classes; leave it out"
        raise wrong((*path, "min_unknown_points"), said, (*path, "unknown"))
