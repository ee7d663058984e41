"""Check that a table of a config can be made: its runs have the outputs that its scores read, each once."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, product
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Sequence

from openworld3d.errors import UserError
from openworld3d.plugins import declared
from openworld3d.protocols.columns import UNLABELLED, check_columns, check_untaught, untaught_names
from openworld3d.workflow.check_backbones import check_backbones, check_rows
from openworld3d.workflow.check_saved import what_is_missing
from openworld3d.workflow.check_scores import OF_CLASSES, OF_SCENES, check_datasets
from openworld3d.workflow.places import ConfigError, KeyPath, Mistake, wrong
from openworld3d.workflow.protocols import ROLES, network_classes, splits_of, unlabelled
from openworld3d.workflow.references import refer, refer_to
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
)

Config = Dict[str, Any]

# What a training sample holds beside the outputs of the recipe.
BESIDE_OUTPUTS = {"target", "weight", "last_weight", "last_bias", *OF_SCENES}


def definitions_behind(config: Config, tables: Sequence[Any]) -> dict[str, list[str]]:
    """Return the names of the definitions that some tables need, by section: those that there are.

    The config may have any form.
    """
    chosen = [entry(config, "tables", table) for table in tables]
    names = {
        section: listed(config, section, (name for of_table in chosen for name in listing(of_table.get(key))))
        for section, key in (("protocols", "protocols"), ("backbones", "backbones"), ("recipes", "methods"))
    }
    for name in names["recipes"]:  # grows by those behind
        others = [entry(config, "recipes", name).get(key) for key in ("network_of", "start_from")]
        names["recipes"] += [other for other in listed(config, "recipes", others) if other not in names["recipes"]]
    datasets = [datasets_of(entry(config, "protocols", name)) for name in names["protocols"]]
    names["datasets"] = listed(config, "datasets", chain.from_iterable(found.values() for found in datasets))
    methods = [of_table.get("methods") for of_table in chosen]
    scores = [listing(of_recipe) for one in methods if isinstance(one, dict) for of_recipe in one.values()]
    names["scores"] = listed(config, "scores", chain.from_iterable(scores))
    names["tables"] = listed(config, "tables", tables)
    return names


def datasets_of(protocol: Config) -> dict[KeyPath, Any]:
    """Return the datasets that a protocol names, by the keys that do; the protocol may have any form."""
    found = {
        (role, "dataset"): protocol[role].get("dataset") for role in ROLES if isinstance(protocol.get(role), dict)
    }
    return {**({("dataset",): protocol["dataset"]} if "dataset" in protocol else {}), **found}


def entry(config: Config, section: str, name: Any) -> Config:
    """Return an entry of a section, empty where there is none that has keys."""
    entries = config.get(section)
    found = entries.get(name) if isinstance(entries, dict) and isinstance(name, str) else None
    return found if isinstance(found, dict) else {}


def listing(value: Any) -> Iterable[Any]:
    """Return the items of a list or the keys of a mapping, nothing of any other value."""
    return value if isinstance(value, (list, dict)) else ()


def listed(config: Config, section: str, names: Iterable[Any]) -> list[str]:
    """Return those of some names that a section has, each once."""
    there = listing(config.get(section))
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name in there))


def check_names(config: Config, table: str) -> None:
    """Check that a table and all that it names are there; raises a `ConfigError` for the first that is not."""
    refer_to(config, ("table",), (table,), "tables")
    chosen, path = config["tables"][table], ("tables", table)
    refer_to(config, (*path, "protocols"), chosen["protocols"], "protocols")
    refer_to(config, (*path, "backbones"), chosen["backbones"], "backbones")
    refer_to(config, (*path, "methods"), chosen["methods"], "recipes")
    for recipe, scores in chosen["methods"].items():
        refer_to(config, (*path, "methods", recipe), scores, "scores")
    for protocol in chosen["protocols"]:
        roles = [role for role in ROLES if isinstance(config["protocols"][protocol].get(role), list)]
        if roles and "dataset" not in config["protocols"][protocol]:
            said = f"lacks the key dataset, of which {roles[0]} says splits; write it"
            raise wrong(("protocols", protocol), said, ("protocols", protocol, roles[0]))
        for keys, dataset in datasets_of(config["protocols"][protocol]).items():
            refer_to(config, ("protocols", protocol, *keys), (dataset,), "datasets")


def check_table(config: Config, table: str) -> None:
    """Check that what a table names goes together; raises a `ConfigError` for the first mistake."""
    check_rows(config, table)
    for recipe, scores in config["tables"][table]["methods"].items():
        for number, score in enumerate(scores):
            check_method(config, ("tables", table, "methods", recipe), number, recipe, score)
            check_datasets(config, table, recipe, number, score)
        check_backbones(config, table, recipe, scores)
        check_run_once(config, table, recipe)
        check_trained(config, table, recipe)
        check_class_columns(config, table, recipe)


def check_method(config: Config, path: KeyPath, number: int, recipe: str, score: str) -> None:
    """Check that a recipe's runs have what a score, one of a numbered list, reads and is fitted on."""
    if begins_with(config, recipe) == "import_outputs":
        said = what_is_missing(config, recipe, score)
    else:
        said = what_is_not_made(config, recipe, score)
    if said:
        kind = ("recipes", recipe, "kind")
        raise ConfigError(Mistake(path, f"says {score}, which {said}", (kind,), (*path, number)))


