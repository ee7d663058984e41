"""Check that every table of a config can be made: its runs have the outputs that its scores read, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator

from openworld3d.errors import UserError
from openworld3d.plugins import declared
from openworld3d.protocols.columns import check_columns
from openworld3d.workflow.check_definitions import classes_of, refer, refer_all
from openworld3d.workflow.rows import rows_of_table
from openworld3d.workflow.slices import (
    begins_with,
    classifiers_of,
    fits,
    keys_with_role,
    network_of,
    novel_classes,
    outputs_of,
    reads,
    saved_folder,
)

Config = Dict[str, Any]

# What a training sample holds beside the outputs of the recipe.
BESIDE_OUTPUTS = {"target", "weight", "last_weight", "last_bias"}


def check_tables(config: Config) -> None:
    """Check every table, and of the selected one that its files exist; raises a `UserError` for the first mistake."""
    refer("table", config["table"], config["tables"])
    for name, table in config["tables"].items():
        refer_all(f"tables.{name}.protocols", table["protocols"], config["protocols"])
        refer_all(f"tables.{name}.backbones", table["backbones"], config["backbones"])
        refer_all(f"tables.{name}.methods", table["methods"], config["recipes"])
        for recipe, scores in table["methods"].items():
            refer_all(f"tables.{name}.methods.{recipe}", scores, config["scores"])
            for score in scores:
                check_method(config, f"config: tables.{name}.methods.{recipe}", recipe, score)
            check_paths_drop(config, name, recipe)
            check_run_once(config, name, recipe)
            check_class_columns(config, name, recipe)
    for recipe in config["tables"][config["table"]]["methods"]:
        for behind in recipes_behind(config, recipe):
            check_files(config, behind)
    if "row" in config:
        check_row(config["row"], len(rows_of_table(config, config["table"])))


def check_method(config: Config, place: str, recipe: str, score: str) -> None:
    """Check that a recipe's runs have what a score reads and is fitted on."""
    outputs = outputs_of(config, recipe)
    missing = reads(config, score) - outputs
    if missing:
        raise UserError(
            f"{place} says {score}, which reads {', '.join(sorted(missing))}, but the recipe outputs "
            f"{', '.join(sorted(outputs))}; take the score out, or put it to a recipe whose outputs have that"
        )
    fitted = fits(config, score)
    if fitted and begins_with(config, recipe) not in ("train", "import_weights", "infer"):
        raise UserError(
            f"{place} says {score}, which is fitted on training scenes, but the recipe has no network to show them "
            "to; take the score out"
        )
    if fitted - outputs - BESIDE_OUTPUTS:
        raise UserError(
            f"{place} says {score}, which is fitted on {', '.join(sorted(fitted - BESIDE_OUTPUTS))}, but the recipe "
            f"outputs {', '.join(sorted(outputs))}; take the score out"
        )


def check_paths_drop(config: Config, table: str, recipe: str) -> None:
    """Check that a network run with stochastic depth was trained with it."""
    if not declared("recipes", config["recipes"][recipe]["kind"], "DROPS_PATHS"):
        return
    place = f"config: tables.{table}.methods has {recipe}"
    for name in config["tables"][table]["backbones"]:
        backbone = config["backbones"][name]
        if "drop_path_rate" not in backbone:
            raise UserError(
                f"{place}, but backbones.{name} drops no paths, as network {backbone['network']} has none to drop; "
                "take the recipe out, or give it a table with another backbone"
            )
        if not backbone["drop_path_rate"]:
            raise UserError(
                f"{place}, but backbones.{name}.drop_path_rate is 0, so that all passes are alike; raise it, or take "
                "the recipe out"
            )


def check_run_once(config: Config, table: str, recipe: str) -> None:
    """Check that no row of an imported network or of saved outputs appears twice."""
    chosen, begins = config["tables"][table], begins_with(config, network_of(config, recipe))
    once = {"import_weights": ["seeds"], "import_outputs": ["seeds", "backbones"]}.get(begins, [])
    for key in once:
        if len(chosen[key]) > 1:
            raise UserError(
                f"config: tables.{table}.{key} has {len(chosen[key])} {key}, but recipe {recipe} is trained already, "
                f"and its rows would be equal; give it a table with one of {key}"
            )


