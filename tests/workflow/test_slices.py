from __future__ import annotations

from typing import Any

import pytest

from openworld3d.files import canonical_json
from openworld3d.workflow.rows import (
    compared_with_papers,
    printed_slice,
    rows_of_table,
    runs_of_table,
    steps_slice,
    table_slice,
)
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

DATASETS = {"d": {"layout": "folder", "classes": {"a": [1], "b": [2], "c": [3], "e": [4]}}}
ON_D = {"dataset": "d", "train": ["t"], "evaluate": ["v"]}


def test_order_of_unknown_classes_is_no_change() -> None:
    config = {"datasets": DATASETS, "protocols": {"p": {**ON_D, "unknown": ["b", "a"]}}}
    assert unknown_slice(config, "p") == {"unknown": ["a", "b"]}


def test_training_does_not_see_what_only_inference_uses() -> None:
    config = {
        "datasets": DATASETS,
        "protocols": {"p": {**ON_D, "unknown": ["a"], "unknown_points": "ignore"}},
        "backbones": {"b": {"k": 16, "environment": "cpu", "inference_voxels": 9, "inference_pairs": 8}},
        "recipes": {"r": {"kind": "dropout", "epochs": 1, "dropout": 0.5, "passes": 7}},
    }
    assert train_slice(config, "p", "b", "r", "4") == {
        "unknown": ["a"],
        "unknown_points": "ignore",
        "backbone": {"k": 16},
        "recipe": {"kind": "dropout", "epochs": 1, "dropout": 0.5, "where": "classifier", "lovasz_weight": 0.0},
        "seed": 4,
    }
    # Nor does an import see what only a training asks.
    assert import_slice(config, "p", "b", "r") == {
        "unknown": ["a"],
        "backbone": {"k": 16},
        "recipe": {"kind": "dropout", "epochs": 1, "dropout": 0.5, "where": "classifier", "lovasz_weight": 0.0},
    }


def test_place_of_a_checkpoint_is_no_change() -> None:
    recipe = {"kind": "closed_set", "epochs": 1, "pretrained": "released.pth", "pretrained_classes": ["b", "a"]}
    asked = training_keys({"recipes": {"r": recipe}}, "p", "r")
    moved = training_keys({"recipes": {"r": {**recipe, "pretrained": "elsewhere.pth"}}}, "p", "r")
    assert "pretrained" not in asked
    assert (asked["pretrained_classes"], asked) == (["b", "a"], moved)


def test_import_sees_of_its_kind_what_shapes_the_network() -> None:
    recipe = {"kind": "pdf", "pretrained": "released.pth", "pretrained_untaught": ["b"], "initial_state": "zero"}
    assert training_keys({"recipes": {"r": recipe}}, "p", "r") == {
        "kind": "pdf",
        "second_decoder": "plain",
        "initial_state": "zero",
        "pretrained_untaught": ["b"],
    }


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
    config = {"protocols": {"p": {}}, "scores": {"mine": entry}, "evaluation": {"bits": 16}}
    assert canonical_json(score_slice(config, "p", "mine")) == canonical_json(
        {"score": expected, "bits": 16, "objects": None}
    )


def test_score_of_groups_alone_sees_them() -> None:
    groups = {"low": ["a"], "high": ["b", "c", "e"]}
    config = {
        "datasets": {"d": {**DATASETS["d"], "groups": groups}},
        "protocols": {"p": {**ON_D, "unknown": ["a"]}},
        "scores": {"msp": {"kind": "msp"}, "grouped": {"kind": "group_msp"}},
        "evaluation": {"bits": 16},
    }
    assert score_slice(config, "p", "grouped")["groups"] == groups
    assert "groups" not in score_slice(config, "p", "msp")


def test_rows_are_the_methods_of_each_run_in_order() -> None:
    table = {"protocols": ["p"], "backbones": ["b"], "seeds": [0, 1], "coverage": "tta"}
    table["methods"] = {"r": ["msp", "energy"], "s": ["msp"]}
    config = {"protocols": {"p": ON_D}, "tables": {"t": table}, "recipes": {"r": {}, "s": {}}}
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


def test_recipe_has_rows_with_the_backbones_that_it_is_for() -> None:
    table = {"protocols": ["p"], "backbones": ["b", "c"], "seeds": [0], "methods": {"r": [], "s": [], "t": []}}
    recipes = {"r": {}, "s": {"backbones": ["c"]}, "t": {"backbones": ["a", "b"]}}
    runs = runs_of_table({"tables": {"t": table}, "recipes": recipes}, "t")
    assert [(run["backbone"], run["recipe"]) for run in runs] == [("b", "r"), ("b", "t"), ("c", "r"), ("c", "s")]