def what_is_not_made(config: Config, recipe: str, score: str) -> str | None:
    """Return what to say where the runs of a recipe lack what a score needs, None where they have it."""
    outputs, fitted = outputs_of(config, recipe), fits(config, score) - OF_CLASSES
    listed = f"but the recipe outputs {', '.join(sorted(outputs))}; take the score out"
    missing = reads(config, score) - outputs - OF_SCENES
    if missing:
        return f"reads {', '.join(sorted(missing))}, {listed}, or put it to a recipe whose outputs have that"
    if fitted and begins_with(config, recipe) not in ("train", "import_weights", "infer"):
        return "is fitted on training scenes, but the recipe has no network to show them to; take the score out"
    if fitted - outputs - BESIDE_OUTPUTS:
        return f"is fitted on {', '.join(sorted(fitted - BESIDE_OUTPUTS))}, {listed}"
    return None


def check_run_once(config: Config, table: str, recipe: str) -> None:
    """Check that no row of an imported network or of saved outputs appears twice."""
    chosen, network = config["tables"][table], network_of(config, recipe)
    once = {"import_weights": ["seeds"], "import_outputs": ["seeds", "backbones"]}.get(
        begins_with(config, network), []
    )
    for key in once:
        if len(chosen[key]) > 1:
            raise wrong(
                ("tables", table, key),
                f"has {len(chosen[key])} {key}, but recipe {recipe} is trained already, and its rows would be equal; "
                f"give it a table with one of {key}",
                ("recipes", network, "pretrained"),
            )


def check_trained(config: Config, table: str, recipe: str) -> None:
    """Check that there is something to train on where a recipe has a network."""
    if begins_with(config, recipe) == "import_outputs":
        return
    for protocol in config["tables"][table]["protocols"]:
        if splits_of(config, protocol, "train") is None:
            raise wrong(
                ("protocols", protocol),
                f"lacks the key train, but recipe {recipe} of table {table} has a network, which is trained or draws "
                "its sample there; write it, or take the recipe out",
                ("tables", table, "methods", recipe),
            )


