from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of
from openworld3d.workflow import modules
from openworld3d.workflow.rows import rows_of_table, runs_of_table, steps_slice, table_slice
from openworld3d.workflow.slices import (
    import_slice,
    infer_slice,
    members_of,
    network_of,
    sample_slice,
    saved_slice,
    score_slice,
    train_slice,
    training_keys,
    unknown_slice,
)
from openworld3d.workflow.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "workflow_scripts/openworld3d"


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(ROOT)
    yield
    for remembered in (modules.code_of, modules.tree_of, modules.imported_modules, modules.literal):
        remembered.cache_clear()  # of files by the same names elsewhere


def test_imports_are_followed_through_packages() -> None:
    files = modules.code_of("measure.py")
    for name in ("errors", "files", "metrics/__init__", "metrics/ranking", "metrics/statistics"):
        assert f"{LIBRARY}/{name}.py" in files
    assert "workflow_scripts/measure.py" in files
    assert not [file for file in files if "scores" in file or "backbones" in file]


def test_module_loaded_by_name_brings_what_it_imports() -> None:
    files = modules.code_of("infer.py", ("backbones.stratified_transformer",))
    assert f"{LIBRARY}/networks/layers/kpconv.py" in files
    assert f"{LIBRARY}/networks/layers/segment.py" in files


def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> Path:
    """Write a project of some files of its library and of one script, go there, and return the folder of scripts."""
    for name, text in files.items():
        file = tmp_path / "workflow_scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workflow_scripts"


def code_now(*asked: Any) -> dict[str, str]:
    """Return the code of a command as another call would find it."""
    for remembered in (modules.code_of, modules.tree_of, modules.imported_modules, modules.literal):
        remembered.cache_clear()
    return modules.code_of(*asked)


def test_code_is_that_of_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("__init__", "errors", "other", "scores/__init__", "scores/msp")
    files = {f"openworld3d/{name}.py": "" for name in names}
    files["score.py"] = "from openworld3d.errors import UserError\n"
    scripts = project(tmp_path, monkeypatch, files)
    before = code_now("score.py", ("scores.msp",))
    read = ("__init__", "errors", "scores/__init__", "scores/msp")
    assert list(before) == [*(f"{LIBRARY}/{name}.py" for name in read), "workflow_scripts/score.py"]
    assert all(digest == sha256_of(Path(file)) for file, digest in before.items())
    for name in ("openworld3d/errors", "openworld3d/scores/msp", "score"):
        with open(scripts / f"{name}.py", "a") as file:
            file.write("# changed")
        after = code_now("score.py", ("scores.msp",))
        assert [file for file in after if after[file] != before[file]] == [f"workflow_scripts/{name}.py"]
        assert modules.digest_of(after) != modules.digest_of(before)
        before = after
    (scripts / "openworld3d/other.py").write_text("# changed")
    assert code_now("score.py", ("scores.msp",)) == before


def test_what_is_ignored_does_not_count_nor_what_it_alone_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"openworld3d/{name}.py": "" for name in ("__init__", "batches", "curves")}
    files["openworld3d/monitor.py"] = "from openworld3d import batches, curves\n"
    files["train.py"] = "from openworld3d import batches\nfrom openworld3d.monitor import RunWatch\n"
    project(tmp_path, monkeypatch, files)
    everything = [f"{LIBRARY}/{name}.py" for name in ("__init__", "batches", "curves", "monitor")]
    assert list(code_now("train.py")) == [*everything, "workflow_scripts/train.py"]
    kept = [f"{LIBRARY}/{name}.py" for name in ("__init__", "batches")]
    assert list(code_now("train.py", (), ("monitor",))) == [*kept, "workflow_scripts/train.py"]


def test_code_of_a_training_leaves_out_what_watches_it() -> None:
    train = STEPS["train"]
    assert train.ignores == ("training.monitor",)
    watched, files = modules.code_of(train.script), modules.code_of(train.script, (), train.ignores)
    for name in ("training/monitor", "metrics/ranking", "inference/model"):
        assert f"{LIBRARY}/{name}.py" in watched
        assert f"{LIBRARY}/{name}.py" not in files
    for name in ("training/loop", "networks/inputs", "training/checkpoint", "training/schedule", "networks/weights"):
        assert f"{LIBRARY}/{name}.py" in files


