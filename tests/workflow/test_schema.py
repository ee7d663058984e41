"""Values are read as the schema wants them: whole numbers, paths, texts of the command line."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from tests.configs import ROOT, SCHEMA, read

from openworld3d.errors import UserError
from openworld3d.files import canonical_json
from openworld3d.generators.config import RoomsConfig, StreetAnomaliesConfig, StreetsConfig
from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow.config import check_config, read_config
from openworld3d.workflow.schema import KINDS, read_schema
from openworld3d.workflow.sentences import Validator, expectation


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def with_points(value: Any) -> Any:
    """Return a value with a point in each whole number."""
    if isinstance(value, dict):
        return {name: with_points(one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_points(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def at(config: Any, path: str) -> Any:
    """Return the value at a dotted path."""
    for step in path.split("."):
        config = config[step]
    return config


def test_whole_numbers_may_have_a_point(tmp_path: Path) -> None:
    """All at once: equal JSON is equal slices, and so equal keys and paths."""
    file = tmp_path / "points.yaml"
    default = read()
    file.write_text(canonical_json(with_points(default)))
    assert read(file) == default
    whole = canonical_json(read(file)["recipes"]["ensemble"]) + canonical_json(read(file)["tables"])
    assert ".0" not in whole
    assert canonical_json(read(file)["scores"]["energy"]["temperature"]) == "1.0"


def test_number_that_is_not_whole_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "half.yaml"
    file.write_text("recipes: {closed_set: {epochs: 14.5, learning_rate: 1}}")
    recipe = read(file)["recipes"]["closed_set"]
    assert (recipe["epochs"], canonical_json(recipe["learning_rate"])) == (14.5, "1")


PATHS = [
    ("datasets: {mine: {layout: scannet, root: ~/scans}}", "datasets.mine.root", "/home/me/scans"),
    ("datasets: {mine: {layout: scannet, root: $HOME/scans}}", "datasets.mine.root", "/home/me/scans"),
    ("datasets: {mine: {layout: scannet, root: '${SCRATCH}/$RUN'}}", "datasets.mine.root", "/scratch/7"),
    ("datasets: {mine: {layout: scannet, root: scans/~x}}", "datasets.mine.root", "scans/~x"),
    ("datasets: {mine: {layout: scannet, root: $NOWHERE/x}}", "datasets.mine.root", "$NOWHERE/x"),
    ("recipes: {mine: {kind: real, pretrained: ~/m.pth}}", "recipes.mine.pretrained", "/home/me/m.pth"),
    ("recipes: {mine: {kind: saved_outputs, folder: ~/s}}", "recipes.mine.folder", "/home/me/s"),
    ("container: ~/image.sif", "container", "/home/me/image.sif"),
    ("protocols: {sofa: {unknown: [~/sofa, $HOME]}}", "protocols.sofa.unknown", ["~/sofa", "$HOME"]),
]


@pytest.mark.parametrize(("text", "path", "expected"), PATHS)
def test_home_and_variables_are_expanded_in_paths_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, path: str, expected: Any
) -> None:
    for name, value in {"HOME": "/home/me", "SCRATCH": "/scratch", "RUN": "7"}.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert at(read(file), path) == expected


# As Snakemake reads `--config`: numbers and True at the top, text within.
COMMAND_LINE = [
    ({"table": 2019}, "table", "2019"),
    ({"row": 2.0}, "row", 2),
    ({"really": "true"}, "really", True),
    ({"keep_old": "no"}, "keep_old", False),
    ({"tables": {"rooms": {"seeds": ["0", "2.0"]}}}, "tables.rooms.seeds", [0, 2]),
    ({"recipes": {"closed_set": {"learning_rate": "1e-3"}}}, "recipes.closed_set.learning_rate", 0.001),
    ({"recipes": {"real": {"synthesis_share": "0.5"}}}, "recipes.real.synthesis_share", 0.5),  # $ref to a $ref
    ({"recipes": {"pdf": {"detach": "False"}}}, "recipes.pdf.detach", False),
    ({"recipes": {"closed_set": {"flip": ["x", "y"]}}}, "recipes.closed_set.flip", ["x", "y"]),
    ({"recipes": {"quick": {"extends": "closed_set", "epochs": "1"}}}, "recipes.quick.epochs", 1),
    ({"recipes": {"closed_set": {"epochs": "many"}}}, "recipes.closed_set.epochs", "many"),
    ({"protocols": {"sofa": {"train": ["00"]}}}, "protocols.sofa.train", ["00"]),
]


@pytest.mark.parametrize(("options", "path", "expected"), COMMAND_LINE)
def test_text_of_the_command_line_is_read_as_what_is_expected(
    options: dict[str, Any], path: str, expected: Any
) -> None:
    found = at(read_config([ROOT / "config.yaml"], SCHEMA, options).plain(), path)
    assert canonical_json(found) == canonical_json(expected)


@pytest.mark.parametrize("written", ["010", "0_7", "1:30", "-00"])
def test_number_of_another_base_is_refused(tmp_path: Path, written: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"recipes: {{closed_set: {{epochs: {written}}}}}")
    with pytest.raises(
        UserError, match=rf"line 1: recipes.closed_set.epochs is {written}, which is -?\d+ to YAML; w"
    ):
        read(file)


def descriptions() -> list[tuple[str, dict[str, Any]]]:
    """Return every schema of a value by its place: those of the schema's file, and those of plug-ins."""
    found: list[tuple[str, dict[str, Any]]] = []

    def collect(place: str, schema: Any) -> None:
        if isinstance(schema, dict):
            if isinstance(schema.get("type"), str) and "$ref" not in schema:
                found.append((place, schema))
            for name, one in schema.items():
                collect(f"{place}.{name}", one)

    collect("schema", {**read_schema(SCHEMA), "$schema": ""})
    return found


def test_every_value_has_words_for_what_is_expected() -> None:
    for place, schema in descriptions():
        words = expectation(schema)
        assert words, place
        assert not words.startswith(("whether ", "of ", "are ", "is ")), f"{place}: expected {words}"


def test_every_whole_number_has_a_maximum() -> None:
    whole = [schema for _, schema in descriptions() if schema["type"] == "integer"]
    assert whole
    assert all("maximum" in schema for schema in whole)


@pytest.mark.parametrize(
    ("layout", "kind"),
    [("scannet", RoomsConfig), ("semantickitti", StreetsConfig), ("stu", StreetAnomaliesConfig)],
)
def test_what_is_generated_has_the_limits_of_its_generator(layout: str, kind: type) -> None:
    keys = declared("datasets", layout, "KEYS")["generate"]["properties"]
    for one in fields(kind):
        if one.name != "seed":
            assert keys[one.name]["maximum"] == one.metadata["range"][1]
            assert keys[one.name]["minimum"] == (one.metadata["range"][0] or 1)


def test_schema_is_a_schema() -> None:
    Validator.check_schema(read_schema(SCHEMA))


@pytest.mark.parametrize("section", KINDS)
def test_keys_of_every_plugin_may_be_written(section: str) -> None:
    what = ("TRAINING_KEYS", "INFERENCE_KEYS") if section == "recipes" else ("KEYS",)
    definition = read_schema(SCHEMA)["$defs"][section[:-1]]
    for name in plugin_names(section):
        assert {key for kind in what for key in declared(section, name, kind)} <= set(definition["properties"])


def test_default_config_is_right_with_its_places() -> None:
    given = read_config([ROOT / "config.yaml"], SCHEMA)
    check_config(given.plain(), SCHEMA, given)
