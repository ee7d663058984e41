"""Files are merged key by key, null takes a key away, and `extends` inherits what the files say together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.configs import ROOT, SCHEMA, read

from openworld3d.errors import UserError
from openworld3d.workflow import merging, slices
from openworld3d.workflow.config import check_config, check_tables
from openworld3d.workflow.merging import merged
from openworld3d.workflow.reading import read_file
from openworld3d.workflow.schema import keys_to_inherit


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, *texts: str) -> list[Path]:
    """Write files in their order; return their paths."""
    paths = [folder / f"{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts):
        path.write_text(text)
    return paths


def over_default(folder: Path, *texts: str) -> dict[str, Any]:
    """Return the config of files over the default experiment."""
    return read(*write(folder, *texts))


MERGED: list[tuple[list[str], dict[str, Any]]] = [
    (["a: {x: 1, y: 2}", "a: {y: 3, z: 4}"], {"a": {"x": 1, "y": 3, "z": 4}}),
    (["a: [1, 2]", "a: [3]"], {"a": [3]}),
    (["a: {x: 1}", "a: 3"], {"a": 3}),
    (["a: 3", "a: {x: 1}"], {"a": {"x": 1}}),
    (["a: {x: 1, y: 2}", "a: {x: null}"], {"a": {"y": 2}}),
    (["a: {x: 1}", "a:", "a: {y: 2}"], {"a": {"y": 2}}),
    (["a: {x: 1}", "a: {x: }", "a: {x: 5}"], {"a": {"x": 5}}),
    (["a: {b: {c: {d: 1, e: 2}}}", "a: {b: {c: {d: 3}}}"], {"a": {"b": {"c": {"d": 3, "e": 2}}}}),
]


@pytest.mark.parametrize(("texts", "expected"), MERGED)
def test_files_by_hand(folder: Path, texts: list[str], expected: dict[str, Any]) -> None:
    assert merged([read_file(path) for path in write(folder, *texts)]).plain() == expected


def test_long_chain_is_resolved_once_per_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolved: list[object] = []

    def counting(*given: Any) -> set[str]:
        resolved.append(given)
        return keys_to_inherit(*given)

    monkeypatch.setattr(merging, "keys_to_inherit", counting)
    over_default(folder)
    before = len(resolved)
    chain = [f"r{number}: {{extends: {f'r{number + 1}' if number < 99 else 'closed_set'}}}" for number in range(100)]
    recipes = over_default(folder, f"recipes: {{{', '.join(chain)}}}")["recipes"]
    assert recipes["r0"] == recipes["closed_set"]
    assert len(resolved) == 2 * before + 100


def test_names_keep_the_order_of_the_first_file(folder: Path) -> None:
    files = write(folder, "a: {x: 1, y: 2, z: 3}", "a: {w: 0, y: 5}")
    assert list(merged([read_file(path) for path in files]).plain()["a"]) == ["x", "y", "z", "w"]


def test_value_has_the_place_of_the_file_that_brought_it(folder: Path) -> None:
    files = write(folder, "a:\n  x: 1\n  y: 2\n", "a: {y: 3}\n")
    config = merged([read_file(path) for path in files])
    assert str(config.place_of(("a", "x"))) == f"{files[0]}, line 2"
    assert str(config.place_of(("a", "y"))) == f"{files[1]}, line 1"


def test_what_the_first_says_reaches_those_that_extend_it(folder: Path) -> None:
    recipes = over_default(folder, "recipes: {closed_set: {epochs: 20}}")["recipes"]
    epochs = {name: recipe.get("epochs") for name, recipe in recipes.items()}
    assert {name for name, count in epochs.items() if count == 20} == {"closed_set", "dropout", "pdf", "upper_bound"}
    assert epochs["real"] == 2


def test_entry_has_its_own_keys_over_the_inherited(folder: Path) -> None:
    recipes = over_default(folder, "recipes: {quick: {extends: closed_set, epochs: 1}}")["recipes"]
    assert recipes["quick"] == {**recipes["closed_set"], "epochs": 1}


def test_keys_that_the_kind_does_not_have_are_not_inherited(folder: Path) -> None:
    config = over_default(folder)
    assert "keep_epochs" in config["recipes"]["closed_set"]
    assert "keep_epochs" not in config["recipes"]["dropout"]
    assert not {"calibration_weight", "redundancy"} & set(config["recipes"]["fine_tuning_chair"])


def test_checkpoint_is_not_inherited_and_leaves_no_key_of_training(folder: Path) -> None:
    text = "recipes: {mine: {extends: closed_set, pretrained: x.pth}, other: {extends: mine, kind: dropout}}"
    recipes = over_default(folder, text)["recipes"]
    assert recipes["mine"] == {
        "kind": "closed_set",
        "pretrained": "x.pth",
        "keep_epochs": recipes["closed_set"]["keep_epochs"],
    }
    assert recipes["other"] == {"kind": "dropout"}


def test_lists_and_mappings_of_an_entry_replace_those_it_inherits(folder: Path) -> None:
    text = "tables: {mine: {extends: rooms, methods: {closed_set: [msp]}, seeds: [1]}}"
    tables = over_default(folder, text)["tables"]
    assert tables["mine"] == {**tables["rooms"], "methods": {"closed_set": ["msp"]}, "seeds": [1]}


def test_every_section_of_entries_inherits(folder: Path) -> None:
    config = over_default(
        folder,
        "datasets: {mine: {extends: rooms, shards: 2}}\n"
        "protocols: {mine: {extends: sofa, unknown: [bed]}}\n"
        "backbones: {mine: {extends: stratified_small, grid_size: 0.2}}\n"
        "scores: {mine: {extends: energy, temperature: 2.0}}\n",
    )
    assert config["datasets"]["mine"] == {**config["datasets"]["rooms"], "shards": 2}
    assert config["protocols"]["mine"] == {**config["protocols"]["sofa"], "unknown": ["bed"]}
    assert config["backbones"]["mine"] == {**config["backbones"]["stratified_small"], "grid_size": 0.2}
    assert config["scores"]["mine"] == {"kind": "energy", "temperature": 2.0}


def test_inheritance_goes_on_over_several_entries_and_files(folder: Path) -> None:
    recipes = over_default(
        folder,
        "recipes: {a: {extends: closed_set, loop: 2}, b: {extends: a, epochs: 3}}",
        "recipes: {a: {loop: 4}, c: {extends: b, jitter: 0.5}}",
    )["recipes"]
    assert recipes["c"] == {**recipes["closed_set"], "loop": 4, "epochs": 3, "jitter": 0.5}


def test_null_takes_an_inherited_key_and_the_inheritance_away(folder: Path) -> None:
    recipes = over_default(
        folder,
        "recipes: {a: {extends: closed_set, keep_epochs: null}, b: {extends: a}, dropout: {extends: null}}",
    )["recipes"]
    assert "keep_epochs" not in {**recipes["a"], **recipes["b"]}
    assert recipes["dropout"] == {"kind": "dropout", "dropout": 0.5, "passes": 10}


def test_recipe_in_two_files_is_the_one_that_says_all(folder: Path) -> None:
    config = over_default(folder, "recipes: {quick: {extends: closed_set, epochs: 1}}")
    config["recipes"]["whole"] = {**config["recipes"]["closed_set"], "epochs": 1}
    assert slices.training_keys(config, "sofa", "quick") == slices.training_keys(config, "sofa", "whole")


def test_example_of_the_documentation_is_right(folder: Path) -> None:
    example = (ROOT / "docs/config.md").read_text().split("```yaml\n")[1].split("```")[0]
    config = over_default(folder, f"{example}table: quick\n")
    check_config(config, SCHEMA)
    assert config["tables"]["quick"]["methods"] == {"quick": ["msp", "energy"]}


MISTAKES = [
    (
        "recipes: {a: {extends: closedset}}",
        "line 1: recipes.a.extends says closedset, .* did you mean closed_set; cho",
    ),
    (
        "recipes: {a: {extends: [closed_set]}}",
        "line 1: recipes.a.extends says \\['closed_set'\\], which does not exist",
    ),
    (
        "recipes: {a: {extends: b}, b: {extends: a}}",
        "recipes.b.extends leads from a to b to a; let one of them extend",
    ),
    ("recipes: {pdf: {extends: pdf}}", "recipes.pdf.extends leads from pdf to pdf"),
    (
        "recipes: {closed_set: }",
        "config.yaml, line .*extends says closed_set, .*; recipes.closed_set has no value in",
    ),
    (
        "recipes: {closed_set: {epocs: }}",
        "line 1: recipes.closed_set.epocs has no value, and there is none that this w",
    ),
    ("recipes: {a: {extends: , kind: pdf}}", "recipes.a.extends has no value, and there is none"),
    ("recipes: {a: {extends: pdf, keep_epochs: null}}", "recipes.a.keep_epochs has no value, and there is none"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_mistake_is_a_sentence_with_its_place(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        over_default(folder, text)


EXPERIMENTS = sorted((ROOT / "experiments").glob("*.yaml"))


@pytest.mark.parametrize("file", EXPERIMENTS, ids=[file.stem for file in EXPERIMENTS])
def test_every_table_of_an_experiment_is_right(file: Path) -> None:
    config = read(file)
    check_config(config, SCHEMA)
    check_tables(config, list(config["tables"]), SCHEMA)
