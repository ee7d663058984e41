"""Read the config as its files and the command line say it, and check it: its form, and all that a table needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

from openworld3d.workflow.check_definitions import check_definitions, check_kinds, check_text
from openworld3d.workflow.check_saved import check_saved
from openworld3d.workflow.check_splits import check_scenes
from openworld3d.workflow.check_tables import check_files, check_names, check_row, check_table, definitions_behind
from openworld3d.workflow.merging import merged, refuse_keys_without_value, with_inherited
from openworld3d.workflow.named import with_named
from openworld3d.workflow.places import COMMAND_LINE, ConfigError, Given, located
from openworld3d.workflow.reading import given_values, read_file
from openworld3d.workflow.saved_forms import with_saved_outputs
from openworld3d.workflow.schema import fitted, read_schema
from openworld3d.workflow.sentences import mistakes_of_form

Config = Dict[str, Any]


def read_config(files: Sequence[Path], schema_file: Path, options: Mapping[str, Any] | None = None) -> Given:
    """Return what the files of a config say, each over those before it, and over them the options of `--config`.

    Raises UserError, with file and line, where a file is not YAML, a key stands twice, is no text or has no value, or
    an entry extends one that does not exist.
    """
    schema = read_schema(schema_file)
    config = merged([*map(read_file, files), *([given_values(options, COMMAND_LINE)] if options else [])])
    with located(config):
        config = with_saved_outputs(with_named(with_inherited(config, schema)))
        refuse_keys_without_value(config)
        return fitted(config, schema)


def check_config(config: Config, schema_file: Path, given: Given | None = None) -> None:
    """Check the form of a config and all that its selected table needs, files included.

    given: the same with the places of its values, for the sentences. Raises UserError.
    """
    given = given or given_values(config, "config")
    with located(given):
        check_form(config, given, schema_file, [config.get("table")])
        check_parts(config, config["table"])
        for recipe in definitions_behind(config, [config["table"]])["recipes"]:
            check_files(config, recipe)
        check_saved(config, config["table"])
        for protocol in config["tables"][config["table"]]["protocols"]:
            check_scenes(config, protocol)
        if "row" in config:
            check_row(config, config["row"])


def check_tables(config: Config, tables: Sequence[str], schema_file: Path, given: Given | None = None) -> None:
    """Check all that some tables of a config need, but for files; raises ConfigError."""
    check_form(config, given or given_values(config, "config"), schema_file, tables)
    for table in tables:
        check_parts(config, table)


def check_form(config: Config, given: Given, schema_file: Path, tables: Sequence[Any]) -> None:
    """Check keys and values by themselves, and that what some tables reach has all its keys."""
    check_text(config)
    mistakes = mistakes_of_form(config, given, read_schema(schema_file), definitions_behind(config, tables))
    if mistakes:
        raise ConfigError(*mistakes)
    check_kinds(config)


def check_parts(config: Config, table: str) -> None:
    """Check that a table can be made of what the config defines."""
    check_names(config, table)
    check_definitions(config, definitions_behind(config, [table]))
    check_table(config, table)