def test_check_of_environments_shares_no_file_with_other_commands() -> None:
    files = [file for file in modules.code_of("check_environment.py") if file.startswith(LIBRARY)]
    assert [file for file in files if not file.startswith(f"{LIBRARY}/environment/")] == [f"{LIBRARY}/__init__.py"]
    for command in ("train", "prepare", "score", "make_table"):
        of_command = {file for file in modules.code_of(f"{command}.py") if file.startswith(f"{LIBRARY}/environment")}
        assert of_command <= {f"{LIBRARY}/environment/{name}.py" for name in ("__init__", "devices")}


def test_imports_inside_functions_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"openworld3d/__init__.py": "", "openworld3d/late.py": ""}
    project(tmp_path, monkeypatch, {**files, "x.py": "def f():\n    from openworld3d import late\n"})
    assert list(code_now("x.py")) == [f"{LIBRARY}/__init__.py", f"{LIBRARY}/late.py", "workflow_scripts/x.py"]


def test_literal_is_read_without_importing() -> None:
    assert len(modules.literal(modules.module_file("openworld3d.datasets.scannet"), "CLASSES")) == 20
    with pytest.raises(UserError, match=r"scene\.py: it assigns no CLASSES; add it with its type"):
        modules.literal(modules.module_file("openworld3d.scenes.scene"), "CLASSES")


def test_order_of_unknown_classes_is_no_change() -> None:
    config = {"protocols": {"p": {"unknown": ["b", "a"]}}}
    assert unknown_slice(config, "p") == {"unknown": ["a", "b"]}


def test_training_does_not_see_what_only_inference_uses() -> None:
    config = {
        "protocols": {"p": {"unknown": ["a"], "unknown_points": "ignore"}},
        "backbones": {"b": {"k": 16, "environment": "cpu", "inference_voxels": 9, "inference_pairs": 8}},
        "recipes": {"r": {"kind": "dropout", "epochs": 1, "dropout": 0.5, "passes": 7}},
    }
    assert train_slice(config, "p", "b", "r", "4") == {
        "unknown": ["a"],
        "unknown_points": "ignore",
        "backbone": {"k": 16},
        "recipe": {"kind": "dropout", "epochs": 1, "dropout": 0.5},
        "seed": 4,
    }
    # Nor does an import see what only a training asks.
    assert import_slice(config, "p", "b", "r") == {
        "unknown": ["a"],
        "backbone": {"k": 16},
        "recipe": {"kind": "dropout", "epochs": 1, "dropout": 0.5},
    }


def test_place_of_a_checkpoint_is_no_change() -> None:
    recipe = {"kind": "closed_set", "epochs": 1, "pretrained": "released.pth", "pretrained_classes": ["b", "a"]}
    asked = training_keys({"recipes": {"r": recipe}}, "p", "r")
    moved = training_keys({"recipes": {"r": {**recipe, "pretrained": "elsewhere.pth"}}}, "p", "r")
    assert "pretrained" not in asked
    assert (asked["pretrained_classes"], asked) == (["b", "a"], moved)


@pytest.mark.parametrize(
    ("recipe", "seen"),
    [
        ({"kind": "closed_set", "epochs": 1}, {}),
        ({"kind": "dropout", "dropout": 0.5, "passes": 7}, {"passes": 7}),
        ({"kind": "dropout", "dropout": 0.5}, {"passes": 10}),
    ],
)
def test_inference_sees_its_coverage_its_bounds_and_what_it_asks_of_a_recipe(
    recipe: dict[str, Any], seen: dict[str, Any]
) -> None:
    config = {
        "backbones": {"b": {"k": 16, "inference_voxels": 9, "inference_pairs": 8}},
        "recipes": {"r": recipe},
        "evaluation": {"stored_precision": "float16", "bits": 8},
    }
    bounds = {"inference_voxels": 9, "inference_pairs": 8}
    asked = {**bounds, "recipe": {"kind": recipe["kind"], **seen}}
    assert infer_slice(config, "b", "r", "tta") == {"coverage": "tta", "stored_precision": "float16", **asked}
    config["protocols"] = {"p": {"unknown_points": "remove"}}
    assert sample_slice(config, "p", "b", "r", "3") == {**asked, "unknown_points": "remove", "seed": 3}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"kind": "msp"}, {"kind": "msp", "neighbors": 1}),
        ({"kind": "msp", "neighbors": 8}, {"kind": "msp", "neighbors": 8}),
        ({"kind": "gen"}, {"kind": "gen", "neighbors": 1, "gamma": 0.1, "top": 0}),
        ({"kind": "gen", "top": 5}, {"kind": "gen", "neighbors": 1, "gamma": 0.1, "top": 5}),
        ({"kind": "gen", "gamma": 1}, {"kind": "gen", "neighbors": 1, "gamma": 1.0, "top": 0}),
    ],
)
def test_score_sees_its_kind_and_every_option(entry: dict[str, Any], expected: dict[str, Any]) -> None:
    # As text, since 1 == 1.0.
    config = {"scores": {"mine": entry}, "evaluation": {"bits": 16}}
    assert canonical_json(score_slice(config, "mine")) == canonical_json({"score": expected, "bits": 16})


