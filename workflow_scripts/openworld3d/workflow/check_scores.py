"""Check that the datasets of a table have what its scores need of scenes and classes, whatever the recipe outputs."""

from __future__ import annotations

from typing import Any, Dict

from openworld3d.plugins import declared
from openworld3d.workflow.places import ConfigError, Mistake
from openworld3d.workflow.protocols import evaluated, groups, network_dataset
from openworld3d.workflow.slices import fits, reads

Config = Dict[str, Any]

OF_SCENES, OF_CLASSES = {"range"}, {"group"}


def check_datasets(config: Config, table: str, recipe: str, number: int, score: str) -> None:
    """Check that scenes have the range that a score, one of a numbered list, reads, and classes the groups."""
    for protocol in config["tables"][table]["protocols"]:
        network = network_dataset(config, protocol)
        for dataset in (network, evaluated(config, protocol).dataset):
            said = None
            if reads(config, score) & OF_SCENES:
                said = without_range(config["datasets"][dataset]["layout"])
            if fits(config, score) & OF_CLASSES and not groups(config, protocol):
                said = without_groups(network, config["datasets"][network]["layout"])
            if said:
                path = ("tables", table, "methods", recipe)
                others = (("protocols", protocol), ("datasets", dataset))
                raise ConfigError(Mistake(path, f"says {score}, which {said}", others, (*path, number)))


def without_range(layout: str) -> str | None:
    """Return what to say where no sensor saw the scenes of a layout from their origin, None where one did."""
    if declared("datasets", layout, "ORIGIN_IS_SENSOR"):
        return None
    return (
        f"reads how far points are from the sensor, but scenes of layout {layout} are not seen by one from their "
        "origin; take the score out"
    )


def without_groups(dataset: str, layout: str) -> str:
    """Return what to say where the classes of a dataset have no groups."""
    write = f"write datasets.{dataset}.groups, or " if "groups" in declared("datasets", layout, "KEYS") else ""
    return f"needs groups of classes, but dataset {dataset} has none; {write}take the score out"
