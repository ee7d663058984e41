"""Scores that need more of a dataset than others: the range of points, groups of classes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.configs import ROOT, SCHEMA, read
from tests.workflow.test_datasets import MINE, PROTOCOL

from openworld3d.errors import UserError
from openworld3d.workflow.config import check_config

DEFAULT = read()
GROUPS = {"built": ["roof"], "grown": ["tree", "ground"]}


def asked(dataset: dict[str, Any], score: str, **protocol: Any) -> dict[str, Any]:
    """Return the default config with one dataset and one score in its table."""
    config = copy.deepcopy(DEFAULT)
    config["datasets"]["mine"] = copy.deepcopy(dataset)
    config["protocols"]["mine"] = {**PROTOCOL, **protocol}
    config["tables"]["rooms"] = {
        **config["tables"]["rooms"],
        "protocols": ["mine"],
        "methods": {"closed_set": ["msp", score]},
    }
    return config


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


KITTI = {"layout": "semantickitti", "root": "kitti"}
OF_KITTI = {"unknown": ["other-vehicle"], "train": ["00"], "evaluate": ["08"]}


@pytest.mark.parametrize(
    ("dataset", "protocol", "score"),
    [
        (KITTI, OF_KITTI, "group_msp"),
        (KITTI, OF_KITTI, "range_standardised_max_logit"),
        ({**MINE, "groups": GROUPS}, {}, "group_normalised_energy"),
    ],
)
def test_dataset_that_has_what_a_score_needs_is_right(
    dataset: dict[str, Any], protocol: dict[str, Any], score: str
) -> None:
    check_config(asked(dataset, score, **protocol), SCHEMA)


@pytest.mark.parametrize(
    ("dataset", "protocol", "score", "sentence"),
    [
        (
            MINE,
            {},
            "group_msp",
            "methods.closed_set says group_msp, which needs groups of classes, but dataset mine has none; write "
            "datasets.mine.groups, or take the score out",
        ),
        (
            {"layout": "scannet", "root": "scannet"},
            {"unknown": ["sofa"], "train": ["train"], "evaluate": ["val"]},
            "group_msp",
            "says group_msp, which needs groups of classes, but dataset mine has none; take the score out",
        ),
        (
            MINE,
            {},
            "range_standardised_max_logit",
            "says range_standardised_max_logit, which reads how far points are from the sensor, but scenes of layout "
            "folder are not seen by one from their origin; take the score out",
        ),
    ],
)
def test_dataset_that_lacks_what_a_score_needs_is_a_sentence(
    dataset: dict[str, Any], protocol: dict[str, Any], score: str, sentence: str
) -> None:
    with pytest.raises(UserError) as told:
        check_config(asked(dataset, score, **protocol), SCHEMA)
    assert sentence in str(told.value)


def test_saved_logits_have_scores_of_groups_without_a_training(tmp_path: Path) -> None:
    config = asked(KITTI, "group_msp", **OF_KITTI)
    np.save(tmp_path / "08_000000.npy", np.zeros((2, 18)))
    config["recipes"]["theirs"] = {"kind": "saved_outputs", "folder": str(tmp_path)}
    config["tables"]["rooms"]["methods"] = {"theirs": ["group_msp", "odin"]}
    check_config(config, SCHEMA)
    config["tables"]["rooms"]["methods"] = {"theirs": ["openmax"]}
    with pytest.raises(UserError, match="says openmax, which reads logits of each scene and is fitted on log"):
        check_config(config, SCHEMA)
