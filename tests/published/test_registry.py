"""Each protocol of the registry names what exists, and agrees with the devkits as far as those were read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from openworld3d.errors import UserError
from openworld3d.metrics.table import METRICS
from openworld3d.plugins import declared, plugin_names
from openworld3d.published.differences import classes_of_raw_ids, status_of, unknown_of
from openworld3d.published.registry import Data, NamedProtocol, Spec, read_registry, spec_of

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = read_registry(ROOT / "published")
WITH_KEYS = {name: protocol for name, protocol in REGISTRY.protocols.items() if protocol.keys is not None}
OTHER_VEHICLE = [13, 16, 20, 256, 257, 259]


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("protocol", WITH_KEYS.values(), ids=WITH_KEYS.keys())
def test_protocol_is_consistent(protocol: NamedProtocol) -> None:
    spec = protocol.spec
    assert set(protocol.metrics) <= {*METRICS}
    ids = [*spec.unknown_raw_ids, *spec.inlier_raw_ids, *spec.void_raw_ids]
    assert len(ids) == len(set(ids)), "a raw id in two lists"
    assert spec.train is not None
    assert spec.train.dataset != spec.evaluate.dataset or not {*spec.train.splits} & {*spec.evaluate.splits}
    for source in protocol.source:
        assert bool(source.repository) == bool(source.commit)


@pytest.mark.parametrize("protocol", WITH_KEYS.values(), ids=WITH_KEYS.keys())
def test_classes_and_raw_ids_are_those_of_the_layout(protocol: NamedProtocol) -> None:
    spec = protocol.spec
    if spec.evaluate.dataset in plugin_names("datasets"):
        assert set(spec.unknown) < set(declared("datasets", spec.evaluate.dataset, "CLASSES"))
    table = classes_of_raw_ids(spec.evaluate.dataset)
    if table and spec.void_raw_ids:
        void = {raw_id for raw_id, name in table.items() if name is None} - {*REGISTRY.raw_ids["more"]}
        assert void == {*spec.void_raw_ids} | (void & {*spec.unknown_raw_ids, *spec.inlier_raw_ids})


@pytest.mark.parametrize(
    ("name", "unknown", "void"),
    [  # of semantic_kitti_api's config, of its wording, of REL's description
        ("real_semantickitti", [*OTHER_VEHICLE, 99], [0, 1, 52]),
        ("semantickitti_other_vehicle", OTHER_VEHICLE, [0, 1, 52, 99]),
        ("semantickitti_void", [52, 99], [0, 1]),
        ("semantickitti_closed", [], [0, 1, 52, 99]),
    ],
)
def test_raw_ids_of_semantickitti(name: str, unknown: list[int], void: list[int]) -> None:
    spec = REGISTRY.protocols[name].spec
    ids = [raw_id for raw_id in classes_of_raw_ids("semantickitti") if raw_id not in REGISTRY.raw_ids["more"]]
    assert [raw_id for raw_id in ids if status_of(spec, raw_id) == "unknown"] == sorted(unknown)
    assert [raw_id for raw_id in ids if status_of(spec, raw_id) == "void"] == void


def test_stu_is_that_of_its_devkit() -> None:
    """compute_point_level_ood.py and conf/semantic-kitti.yaml of kumuji/stu_dataset at b1d8146."""
    val, test = (REGISTRY.protocols[name].spec for name in ("stu_val", "stu_test"))
    assert val.evaluate == Data("stu", ("125", *map(str, range(137, 154)), "169"))
    assert len(val.evaluate.splits) == 19
    assert test.evaluate.splits == tuple(map(str, [*range(100, 125), *range(126, 137), *range(154, 169)]))
    assert len(test.evaluate.splits) == 51
    for spec in (val, test):
        assert (spec.range, spec.min_unknown_points, spec.ap, spec.fpr95, spec.pool) == (
            (2.5, 50),
            5,
            "step",
            "strict",
            "points",
        )
        assert (spec.unknown_raw_ids, spec.inlier_raw_ids, spec.void_raw_ids) == ((2,), (1, 52, 99), (0,))
        assert spec.objects == {"eps": 1.0, "min_samples": 1, "threshold": 0.5}


def test_unknown_classes_by_raw_id_are_those_by_name() -> None:
    by_id = Spec(Data("semantickitti", ("08",)), unknown_raw_ids=(*OTHER_VEHICLE, 99))
    part = Spec(Data("semantickitti", ("08",)), unknown_raw_ids=(13, 99))
    assert unknown_of(by_id) == unknown_of(REGISTRY.protocols["real_semantickitti"].spec) == {"other-vehicle", "99"}
    assert unknown_of(part) == {"13", "99"}


def test_keys_are_said_whole() -> None:
    keys: dict[str, Any] = {
        "train": {"dataset": "a", "splits": ["x"]},
        "evaluate": {"dataset": "b", "splits": ["y", "z"]},
        "unknown_raw_ids": [2],
        "range": [2.5, 50],
    }
    expected = Spec(Data("b", ("y", "z")), Data("a", ("x",)), unknown_raw_ids=(2,), range=(2.5, 50))
    assert spec_of(keys) == expected
    assert (expected.ap, expected.fpr95, expected.pool, expected.unknown_points) == (
        "step",
        "reached",
        "points",
        "ignore",
    )


def test_raw_ids_of_the_page_are_known() -> None:
    raw_ids = REGISTRY.raw_ids
    known = {*classes_of_raw_ids(raw_ids["dataset"]), *raw_ids["more"]}
    assert {
        *raw_ids["names"],
        *raw_ids["shares"],
        *(one for map in raw_ids["training"] for one in map["ids"]),
    } <= known
    assert {*raw_ids["protocols"]} <= {*REGISTRY.protocols}


def test_85_percent_of_the_positives_are_other_object() -> None:
    """The content table of semantic_kitti_api's config, in percent."""
    shares = REGISTRY.raw_ids["shares"]
    other_vehicle = sum(shares[raw_id] for raw_id in OTHER_VEHICLE)
    assert shares[99] / (shares[99] + other_vehicle) == pytest.approx(0.85, abs=0.005)
    assert shares[99] / (shares[99] + shares[52]) == pytest.approx(0.81, abs=0.005)
    counted = 100 - shares[0] - shares[1]
    assert other_vehicle / (counted - shares[52] - shares[99]) == pytest.approx(0.0019, abs=0.00005)
    assert (other_vehicle + shares[99]) / (counted - shares[52]) == pytest.approx(0.012, abs=0.0005)
    assert (shares[52] + shares[99]) / counted == pytest.approx(0.013, abs=0.0005)


