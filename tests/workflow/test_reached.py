"""What some table reaches is kept by `snakemake prune`, and what only may be reached too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.configs import ROOT, read

from openworld3d.errors import UserError
from openworld3d.workflow import reached
from openworld3d.workflow.keys import Keys
from openworld3d.workflow.reached import configs_of, everything_reached

DEFAULT = read()
ROOMS = {**DEFAULT, "tables": {"rooms": {**DEFAULT["tables"]["rooms"], "methods": {"closed_set": ["msp"]}}}}
REAL = {**ROOMS, "datasets": {"rooms": {"layout": "scannet", "root": "no/such/folder"}}}


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_experiment_is_looked_at() -> None:
    tables = [set(config["tables"]) for config in configs_of(ROOT)]
    assert tables[0] == set(DEFAULT["tables"])
    assert len(tables) == 1 + len(list((ROOT / "experiments").glob("*.yaml")))
    assert all(names >= tables[0] for names in tables)


def everything(config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return what a config alone reaches."""
    monkeypatch.setattr(reached, "configs_of", lambda checkout: iter(()))
    return everything_reached(config, ROOT)


def test_results_behind_a_table_are_reached_and_the_checks_of_their_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = everything(ROOMS, monkeypatch)
    keys, wildcards = Keys(ROOMS), {"environment": "cpu", "dataset": "rooms", "split": "val", "table": "rooms"}
    for step in ("generate_rooms", "prepare", "make_table", "compare_protocols", "check_environment"):
        result = keys.result(step, wildcards)
        assert f"{result.folder}/{result.key}" in found["folders"]
    environments = {Path(folder).parent.name for folder in found["folders"] if "environments" in folder}
    assert environments == {"cpu", "metrics"}
    assert found["kept"] == []


def test_what_files_that_are_not_there_would_make_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run = "results/runs/sofa/stratified_small/closed_set/seed0"
    kept = everything(REAL, monkeypatch)["kept"]
    for place in (
        "results/scenes/rooms/train",
        "results/scenes/rooms/val",
        run,
        f"{run}/single",
        f"{run}/single/msp",
    ):
        assert place in kept
    assert not [place for place in kept if "environments" in place]


def test_present_config_is_reached_beside_the_experiments() -> None:
    mine = {**ROOMS, "evaluation": {**ROOMS["evaluation"], "bits": 9}}
    result = Keys(mine).result("make_table", {"table": "rooms"})
    assert f"{result.folder}/{result.key}" in everything_reached(mine, ROOT)["folders"]


def test_experiment_with_a_mistake_is_a_sentence_before_anything_is_taken_for_unused(tmp_path: Path) -> None:
    for name in ("config.yaml", "schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments/mine.yaml").write_text("recipes: {closed_set: {epochs: 1e1}}\n")
    with pytest.raises(UserError, match=r"mine.yaml, line 1: recipes.closed_set.epochs is '1e1', .* write 1.0e.1$"):
        everything_reached(ROOMS, tmp_path)
    (tmp_path / "experiments/mine.yaml").write_text(
        "recipes: {fine_tuning_bookshelf: {extends: null, kind: fine_tuning}}\n"
    )
    with pytest.raises(
        UserError, match=r"mine.yaml, line 1: recipes.fine_tuning_bookshelf lacks the keys epochs, loop"
    ):
        everything_reached(ROOMS, tmp_path)
