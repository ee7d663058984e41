"""Names become folders and files: one rule says which there are, and the longest of them fit together."""

from __future__ import annotations

import copy
import socket
from pathlib import Path
from typing import Any

import pytest
from tests import configs
from tests.workflow.test_datasets import MINE, PROTOCOL

from openworld3d.errors import UserError
from openworld3d.files import temporary_sibling
from openworld3d.inference.shards import shard_names
from openworld3d.workflow.check_definitions import environment_names
from openworld3d.workflow.config import check_config
from openworld3d.workflow.keys import LENGTH, wildcards_of_jobs
from openworld3d.workflow.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas/config.schema.yaml"
SECTIONS = ("datasets", "protocols", "backbones", "recipes", "scores", "tables")
LONGEST = ("name_" * 10)[:48]
LONGEST_SEED = 2**32 - 1
NO_NAMES = [
    "",
    ".",
    "..",
    ".x",
    "-x",
    "east/a",
    "t{r}",
    "a b",
    "it's",
    'a"b',
    "a\nb",
    "a\n",
    "Wörth",
    "a\\b",
    "$(x)",
    "`x`",
]
NO_NAMES += [f"{LONGEST}n", "name_" * 49, "n" * 20, "a" + "bc" * 20]


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    default = configs.read()
    default["datasets"]["mine"], default["protocols"]["roof"] = copy.deepcopy(MINE), copy.deepcopy(PROTOCOL)
    return default


def rename_split(config: dict[str, Any], name: Any) -> None:
    """Name a split of one's own clouds, and the protocol's, otherwise."""
    config["datasets"]["mine"]["splits"] = {"west": ["w/*"], name: ["e/*"]}
    config["protocols"]["roof"]["evaluate"] = [name]


@pytest.mark.parametrize("name", ["Area_1", "v1.0", "2019", "08", "east-2", "_", "mini_val", "n" * 19, LONGEST])
def test_splits_have_the_names_that_data_gives_them(config: dict[str, Any], name: str) -> None:
    rename_split(config, name)
    check_config(config, SCHEMA)


@pytest.mark.parametrize("name", [*NO_NAMES, 2019, None])
def test_other_names_of_splits_are_a_sentence(config: dict[str, Any], name: Any) -> None:
    rename_split(config, name)
    with pytest.raises(
        UserError, match=r"datasets\.mine\.splits has the name .*, expected a split's name of at most 48"
    ):
        check_config(config, SCHEMA)
    config["datasets"]["mine"] = {"layout": "s3dis", "root": "rooms"}
    config["protocols"]["roof"]["unknown"] = ["chair"]
    with pytest.raises(
        UserError, match=r"roof\.evaluate\.0 (is .*|has no value), expected a split's name .*; in quotes where it is"
    ):
        check_config(config, SCHEMA)


@pytest.mark.parametrize(
    ("section", "name"),
    [*((section, "My rooms") for section in SECTIONS)]
    + [("protocols", name) for name in (*NO_NAMES, "v1.0", "Rooms", "9a", "a-b", "_a")],
)
def test_other_names_of_entries_are_a_sentence(config: dict[str, Any], section: str, name: str) -> None:
    config[section][name] = next(iter(config[section].values()))
    with pytest.raises(UserError, match=rf"config: {section} has the name .*, expected a name of at most 48 lower"):
        check_config(config, SCHEMA)


@pytest.mark.parametrize("name", ["CPU", "cpu.yaml", "../cpu", "cpu\n", "n" * 245])
def test_name_of_an_environment_is_one_too(config: dict[str, Any], name: str) -> None:
    config["backbones"]["stratified_small"]["environment"] = name
    with pytest.raises(
        UserError, match=r"stratified_small\.environment is .*, expected a name of at most 48 lower-case"
    ):
        check_config(config, SCHEMA)


def test_what_lies_beside_environments_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("envs").mkdir()
    for name in ("cpu.yaml", "._cpu.yaml", "cpu (copy).yaml", "cpu.yaml~", ".cpu.yaml.swp", "-x.yaml"):
        (Path("envs") / name).touch()
    Path("envs/.#cpu.yaml").symlink_to("somebody@somewhere.1")
    assert environment_names() == ["cpu"]


def test_longest_names_fit_into_names_of_files(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux takes 255 bytes for a folder or file; a log, and Slurm's folder of logs, joins the names of its job."""
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 64)
    most = config["datasets"]["rooms"]["shards"] = 100
    check_config(config, SCHEMA)
    values = {"seed": str(LONGEST_SEED), "coverage": "fragments", "shard": shard_names(most)[-1]}
    for name, step in STEPS.items():
        wildcards = {wildcard: values.get(wildcard, LONGEST) for wildcard in wildcards_of_jobs(name)}
        log = Path(f"logs/{'.'.join([*wildcards.values(), 'k' * LENGTH])}.log")
        made = [Path(step.folder.format(**wildcards), output.format(**wildcards)) for output in step.outputs.values()]
        for path in [log, *made, *map(temporary_sibling, made)]:
            assert max(map(len, path.parts)) <= 255, path


def test_seed_is_a_number_that_every_generator_takes(config: dict[str, Any]) -> None:
    config["tables"]["rooms"]["seeds"] = [0, LONGEST_SEED]
    check_config(config, SCHEMA)
    config["tables"]["rooms"]["seeds"] = [LONGEST_SEED + 1]
    with pytest.raises(UserError, match=r"rooms\.seeds\.0 is 4294967296, expected a whole number in 0\.\.4294967295"):
        check_config(config, SCHEMA)


@pytest.mark.parametrize("name", ["", "a\nb", "tree\n", "\x1b[31m", 5])
def test_class_on_two_lines_is_a_sentence(config: dict[str, Any], name: Any) -> None:
    config["datasets"]["mine"]["classes"] = {"roof": [6], "low vegetation (grass) | 'Gräser'": [2], name: [5]}
    with pytest.raises(
        UserError, match=r"datasets\.mine\.classes has the name .*, expected the name of a class, on one"
    ):
        check_config(config, SCHEMA)


def test_letters_that_the_locale_does_not_have_are_a_sentence(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    config["datasets"]["mine"]["root"] = "données"
    check_config(config, SCHEMA)
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-1")
    with pytest.raises(
        UserError, match=r"mine\.root has 'données', but no file has .* in this locale; set LC_ALL=C.UTF-8"
    ):
        check_config(config, SCHEMA)


@pytest.mark.parametrize("text", ["a\0b", "a\udcffb", "\ud800"])
def test_text_that_no_file_can_be_named_is_a_sentence(config: dict[str, Any], text: str) -> None:
    config["datasets"]["mine"]["root"] = text
    with pytest.raises(UserError, match=r"datasets\.mine\.root has '.*', expected text without NUL"):
        check_config(config, SCHEMA)
    config["datasets"]["mine"].update(root="clouds", classes={"roof": [6], "ground": [2], text: [5]})
    with pytest.raises(UserError, match=r"datasets\.mine\.classes has .*'.*', expected"):
        check_config(config, SCHEMA)
