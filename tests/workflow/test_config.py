"""Every mistake in a config has a message that names the key, the value and the nearest valid one."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from tests.configs import ROOT, SCHEMA, check, put, read

from openworld3d.errors import UserError
from openworld3d.metrics.table import METRICS
from openworld3d.workflow.config import check_config
from openworld3d.workflow.schema import metric_names

DEFAULT = read()
DEFAULT["tables"]["rooms"]["methods"].update(drop_path=["entropy"], ensemble=["entropy"], upper_bound=["msp"])


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_default_config_is_right() -> None:
    check(DEFAULT)


def test_key_that_has_a_default_may_be_left_out() -> None:
    config = copy.deepcopy(DEFAULT)
    del config["recipes"]["dropout"]["passes"]
    check_config(config, SCHEMA)


def test_config_may_name_every_metric_that_has_a_row() -> None:
    assert metric_names() == list(METRICS)
    config = copy.deepcopy(DEFAULT)
    config["tables"]["rooms"]["metrics"] = list(METRICS)
    check_config(config, SCHEMA)


def test_every_dataset_may_have_shards() -> None:
    config = copy.deepcopy(DEFAULT)
    config["datasets"]["rooms"]["shards"] = 4
    config["datasets"]["other"] = {"layout": "semantickitti", "root": "nowhere", "shards": 1}
    check_config(config, SCHEMA)


SMALL = "backbones.stratified_small"
CASES: list[tuple[Callable[[Any], object], str]] = [
    (
        put("protocols.sofa.unknown", ["soffa"]),
        "sofa.unknown says soffa, but class soffa does not exist, did you mean so",
    ),
    (put("protocols.sofa.unkown", ["sofa"]), "protocols.sofa has the key unkown, .* did you mean unknown"),
    (lambda config: config["protocols"]["sofa"].pop("unknown"), "protocols.sofa lacks the key unknown$"),
    (put("protocols.sofa.evaluate", []), "protocols.sofa.evaluate is \\[\\], expected a list of one or more splits"),
    (put("protocols.sofa.unknown_points", "removed"), "unknown_points is 'removed', .* did you mean remove"),
    (put("protocols.sofa.dataset", "room"), "protocols.sofa.dataset says room, .* did you mean rooms"),
    (put("protocols.sofa.evaluate", ["train"]), "sofa both trains on and evaluates split train"),
    (put("row", 99), "row is 99, expected 1 to [0-9]+, the rows of the table"),
    (put("row", 0), "row is 0, expected|row: 0 is less than the minimum of 1"),
    (put("table", "romms"), "table says romms, which does not exist, did you mean rooms"),
    (
        put("tables.rooms.methods.closed_set", ["maxlogit"]),
        "methods.closed_set says maxlogit, .* did you mean max_logit",
    ),
    (put("scores.energy.kind", "enrgy"), "scores.energy.kind says enrgy, .* did you mean energy"),
    (
        put("scores.energy", {"kin": "energy"}),
        "scores.energy has the key kin, .* did you mean kind",
    ),
    (put("scores.gen.gama", 0.1), "scores.gen has the key gama, which does not exist, did you mean gamma$"),
    (
        put("scores.msp.temperature", 2.0),
        "scores.msp has the key temperature, which a score of kind msp does not have$",
    ),
    (put("scores.energy.temperature", "hot"), "temperature is 'hot', expected a number above 0; 1 where it is left"),
    (put("scores.energy.temperature", True), "temperature is True, expected a number above 0"),
    (put("scores.energy.temperature", -1), "scores.energy.temperature is -1, expected a number above 0"),
    (put("scores.energy.temperature", float("inf")), "temperature is inf, expected a finite number"),
    (put("scores.energy.temperature", float("nan")), "temperature is nan, expected a finite number"),
    (put("scores.gen.gamma", 0), "scores.gen.gamma is 0, expected a number above 0"),
    (put("scores.gen.top", 2.5), "scores.gen.top is 2.5, expected how many of the largest .* a whole number from 1"),
    (put("scores.gen.top", -1), "scores.gen.top is -1, expected how many of the largest"),
    (put("scores.knn.k", 0), "scores.knn.k is 0, expected a whole number from 1"),
    (put("scores.ash.percentile", 98.5), "scores.ash.percentile is 98.5, expected a number in 0..98"),
    (put("scores.react.percentile", -0.5), "scores.react.percentile is -0.5, expected a number in 0..100"),
    (put("scores.vim.dimension", -1), "scores.vim.dimension is -1, expected how many principal directions"),
    (put("scores.redundancy.logit", 2), "scores.redundancy.logit is 2, expected 0, or 1"),
    (
        put("scores.outputs", {"kind": "msp"}),
        "scores has outputs, but there lie the outputs of a run; choose another",
    ),
    (put("tables.rooms.metrics", ["aurok"]), "metrics.0 is 'aurok', .* did you mean auroc"),
    (
        put("tables.rooms.coverage", "singel"),
        "coverage is 'singel', .* single, fragments, tta, .*, did you mean single",
    ),
    (
        put(f"{SMALL}.inference_pairs", 0),
        "inference_pairs is 0, expected|inference_pairs: 0 is less than the minimum",
    ),
    (put("tables.rooms.seeds", [-1]), "rooms.seeds.0 is -1, expected a whole number in 0..4294967295"),
    (put("tables.rooms.methods", {"closedset": ["msp"]}), "methods says closedset, .* did you mean closed_set"),
    (put("recipes.closed_set.learning_rate", "fast"), "learning_rate is 'fast', expected a number above 0"),
    (put("recipes.closed_set.kind", "closed"), "kind says closed, .* did you mean closed_set"),
    (
        put("recipes.closed_set.passes", 5),
        "closed_set has the key passes, which a recipe of kind closed_set does not",
    ),
    (put("recipes.dropout.pases", 5), "dropout has the key pases, which does not exist, did you mean passes"),
    (lambda config: config["recipes"]["dropout"].pop("dropout"), "recipes.dropout lacks the key dropout$"),
    (put("recipes.dropout.dropout", 1), "dropout.dropout is 1, expected the share .* from 0 and below 1"),
    (put("tables.rooms.methods", {}), "methods is {}, expected .*some of `recipes`"),
    (
        put("tables.rooms.methods.closed_set", []),
        "methods.closed_set is \\[\\], expected a list of one or more names",
    ),
    (
        put("tables.rooms.methods.closed_set", ["msp", "mutual_information"]),
        "closed_set says mutual_information, which reads mutual_information, but the recipe outputs features, log",
    ),
    (
        put("tables.rooms.methods.ensemble", ["knn"]),
        "ensemble says knn, which reads features, but the recipe outputs class_variance",
    ),
    (
        put("tables.rooms.methods.ensemble", ["standardised_max_logit"]),
        "ensemble says standardised_max_logit, which is fitted on training scenes, but the recipe has no network",
    ),
    (put("scores.msp.neighbors", 0), "msp.neighbors is 0, expected a whole number from 1, how many rows"),
    (put(f"{SMALL}.drop_path_rate", 0), "methods has drop_path, but backbones.stratified_small.drop_path_rate is 0"),
    (put("recipes.drop_path.network_of", "close_set"), "network_of says close_set, .* did you mean closed_set"),
    (put("recipes.drop_path.network_of", "ensemble"), "network_of says ensemble, which trains no network; choose"),
    (put("recipes.ensemble.network_of", "upper_bound"), "says upper_bound, which is trained on the unknown classes"),
    (put("recipes.ensemble.members", 1), "ensemble.members is 1, expected the networks of one ensemble, .* from 2"),
    (put("recipes.ensemble.epochs", 1), "ensemble has the key epochs, which a recipe of kind ensemble does not have"),
    (put("recipes.real.start_from", "closedset"), "real.start_from says closedset, .* did you mean closed_set"),
    (
        put("recipes.real.start_from", "ensemble"),
        "start_from says ensemble, which is of kind ensemble, expected a recipe of kind closed_set",
    ),
    (
        put("recipes.real.start_from", "real"),
        "start_from says real, which is of kind real, expected a recipe of kind",
    ),
    (
        put("recipes.pdf.start_epoch", 8),
        "pdf.start_epoch is 8, but closed_set keeps epoch 9 and 14; add it to recipes.closed_set.keep_epochs",
    ),
    (
        put("recipes.closed_set.epochs", 8),
        "pdf.start_epoch is 9, but closed_set keeps epoch 8; add it to recipes.closed_set.keep_epochs",
    ),
    (put("recipes.pdf.start_epoch", 14), "pdf.start_epoch is 14, expected fewer than its epochs = 14; raise epochs"),
    (put("recipes.pdf.pseudo_labels", "regions"), "pdf.pseudo_labels"),
    (put("recipes.dropout.keep_epochs", [9]), "recipes.dropout.*keep_epochs"),
    (
        put("recipes.fine_tuning_chair.start_from", "fine_tuning_bookshelf"),
        "start_from leads from fine_tuning_chair to fine_tuning_bookshelf to fine_tuning_chair; let one of them",
    ),
    (
        put("recipes.incremental_chair.start_from", "closed_set"),
        "of kind closed_set, expected .* real or incremental",
    ),
    (
        put("recipes.incremental_chair.teaches", ["sofa"]),
        "comes to sofa, but sofa is not unknown in protocol four_unk",
    ),
    (put("recipes.incremental_bookshelf.teaches", ["chair"]), "comes to chair, chair, but chair can be learned once"),
    (put("recipes.real.redundancy", 2), "comes to chair, bookshelf, of 2 redundancy classifiers, expected one more"),
    (
        put("recipes.real.synthesis_classes", ["sofa"]),
        "says sofa, which protocol sofa holds unknown: no training may",
    ),
    (put("recipes.real.synthesis_classes", ["chiar"]), "synthesis_classes says chiar, .* did you mean chair"),
    (
        put("recipes.real.redundancy", 0),
        "real.redundancy is 0, expected a whole number from 1",
    ),
    (lambda config: config["recipes"]["ensemble"].pop("network_of"), "recipes.ensemble lacks the key network_of$"),
    (put("recipes.dropout.passes", 1), "dropout.passes is 1, expected a whole number from 2, .*; default 10"),
    (
        put(f"{SMALL}.network", "stratified"),
        "network says stratified, .* did you mean stratified_transformer; choose",
    ),
    (put(f"{SMALL}.dephts", [2]), "stratified_small has the key dephts, which does not exist, did you mean depths"),
    (lambda config: config["backbones"]["stratified_small"].pop("depths"), "stratified_small lacks the key depths$"),
    (
        lambda config: config["backbones"]["stratified_small"].pop("network"),
        "stratified_small lacks the key network$",
    ),
    (
        put(f"{SMALL}.window_size", 0),
        "window_size is 0, expected a number in 0.001..1000",
    ),
    (
        put(f"{SMALL}.stem_transformer", 1),
        "stem_transformer is 1, expected true or false: whether the first level has",
    ),
    (put(f"{SMALL}.initialisation", "xaver"), "initialisation is 'xaver', .* reference, xavier, did you mean xavier"),
    (put(f"{SMALL}.depths", [2]), "depths has 1 entries, expected num_layers = 4"),
    (put(f"{SMALL}.num_heads", [3, 4, 8, 8]), "channels has 32, expected a multiple of its 3 heads"),
    (put(f"{SMALL}.appearance_range", [1, 0]), "appearance_range is \\[1, 0\\], expected the lower end first"),
    (put(f"{SMALL}.appearance_range", [1]), "appearance_range is \\[1\\], expected a list of two numbers, the lower"),
    (put(f"{SMALL}.environment", "gpu"), "environment says gpu, which does not exist.* choose one of cpu"),
    (put("datasets.rooms.root", "x"), "datasets.rooms needs either root or generate, and not both"),
    (
        put("datasets.rooms.shards", 0),
        "rooms.shards is 0, expected a whole number in 1..100, the number of jobs that share",
    ),
    (put("datasets.rooms.shards", "4"), "rooms.shards is '4', which is text to YAML, .*; default 1; write 4"),
    (put("datasets.rooms.shards", 101), "rooms.shards is 101, expected a whole number in 1..100, "),
    (put("datasets.rooms.shard", 4), "datasets.rooms has the key shard, which does not exist, did you mean shards"),
    (
        put("evaluation.stored_precision", "float8"),
        "evaluation.stored_precision is 'float8', expected one of float32, float16, did you mean float",
    ),
    (lambda config: config["evaluation"].pop("stored_precision"), "evaluation lacks the key stored_precision$"),
    (
        put("datasets", {"My Rooms": {"layout": "scannet", "root": "x"}}),
        "has the name 'My Rooms', expected a name of at most 48 lower-case",
    ),
]


@pytest.mark.parametrize(("mistake", "sentence"), CASES)
def test_mistake_is_named(mistake: Callable[[Any], object], sentence: str) -> None:
    config = copy.deepcopy(DEFAULT)
    mistake(config)
    with pytest.raises(UserError, match=sentence):
        check(config)


def test_every_class_unknown_is_refused() -> None:
    config = copy.deepcopy(DEFAULT)
    config["protocols"]["sofa"]["unknown"] = [
        *("wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture"),
        *("counter", "desk", "curtain", "refrigerator", "shower curtain", "toilet", "sink", "bathtub"),
    ]
    with pytest.raises(UserError, match="leaves fewer than two known classes"):
        check_config(config, SCHEMA)