def test_protocol_that_does_not_exist_is_a_sentence() -> None:
    sentence = (
        "config: protocols.a.named says stu, but there is no such protocol, did you mean stu_val; choose one of real_"
    )
    with pytest.raises(UserError, match=sentence):
        REGISTRY.protocol("stu", "config: protocols.a.named")


def test_protocol_whose_unknown_was_not_found_cannot_be_used() -> None:
    with pytest.raises(
        UserError, match="hgmm_semantickitti has no keys, as what is unknown in it was not found; choose"
    ):
        assert REGISTRY.protocols["hgmm_semantickitti"].spec


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (
            ["ap"],
            "trapezium",
            r"protocols.stu_val.keys.ap: 'trapezium' is not one of \['step', 'trapezoid'\]; correct it, as ",
        ),
        (["range"], [2.5], r"protocols.stu_val.keys.range: \[2.5\] is too short"),
        (["objects", "threshold"], "guessed", "keys.objects.threshold: 'guessed' is not valid"),
        (["unknown_ids"], [2], r"protocols.stu_val.keys: Additional properties .*\('unknown_ids' was unexpected\)"),
    ],
)
def test_mistake_in_the_registry_is_a_sentence(tmp_path: Path, place: list[str], value: Any, sentence: str) -> None:
    shutil.copytree(ROOT / "published", tmp_path / "published")
    file = tmp_path / "published/protocols.yaml"
    registry = yaml.safe_load(file.read_text())
    *parents, last = ["protocols", "stu_val", "keys", *place]
    entry = registry
    for parent in parents:
        entry = entry[parent]
    entry[last] = value
    file.write_text(yaml.safe_dump(registry))
    with pytest.raises(UserError, match=sentence):
        read_registry(file.parent)