def test_rows_are_the_methods_of_each_run_in_order() -> None:
    table = {"protocols": ["p"], "backbones": ["b"], "seeds": [0, 1], "coverage": "tta"}
    table["methods"] = {"r": ["msp", "energy"], "s": ["msp"]}
    config = {"protocols": {"p": {"dataset": "d"}}, "tables": {"t": table}}
    runs = runs_of_table(config, "t")
    assert [(run["recipe"], run["seed"]) for run in runs] == [("r", 0), ("r", 1), ("s", 0), ("s", 1)]
    rows = rows_of_table(config, "t")
    assert [(row["method"], row["seed"]) for row in rows] == [
        ("r + msp", 0),
        ("r + energy", 0),
        ("r + msp", 1),
        ("r + energy", 1),
        ("s + msp", 0),
        ("s + msp", 1),
    ]
    assert {row["coverage"] for row in rows} == {"tta"}


def test_ensembles_of_different_seeds_share_no_member() -> None:
    config = {"recipes": {"e": {"kind": "ensemble", "network_of": "r", "members": 3}, "r": {"kind": "closed_set"}}}
    assert [members_of(config, "e", seed) for seed in ("0", "1", "5")] == [[0, 1, 2], [3, 4, 5], [15, 16, 17]]
    assert (network_of(config, "e"), network_of(config, "r")) == ("r", "r")


def test_figure_has_a_line_for_each_way_of_teaching() -> None:
    table = {"protocols": ["p"], "backbones": ["b"], "seeds": [0, 1], "coverage": "single"}
    table["methods"] = {"plain": ["msp", "energy"], "one": ["msp"], "two": ["msp"], "other": ["msp"]}
    config = {
        "protocols": {"p": {"dataset": "d"}},
        "tables": {"t": table},
        "recipes": {
            "plain": {"kind": "closed_set"},
            "one": {"kind": "fine_tuning", "start_from": "plain", "teaches": ["a"]},
            "two": {"kind": "fine_tuning", "start_from": "one", "teaches": ["b", "c"]},
            "other": {"kind": "feature_extraction", "start_from": "plain", "teaches": ["a"]},
        },
    }
    assert steps_slice(config, "t") == {
        "lines": [
            {
                "name": "fine_tuning",
                "steps": [
                    {"taught": 0, "rows": [0, 2]},
                    {"taught": 1, "rows": [4, 5]},
                    {"taught": 3, "rows": [6, 7]},
                ],
            },
            {
                "name": "feature_extraction",
                "steps": [{"taught": 0, "rows": [0, 2]}, {"taught": 1, "rows": [8, 9]}],
            },
        ]
    }


def test_saved_outputs_have_no_network_coverage_or_seed_in_the_table() -> None:
    table = {"protocols": ["p"], "backbones": ["b"], "seeds": [0], "coverage": "tta", "metrics": ["auroc"]}
    table["methods"] = {"theirs": ["saved_score"], "r": ["msp"]}
    config = {"protocols": {"p": {"dataset": "d", "unknown": ["b", "a"]}}, "tables": {"t": table}}
    config["recipes"] = {"theirs": {"kind": "saved_scores", "scores": "x"}, "r": {"kind": "closed_set"}}
    theirs, ours = table_slice(config, "t")["rows"]
    assert (theirs["backbone"], theirs["coverage"], theirs["seed"]) == ("n/a", "n/a", "n/a")
    assert (ours["backbone"], ours["coverage"], ours["seed"]) == ("b", "tta", 0)
    config["evaluation"] = {"stored_precision": "float16", "bits": 8}
    expected = {"output": "saved_score", "columns": [], "unknown": ["a", "b"]}
    assert saved_slice(config, "p", "theirs") == {**expected, "stored_precision": "float16"}
