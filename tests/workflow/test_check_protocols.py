"""A protocol that cannot be meant is one sentence at planning, with the key that says it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Callable

import pytest
from tests import configs

from openworld3d.errors import UserError
from openworld3d.workflow import protocols
from openworld3d.workflow.config import check_config

ROOT = Path(__file__).resolve().parents[2]
TREES = {"layout": "folder", "root": "x", "label": "c", "splits": {"t": ["*"], "v": ["*"]}}
DATASETS: dict[str, Any] = {
    "kitti": {"layout": "semantickitti", "root": "x"},
    "stu": {"layout": "stu", "root": "x"},
    "ours": {**TREES, "classes": {"ground": [2], "tree": [4], "roof": [6]}},
    "theirs": {**TREES, "classes": {"lawn": [2], "tree": [4], "car": [5]}},
}
STREETS: dict[str, Any] = {
    "train": {"dataset": "kitti", "splits": ["00"]},
    "evaluate": {"dataset": "stu", "splits": ["125"]},
    "unknown": [],
    "unknown_raw_ids": [2],
    "inlier_raw_ids": [1],
    "unknown_points": "ignore",
    "range": [2.5, 50],
    "min_unknown_points": 5,
}
GARDENS: dict[str, Any] = {
    "train": {"dataset": "ours", "splits": ["t"]},
    "evaluate": {"dataset": "theirs", "splits": ["v"]},
    "class_map": {"lawn": "ground"},
    "unknown": ["car"],
    "unknown_points": "ignore",
}


def config_of(protocol: dict[str, Any]) -> dict[str, Any]:
    """Return the default config with these datasets and one protocol."""
    config = configs.read()
    config["datasets"].update(copy.deepcopy(DATASETS))
    config["protocols"]["mine"] = copy.deepcopy(protocol)
    config["tables"]["rooms"].update(protocols=["mine"], methods={"closed_set": ["msp"]})
    return config


def put(**keys: Any) -> Callable[[dict[str, Any]], None]:
    return lambda protocol: protocol.update(keys)


def without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda protocol: protocol.pop(key)


CASES: list[tuple[dict[str, Any], Callable[[dict[str, Any]], object], str]] = [
    (STREETS, put(void_raw_ids=[1]), r"mine has 1 in inlier_raw_ids and in void_raw_ids, expected it in one"),
    (STREETS, put(unknown_raw_ids=[2, 3]), r"unknown_raw_ids says 3, which is no raw id of layout stu"),
    (STREETS, put(range=[50, 2.5]), r"range is \[50, 2.5\], expected the lower end first"),
    (STREETS, put(unknown_raw_ids=[]), r"min_unknown_points demands unknown points, but .* no unknown classes"),
    (STREETS, put(evaluate={"dataset": "stus", "splits": ["1"]}), r"evaluate.dataset says stus, .* did you mean stu"),
    (STREETS, put(evaluate={"dataset": "stu"}), r"mine.evaluate lacks the key splits"),
    (STREETS, put(evaluate=["125"]), r"mine lacks the key dataset, of which evaluate says splits"),
    (STREETS, put(unknown=["caar"]), r"unknown says caar, but class caar does not exist, did you mean car"),
    (STREETS, without("train"), r"mine lacks the key train, but recipe closed_set of table rooms has a network"),
    (STREETS, put(objects={"threshold": "train"}), r"objects.threshold is 'train', expected one of trained"),
    (STREETS, put(fpr95="exact"), r"fpr95 is 'exact', expected one of reached, strict, nearest"),
    (GARDENS, put(range=[1, 2]), r"range is in metres from the sensor, but scenes of layout folder are not seen by"),
    (
        GARDENS,
        put(objects={"threshold": 0.5}),
        r"objects compares objects, but labels of layout folder do not tell them apart; leave",
    ),
    (GARDENS, put(unknown_raw_ids=[5]), r"unknown_raw_ids says 5, but layout folder has no raw ids; name classes"),
    (
        GARDENS,
        without("class_map"),
        r"mine evaluates class lawn of dataset theirs, which is no class of data",
    ),
    (
        GARDENS,
        put(unknown=[]),
        r"evaluates class car of dataset theirs, .*; say in class_map which",
    ),
    (GARDENS, put(class_map={"lawn": "grounds"}), r"class_map.lawn says grounds, .* did you mean ground"),
    (GARDENS, put(class_map={"lawns": "ground"}), r"class_map says lawns, .* did you mean lawn"),
    (GARDENS, put(evaluate={"dataset": "theirs", "splits": ["w"]}), r"evaluate.splits says w, which does not exist"),
    (GARDENS, put(train={"dataset": "theirs", "splits": ["v"]}), r"mine both trains on and evaluates split v"),
]


@pytest.mark.parametrize(("protocol", "mistake", "sentence"), CASES, ids=[sentence for *_, sentence in CASES])
def test_mistake_is_a_sentence(
    protocol: dict[str, Any],
    mistake: Callable[[dict[str, Any]], object],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    changed = copy.deepcopy(protocol)
    mistake(changed)
    with pytest.raises(UserError, match=sentence):
        check_config(config_of(changed), configs.SCHEMA)


def test_name_that_the_registry_does_not_have_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / "mine.yaml"
    file.write_text("protocols: {mine: {named: stu_vall}}")
    with pytest.raises(UserError, match=r"line 1: .*named says stu_vall, .*, did you mean stu_val"):
        configs.read(file)


@pytest.mark.parametrize("protocol", [STREETS, GARDENS])
def test_protocol_of_two_datasets_is_right(protocol: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    check_config(config_of(protocol), configs.SCHEMA)


def test_class_that_is_evaluated_as_another_is_not_unknown_there() -> None:
    """Though no network learns it."""
    config = config_of({**GARDENS, "class_map": {"lawn": "ground", "car": "inlier"}, "unknown": ["car", "roof"]})
    assert protocols.unlabelled(config, "mine") == ["roof"]
    assert protocols.unknown(config, "mine") == ["roof"]
    assert protocols.labelling(config, "mine")["class_of"] == {"lawn": "ground", "tree": "tree", "car": "inlier"}
    assert protocols.labelling(config, "mine")["classes"] == ["ground", "tree", "roof", "inlier"]


def test_short_form_is_the_long_one_of_one_dataset() -> None:
    long = {
        "train": {"dataset": "ours", "splits": ["t"]},
        "evaluate": {"dataset": "ours", "splits": ["v"]},
        "unknown": ["roof"],
    }
    short = {"dataset": "ours", "train": ["t"], "evaluate": ["v"], "unknown": ["roof"]}
    config = config_of(long)
    config["protocols"]["short"] = short
    for role in protocols.ROLES:
        assert protocols.splits_of(config, "mine", role) == protocols.splits_of(config, "short", role)
    assert not protocols.relabels(config, "mine")
    assert protocols.classes_beyond(config, "mine") == []