def check_class_columns(config: Config, table: str, recipe: str) -> None:
    """Check that the columns of networks and logits from elsewhere are what the protocols of a table know."""
    chosen = config["recipes"][network_of(config, recipe)]
    check_sources(config, table, recipe)
    check_steps(config, table, recipe)
    for key in ("pretrained_classes", *keys_with_role(config, network_of(config, recipe), "columns")):
        if key not in chosen:
            continue
        taught_all = declared("recipes", chosen["kind"], "TRAINS_ON_UNKNOWN")
        for protocol in config["tables"][table]["protocols"]:
            asked = config["protocols"][protocol]
            place = f"config: recipes.{network_of(config, recipe)}.{key}, used in protocol {protocol},"
            unknown = [] if taught_all else asked["unknown"]
            check_columns(place, chosen[key], classes_of(config, asked["dataset"]), unknown)


def check_sources(config: Config, table: str, recipe: str) -> None:
    """Check that the classes of which a recipe makes unknown objects are known."""
    chosen = config["recipes"][recipe]
    sources = [(key, name) for key in keys_with_role(config, recipe, "sources") for name in chosen.get(key, [])]
    for key, name in sources:
        for protocol in config["tables"][table]["protocols"]:
            place = f"recipes.{recipe}.{key}"
            refer(place, name, classes_of(config, config["protocols"][protocol]["dataset"]))
            if name in config["protocols"][protocol]["unknown"]:
                raise UserError(
                    f"config: {place} says {name}, which protocol {protocol} holds unknown: no training may see "
                    "which points are of it; leave it out"
                )


def check_steps(config: Config, table: str, recipe: str) -> None:
    """Check that incremental steps teach unknown classes, each once, and leave a classifier for the unknown."""
    chosen, taught = config["recipes"][recipe], novel_classes(config, recipe)
    if "teaches" not in chosen:
        return
    place = f"config: recipes.{recipe}.teaches"
    for protocol in config["tables"][table]["protocols"]:
        for name in taught:
            if name not in config["protocols"][protocol]["unknown"]:
                raise UserError(
                    f"{place} comes to {', '.join(taught)}, but {name} is not unknown in protocol {protocol}; teach "
                    f"some of {', '.join(config['protocols'][protocol]['unknown'])}"
                )
            if taught.count(name) > 1:
                raise UserError(f"{place} comes to {', '.join(taught)}, but {name} can be taught once; leave it out")
        for key, count in classifiers_of(config, protocol, recipe).items():
            if count <= len(taught):
                raise UserError(
                    f"{place} comes to {', '.join(taught)}, of {count} {key} classifiers, expected one more than is "
                    f"taught, for what stays unknown; raise {key} where the first step starts"
                )


def recipes_behind(config: Config, recipe: str) -> Iterator[str]:
    """Yield the recipe whose networks a recipe runs, and those that these start from."""
    network = network_of(config, recipe)
    yield network
    if "start_from" in config["recipes"][network]:
        yield from recipes_behind(config, config["recipes"][network]["start_from"])


def check_files(config: Config, recipe: str) -> None:
    """Check that the checkpoint of a network, or the folder of saved outputs, exists."""
    chosen = config["recipes"][recipe]
    if "pretrained" in chosen and not Path(chosen["pretrained"]).is_file():
        raise UserError(
            f"config: recipes.{recipe}.pretrained says {chosen['pretrained']}, but there is no such file; put the "
            "checkpoint there, or correct the path"
        )
    folder = saved_folder(config, recipe) if begins_with(config, recipe) == "import_outputs" else "."
    if not Path(folder).is_dir():
        raise UserError(
            f"config: recipes.{recipe} says {folder}, but there is no such folder; put SCENE.npy of each evaluation "
            "scene there, or correct the path"
        )


def check_row(row: int, rows: int) -> None:
    """Check that the selected table has the row whose provenance is requested."""
    if row > rows:
        raise UserError(f"config: row is {row}, expected 1 to {rows}, the rows of the table")