def check_class_columns(config: Config, table: str, recipe: str) -> None:
    """Check that the columns of networks from elsewhere are what the protocols of a table know."""
    network = network_of(config, recipe)
    chosen = config["recipes"][network]
    check_sources(config, table, recipe)
    check_steps(config, table, recipe)
    untaught = chosen.get("pretrained_untaught", [])
    for key in ("pretrained_untaught", "pretrained_classes"):
        if key not in chosen:
            continue
        taught_all = declared("recipes", chosen["kind"], "TRAINS_ON_UNKNOWN")
        backbones = config["tables"][table]["backbones"] if key == "pretrained_classes" else [None]
        for protocol, backbone in product(config["tables"][table]["protocols"], backbones):
            unknown = [] if taught_all else unlabelled(config, protocol)
            kept = untaught_names(config["backbones"][backbone], unknown) if backbone else []
            place, classes = f"in protocol {protocol}", network_classes(config, protocol)
            try:
                if key == "pretrained_untaught":
                    columns = chosen.get("pretrained_classes", [UNLABELLED, *classes])
                    check_untaught(place, untaught, columns, classes, unknown)
                else:
                    remaining = [name for name in chosen[key] if name not in untaught]
                    check_columns(place, remaining, classes, unknown, kept)
            except UserError as error:
                raise wrong(("recipes", network, key), str(error), ("protocols", protocol)) from None


def check_sources(config: Config, table: str, recipe: str) -> None:
    """Check that the classes of which a recipe makes unknown objects are known."""
    chosen = config["recipes"][recipe]
    sources = [(key, name) for key in keys_with_role(config, recipe, "sources") for name in chosen.get(key, [])]
    for key, name in sources:
        for protocol in config["tables"][table]["protocols"]:
            path, unknown = ("recipes", recipe, key), ("protocols", protocol, "unknown")
            refer(path, name, network_classes(config, protocol), unknown)
            if name in unlabelled(config, protocol):
                raise wrong(
                    path,
                    f"says {name}, which protocol {protocol} holds unknown: no training may see which points are of "
                    "it; leave it out",
                    unknown,
                )


def check_steps(config: Config, table: str, recipe: str) -> None:
    """Check that incremental steps learn unknown classes, each once, and leave a classifier for the unknown."""
    chosen, taught = config["recipes"][recipe], novel_classes(config, recipe)
    if "teaches" not in chosen:
        return
    path, comes_to = ("recipes", recipe, "teaches"), f"comes to {', '.join(taught)}"
    for protocol in config["tables"][table]["protocols"]:
        unknown = unlabelled(config, protocol)
        for name in taught:
            if name not in unknown:
                raise wrong(
                    path,
                    f"{comes_to}, but {name} is not unknown in protocol {protocol}; name some of "
                    f"{', '.join(unknown)}",
                    ("protocols", protocol, "unknown"),
                )
            if taught.count(name) > 1:
                raise wrong(path, f"{comes_to}, but {name} can be learned once; leave it out")
        for key, count in classifiers_of(config, protocol, recipe).items():
            if count <= len(taught):
                raise wrong(
                    path,
                    f"{comes_to}, of {count} {key} classifiers, expected one more than are learned, for what stays "
                    f"unknown; raise {key} where the first step starts",
                )


def check_files(config: Config, recipe: str) -> None:
    """Check that the checkpoint of a network, or the folder of saved outputs, exists."""
    chosen, path = config["recipes"][recipe], ("recipes", recipe)
    if "pretrained" in chosen and not leads_to(Path.is_file, chosen["pretrained"]):
        said = (
            f"says {chosen['pretrained']}, but there is no such file; put the checkpoint there, or correct the path"
        )
        raise wrong((*path, "pretrained"), said)
    for key in keys_with_role(config, recipe, "folder"):
        if not leads_to(Path.is_dir, chosen[key]):
            said = "but there is no such folder; put scenes/SCENE/logits.npy or SCENE.npy there, or correct the path"
            raise wrong((*path, key), f"says {chosen[key]}, {said}")


def leads_to(is_one: Callable[[Path], bool], path: str) -> bool:
    """Tell whether a path leads to a file or a folder: not where it is too long, or a folder on it is closed."""
    with suppress(OSError):
        return is_one(Path(path))
    return False


def check_row(config: Config, row: int) -> None:
    """Check that the selected table has the row whose provenance is requested."""
    rows = len(rows_of_table(config, config["table"]))
    if row > rows:
        raise wrong(("row",), f"is {row}, expected 1 to {rows}, the rows of the table")