def test_which_backbones_a_recipe_is_for_is_no_change_to_its_training() -> None:
    recipe = {"kind": "closed_set", "epochs": 3}
    asked = [training_keys({"recipes": {"r": {**recipe, **more}}}, "p", "r") for more in ({}, {"backbones": ["b"]})]
    assert asked[0] == asked[1]


def test_ensembles_of_different_seeds_share_no_member() -> None:
    config = {"recipes": {"e": {"kind": "ensemble", "network_of": "r", "members": 3}, "r": {"kind": "closed_set"}}}
    assert [members_of(config, "e", seed) for seed in ("0", "1", "5")] == [[0, 1, 2], [3, 4, 5], [15, 16, 17]]
    assert (network_of(config, "e"), network_of(config, "r")) == ("r", "r")


def test_figure_has_a_line_for_each_way_of_teaching() -> None:
    table = {"protocols": ["p"], "backbones": ["b"], "seeds": [0, 1], "coverage": "single"}
    table["methods"] = {"plain": ["msp", "energy"], "one": ["msp"], "two": ["msp"], "other": ["msp"]}
    config = {
        "protocols": {"p": ON_D},
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
    config = {"datasets": DATASETS, "protocols": {"p": {**ON_D, "unknown": ["b", "a"]}}, "tables": {"t": table}}
    config["recipes"] = {"theirs": {"kind": "saved_outputs", "folder": "x"}, "r": {"kind": "closed_set"}}
    theirs, ours = table_slice(config, "t")["rows"]
    assert (theirs["backbone"], theirs["coverage"], theirs["seed"]) == ("n/a", "n/a", "n/a")
    assert (ours["backbone"], ours["coverage"], ours["seed"]) == ("b", "tta", 0)
    assert saved_slice(config, "p") == {"classes": ["a", "b", "c", "e"], "unknown": ["a", "b"]}


def test_table_is_printed_with_the_published_rows_of_its_protocols() -> None:
    """Of what its recipes learn and by the layouts of the config's datasets; of no protocol that names none."""
    novel = ["barrier", "construction_vehicle", "traffic_cone", "trailer"]
    keys = {"dataset": "d", "unknown": novel, "train": ["train"], "evaluate": ["val"]}
    table: dict[str, Any] = {"protocols": ["p"], "backbones": ["b"], "seeds": [0], "coverage": "single"}
    table.update(metrics=["miou_novel"], methods={"plain": ["msp"], "step": ["msp"]})
    recipes = {"plain": {"kind": "real"}, "step": {"kind": "incremental", "start_from": "plain", "teaches": novel}}
    config: dict[str, Any] = {"datasets": {"d": {"layout": "nuscenes"}}, "recipes": recipes, "tables": {"t": table}}
    config["protocols"] = {"p": {**keys, "named": "real_nuscenes"}}
    printed = printed_slice(config, "t")
    published = printed.pop("published")
    assert printed == table_slice(config, "t")
    assert [row["numbers"] for row in published["rows"]][-1] == {"miou_novel": "0.622?"}
    config["protocols"] = {"p": keys}
    assert printed_slice(config, "t")["published"] == {"rows": [], "notes": []}


def test_seeds_that_measure_a_published_row_have_its_method_and_network() -> None:
    """One backbone is Cylinder3D, whose MSP the paper has; generated scans are none of the paper's."""
    table = {"protocols": ["p"], "backbones": ["b", "c"], "seeds": [0, 1], "coverage": "single", "metrics": ["aupr"]}
    config: dict[str, Any] = {
        "datasets": {"nuscenes": {"layout": "nuscenes"}},
        "protocols": {"p": {"dataset": "nuscenes", "named": "real_nuscenes", "evaluate": ["val"]}},
        "backbones": {"b": {"network": "cylinder3d"}, "c": {"network": "stratified_transformer"}},
        "recipes": {"closed_set_cylinder": {"kind": "closed_set"}},
        "tables": {"t": {**table, "methods": {"closed_set_cylinder": ["msp_probability", "energy"]}}},
    }
    measured = {row["published"]: ours for row, ours in compared_with_papers(config, "t")}
    assert [(row["backbone"], row["score"], row["seed"]) for row in measured["MSP"]] == [
        ("b", "msp_probability", 0),
        ("b", "msp_probability", 1),
    ]
    assert measured["MaxLogit"] == []
    config["datasets"]["nuscenes"]["generate"] = {}
    assert compared_with_papers(config, "t") == []
