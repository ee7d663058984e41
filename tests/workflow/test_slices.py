from __future__ import annotations

from typing import Any

import pytest

from openworld3d.files import canonical_json
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
