"""A mistake names file and line, what YAML takes a value for, what to write, and which file brought what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.configs import ROOT, SCHEMA, read

from openworld3d.errors import UserError
from openworld3d.workflow.config import check_config, read_config
from openworld3d.workflow.places import ConfigError
from openworld3d.workflow.targets import incremental_table, selected_pseudo_masks


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def said(folder: Path, text: str, options: dict[str, object] | None = None) -> list[str]:
    """Return the lines of what is said of a file over the default experiment; its name is FILE."""
    file = folder / "mine.yaml"
    file.write_text(text)
    try:
        given = read_config([ROOT / "config.yaml", file], SCHEMA, options)
        check_config(given.plain(), SCHEMA, given)
    except UserError as error:
        return str(error).replace(str(file), "FILE").splitlines()
    return []


ONE = [
    # Text that is a number, and a number that is text.
    (
        "recipes:\n  closed_set:\n    learning_rate: 1e-3\n",
        "FILE, line 3: recipes.closed_set.learning_rate is '1e-3', which is text to YAML, expected a number above 0; "
        "write 1.0e-3",
    ),
    ("recipes: {closed_set: {clip_gradient: 1e3}}", "FILE, line 1: .* expected a number above 0; write 1.0e\\+3"),
    ("recipes: {closed_set: {clip_gradient: 2.5e3}}", "FILE, line 1: .*; write 2.5e\\+3"),
    (
        "recipes: {closed_set: {epochs: '14'}}",
        ".*is '14', which is text to YAML, expected a whole .*; write 14",
    ),
    ("recipes: {closed_set: {clip_gradient: 10 m}}", ".*clip_gradient is '10 m', expected a number above 0"),
    (
        "protocols:\n  sofa:\n    train:\n      - 00\n",
        "FILE, line 4: protocols.sofa.train.0 is 00, which is a number to YAML, expected a split.s name .*; "
        'write "00" in .*',
    ),
    ("protocols: {sofa: {unknown: [no]}}", '.* is no, which is a truth value to YAML, .*; write "no" in quotes'),
    (
        "protocols: {sofa: {train: [2019-01-01]}}",
        '.* is 2019-01-01, which is a date to YAML, .*; write "2019-01-01" .*',
    ),
    ("table: 2019", 'FILE, line 1: table is 2019, which is a number to YAML, .*; write "2019" in quotes'),
    # A single value for a list, and the other way round.
    ("tables: {rooms: {seeds: 0}}", ".*rooms.seeds is 0, expected a list of whole numbers from 0, .*; write \\[0\\]"),
    ("tables: {rooms: {seeds: '0, 1'}}", ".*seeds is '0, 1', expected a list .*; write \\[0, 1\\]"),
    ("tables: {rooms: {seeds: all}}", ".*seeds is 'all', expected a list of whole numbers from 0, [a-z ]*"),
    (
        "protocols: {sofa: {unknown: sofa}}",
        ".*unknown is 'sofa', expected a list of the unknown classes, .*; write \\[sofa\\]",
    ),
    ("protocols: {sofa: {train: 07}}", '.*train is 07, expected a list .*; write \\["07"\\]'),
    ("recipes: {closed_set: {scale: 1.0}}", ".*scale is 1.0, expected a list of two numbers above 0, [a-z ]*"),
    (
        "protocols: {sofa: {dataset: [rooms]}}",
        ".*dataset is \\['rooms'\\], expected the name of one of .*; write rooms",
    ),
    ("protocols: {sofa: {unknown: [sofa, sofa]}}", ".*unknown has sofa twice, expected each once; delete one"),
    # Truth values.
    (
        "evaluation: {exact: 'false'}",
        ".*exact is 'false', which is text to YAML, expected true .*; write false",
    ),
    ("recipes: {pdf: {detach: 'no'}}", ".*detach is 'no', which is text to YAML, .*; write false"),
    (
        "recipes: {closed_set: {flip: true}}",
        ".*flip is true, expected a list of the axes x and y, each of which is reversed .*",
    ),
    ("recipes: {closed_set: {flip: [z]}}", ".*flip.0 is 'z', expected one of x, y"),
    ("recipes: {closed_set: {scale_axes: x}}", ".*scale_axes is 'x', expected a list .*; write \\[x\\]"),
    ("recipes: {closed_set: {mirror: true}}", ".*closed_set has the key mirror, which does not exist.*"),
    ("evaluation: {exact: 1}", ".*exact is 1, expected true or false, .*"),
    # Numbers out of reason.
    ("recipes: {closed_set: {learning_rate: .nan}}", ".*learning_rate is .nan, expected a finite number"),
    ("recipes: {closed_set: {jitter: -.inf}}", ".*jitter is -.inf, expected a finite number"),
    ("recipes: {closed_set: {epochs: .inf}}", ".*epochs is .inf, expected a finite number"),
    ("recipes: {closed_set: {scale: [0.9, .nan]}}", ".*scale.1 is .nan, expected a finite number"),
    ("scores: {energy: {temperature: 1.0e+999}}", ".*temperature is 1.0e\\+999, expected a finite number"),
    (
        "recipes: {closed_set: {scale: [1.05, 0.95]}}",
        ".*closed_set.scale is \\[1.05, 0.95\\], expected the lower .*",
    ),
    (
        "backbones: {stratified_small: {appearance_range: [1, 1]}}",
        ".*range is \\[1, 1\\], expected the lower end first",
    ),
    ("tables: {rooms: {seeds: [4294967296]}}", ".*seeds.0 is 4294967296, expected a whole number in 0..4294967295"),
    (
        f"recipes: {{closed_set: {{learning_rate: 1{'0' * 400}}}}}",
        ".*learning_rate is 10{19}... \\(401 characters\\), expected a finite number",
    ),
    (f"recipes: {{closed_set: {{epochs: -1{'0' * 400}}}}}", ".*epochs is -10{18}... .*, expected a finite number"),
    (f"table: 1{'0' * 5000}", ".*table has 10{19}... \\(5001 characters\\), which YAML takes for .* cannot read; .*"),
    ("recipes: {closed_set: {learning_rate: 1.0e400}}", ".*rate is '1.0e400', expected a finite number"),
    ("recipes: {closed_set: {learning_rate: 0,001}}", ".*closed_set has 0,001, .*; write 0.001 for a decimal"),
    ("evaluation: {replicates: 1.0e+30}", ".*is 1.0e\\+30, expected at most 1000000: a whole number from 1"),
    ("recipes: {ensemble: {members: 101}}", ".*members is 101, expected at most 100: the networks of .*"),
    ("recipes: {dropout: {passes: 1001}}", ".*passes is 1001, expected at most 1000: a whole number .*"),
    ("backbones: {stratified_small: {inference_pairs: 1.0e+13}}", ".*, expected at most 1000000000000: .*"),
    ("backbones: {stratified_small: {grid_size: 1.0e-9}}", ".*expected a number in 0.0001..10000, in metres"),
    ("backbones: {stratified_small: {grid_size: 1.0e+30}}", ".*expected a number in 0.0001..10000, in metres"),
    ("backbones: {stratified_small: {quant_size: 1.0e-300}}", ".*expected a number in 0.0001..10000, in metres"),
    ("backbones: {stratified_small: {window_size: 1.0e-300}}", ".*expected a number in 0.001..1000"),
    ("backbones: {stratified_small: {drop_path_rate: 1.0}}", ".*is 1.0, expected a number from 0 and below 1, .*"),
    ("datasets: {rooms: {generate: {spacing: 1.0e+300}}}", "FILE, line 1: .*, expected a number in 0.01..0.1, .*"),
    ("recipes: {closed_set: {jitter: 1.0e+300}}", ".*, expected at most 10000: a number from 0, .*"),
    ("tables: {rooms: {metrics: [1]}}", ".*metrics.0 is 1, expected one of aupr, .*"),
    ("tables: {rooms: {metrics: [no]}}", ".*metrics.0 is no, expected one of aupr, .*"),
    (
        "backbones: {stratified_small: {environment: gpu}}",
        ".*environment says gpu, which does not exist; choose one of cpu, .*",
    ),
    # Sections and keys without a value.
    ("datasets:", "FILE, line 1: datasets has no value, which takes the key away, but it is needed; write one"),
    ("recipes: {closed_set: {epochs: }}", "FILE, line 1: recipes.closed_set.epochs has no value, which takes .*"),
    (
        "tables:\n  rooms:\n",
        "config.yaml, line 4: table says rooms, which does not exist; .*; tables.rooms has no value in FILE, line 2, "
        "which takes it away",
    ),
    (
        "protocols: {sofa: {train: [train, ~]}}",
        ".*train.1 has no value, expected a split's name .*; write one, or leave it out",
    ),
    # Sections and entries of another form.
    ("datasets: [rooms]", "FILE, line 1: datasets is \\['rooms'\\], expected datasets by name, each with its keys"),
    (
        "scores: {energy: 3}",
        ".*scores.energy is 3, expected .*a score, a kind and the options that its file declares",
    ),
    ("datasets: {rooms: {generate: true}}", ".*generate is true, expected keys with values: makes the raw scans, .*"),
    # Keys.
    ("tabel: rooms", "FILE, line 1: the top level has the key tabel, which does not exist, did you mean table"),
    (
        "recipes:\n  closed_set:\n    epoks: 3\n    lop: 1\n",
        "FILE, line 3: recipes.closed_set has the keys epoks and lop, which do not exist, did you mean epochs for "
        "epoks, loop for lop",
    ),
    ("protocols: {sofa: {extend: four_unknown}}", ".*has the key extend, which does not exist, did you mean extends"),
    # What two files say does not fit.
    (
        "datasets: {rooms: {root: /scans}}",
        "FILE, line 1: datasets.rooms needs either root or generate, and not both \\(datasets.rooms.generate is from "
        "config.yaml, line [0-9]+: files are merged; take a key of an earlier one away with null, or choose another "
        "name\\)",
    ),
    (
        "recipes:\n  closed_set:\n    pretrained: model.pth\n",
        "config.yaml, line [0-9]+: recipes.closed_set has the keys epochs, loop, .* and drop_appearance, which a "
        "recipe with pretrained does not have \\(recipes.closed_set.pretrained is from FILE, line 3: files are .*\\)",
    ),
    (
        "backbones: {stratified_small: {num_layers: 3}}",
        "config.yaml, line [0-9]+: .*depths has 4 entries, expected num_layers = 3, one for each level "
        "\\(backbones.stratified_small.num_layers is from FILE, line 1: files are merged; .*\\)",
    ),
    (
        "recipes: {closed_set: {epochs: 8}}",
        "config.yaml, line [0-9]+: recipes.pdf.start_epoch is 9, but closed_set keeps epoch 8; .* "
        "\\(recipes.closed_set.epochs is from FILE, line 1: .*\\)",
    ),
    (
        "protocols: {sofa: {train: [val]}}",
        "FILE, line 1: .* evaluates split val \\(.*evaluate is from config.yaml, .*\\)",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), ONE)
def test_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (line,) = said(tmp_path, text)
    assert re.fullmatch(sentence, line), line


def test_keys_that_do_not_exist_and_keys_that_are_missing_are_two_sentences(tmp_path: Path) -> None:
    unknown, missing = said(tmp_path, "datasets: {rooms: {layout: semantickitti}}")
    assert "datasets.rooms.generate has the keys train, val and spacing, which do not exist" in unknown
    assert missing.endswith("datasets.rooms.generate lacks the keys sequences and scans")


def test_all_mistakes_of_form_are_said_at_once_in_the_order_of_their_places(tmp_path: Path) -> None:
    lines = said(
        tmp_path,
        "table: mine\n"
        "recipes:\n"
        "  mine: {kind: closed_set, epochs: 1e1}\n"
        "tables:\n"
        "  mine: {extends: rooms, methods: {mine: msp}, seeds: 0}\n",
    )
    assert [line.partition(" ")[2].partition(":")[0] for line in lines] == ["line 3", "line 3", "line 5", "line 5"]
    assert "recipes.mine lacks the keys loop, scenes_per_step, crop_voxels," in lines[0]
    assert "write them, or let it extend another of `recipes`" in lines[0]


def test_value_from_the_command_line_is_said_to_be_from_there(tmp_path: Path) -> None:
    assert said(tmp_path, "row: 1", {"table": "romms"})[0].startswith("--config: table says romms, which does not ex")
    assert said(tmp_path, "row: 1", {"row": "many"})[0].startswith("--config: row is 'many', expected a whole number")


def test_what_the_wanted_table_does_not_reach_may_be_incomplete(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "recipes:\n"
        "  base: {kind: pdf, epochs: 3}\n"
        "  ensemble: {network_of: nobody}\n"
        "protocols: {other: {dataset: nowhere}}\n"
        "tables: {other: {protocols: [nothing]}}\n"
    )
    check_config(read(file), SCHEMA)


def test_what_no_table_reaches_is_spelt_right_nevertheless(tmp_path: Path) -> None:
    assert (
        "base has the key epoks, which does not exist" in said(tmp_path, "recipes: {base: {kind: pdf, epoks: 3}}")[0]
    )
    assert "says pfd, which does not exist, did you mean pdf" in said(tmp_path, "recipes: {base: {kind: pfd}}")[0]
    assert "recipes.base lacks the key kind" in said(tmp_path, "recipes: {base: {epochs: 3}}")[0]
    assert (
        "recipes.base.epochs is 0, expected a whole" in said(tmp_path, "recipes: {base: {kind: pdf, epochs: 0}}")[0]
    )


def test_table_that_a_target_makes_may_be_absent_until_it_is_asked_for() -> None:
    config = read()
    assert incremental_table(config)
    del config["tables"]["incremental"]
    check_config(config, SCHEMA)
    with pytest.raises(
        ConfigError, match=r"tables has no table incremental, which this target makes; .* one of rooms"
    ):
        incremental_table(config)


def test_table_that_a_target_makes_is_checked_when_it_is_asked_for() -> None:
    config = read()
    del config["recipes"]["fine_tuning_chair"]["loop"]
    check_config(config, SCHEMA)
    with pytest.raises(ConfigError, match=r"recipes.fine_tuning_chair lacks the key loop"):
        incremental_table(config)


def test_target_of_a_table_that_has_none_of_it_is_a_sentence() -> None:
    config = read()
    config["tables"]["rooms"]["methods"] = {"closed_set": ["msp"]}
    with pytest.raises(ConfigError, match=r"tables.rooms.methods has closed_set, expected a recipe of kind pdf"):
        selected_pseudo_masks(config)


LONG = (
    "tables:\n  rooms:\n    methods:\n      real:\n        - redundancy\n        - {score}\n      {recipe}: [msp]\n"
)


@pytest.mark.parametrize(
    ("score", "recipe", "sentence"),
    [
        ("energie", "closed_set", "FILE, line 6: tables.rooms.methods.real says energie, which does not exist"),
        (
            "saved_score",
            "closed_set",
            "FILE, line 6: tables.rooms.methods.real says saved_score, which reads saved_sc",
        ),
        ("energy", "closedset", "FILE, line 7: tables.rooms.methods says closedset, which does not exist, did you m"),
    ],
)
def test_name_in_a_list_has_its_own_line(tmp_path: Path, score: str, recipe: str, sentence: str) -> None:
    assert said(tmp_path, LONG.format(score=score, recipe=recipe))[0].startswith(sentence)


def test_class_in_a_list_has_its_own_line(tmp_path: Path) -> None:
    text = "protocols:\n  sofa:\n    unknown:\n      - sofa\n      - chiar\n"
    assert said(tmp_path, text)[0].startswith("FILE, line 5: protocols.sofa.unknown says chiar, but class chiar does")
