"""What the config says of a folder of one's own clouds: its mistakes, and what a job that prepares a split sees."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from openworld3d.errors import UserError
from openworld3d.files import canonical_json
from openworld3d.workflow import slices
from openworld3d.workflow.config import check_config
from openworld3d.workflow.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
MINE: dict[str, Any] = {
    "layout": "folder",
    "root": "clouds",
    "label": "class",
    "classes": {"roof": [6], "ground": [2, 8], "tree": [5]},
    "splits": {"west": ["w/*.laz"], "east": ["e/*.laz"]},
}
PROTOCOL = {
    "dataset": "mine",
    "unknown": ["roof"],
    "unknown_points": "ignore",
    "train": ["west"],
    "evaluate": ["east"],
}


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    default: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    default["datasets"]["mine"] = copy.deepcopy(MINE)
    default["protocols"]["roof"] = copy.deepcopy(PROTOCOL)
    return default


def test_folder_is_right(config: dict[str, Any]) -> None:
    check_config(config, ROOT / "schemas/config.schema.yaml")


CASES: list[tuple[Callable[[dict[str, Any], dict[str, Any]], object], str]] = [
    (lambda mine, _: mine.pop("label"), "datasets.mine lacks the key label"),
    (
        lambda mine, _: mine.update(lable="class"),
        "mine has the key lable, which does not exist, did you mean label",
    ),
    (
        lambda mine, _: mine.update(generate={}),
        "mine has the key generate, which a dataset of layout folder does",
    ),
    (lambda mine, _: mine["classes"].update(wall=[2]), "datasets.mine.classes.wall has 2, which is ground already"),
    (lambda mine, _: mine.update(void=[5]), "datasets.mine.classes.tree has 5, which is void already"),
    (
        lambda mine, _: mine["classes"].update(wall="2"),
        "mine.classes.wall is '2', expected a list of whole num",
    ),
    (lambda mine, _: mine.update(things=["treee"]), "datasets.mine.things says treee, .* did you mean tree"),
    (
        lambda mine, _: mine.update(intensity_full=0),
        "mine.intensity_full is 0, expected the intensity from",
    ),
    (
        lambda mine, _: mine.update(layout="scannet"),
        "mine has the key .*, which a dataset of layout scannet does",
    ),
    (lambda mine, _: mine.pop("root"), "datasets.mine needs either root or generate, and not both"),
    (
        lambda _, roof: roof.update(train=["wets"]),
        "roof.train says wets, which does not exist, did you mean west",
    ),
    (lambda _, roof: roof.update(unknown=["rooof"]), "class rooof does not exist, did you mean roof"),
]


@pytest.mark.parametrize(("mistake", "sentence"), CASES, ids=[sentence for _, sentence in CASES])
def test_mistake_is_a_sentence(config: dict[str, Any], mistake: Callable[..., object], sentence: str) -> None:
    mistake(config["datasets"]["mine"], config["protocols"]["roof"])
    with pytest.raises(UserError, match=sentence):
        check_config(config, ROOT / "schemas/config.schema.yaml")


STREETS: dict[str, Any] = {"layout": "semantickitti", "generate": {"sequences": 2, "scans": 1, "seed": 0}}
ROOMS: dict[str, Any] = {"train": 2, "val": 1, "seed": 0, "spacing": 0.03}
GENERATED: list[tuple[dict[str, Any], str]] = [
    ({**STREETS, "generate": ROOMS}, "streets.generate has the key train, which does not exist"),
    ({**STREETS, "layout": "scannet"}, "streets.generate has the key sequences, which does not exist"),
    ({**STREETS, "layout": "nuscenes"}, "has the key generate, which a dataset of layout nuscenes does not have"),
    ({**STREETS, "generate": {"sequences": 2, "scan": 1, "seed": 0}}, "key scan, .* did you mean scans"),
    ({**STREETS, "generate": {"sequences": 2, "seed": 0}}, "streets.generate lacks the key scans"),
    ({**STREETS, "generate": {"sequences": 0, "scans": 1, "seed": 0}}, "sequences is 0, expected a whole number"),
    ({**STREETS, "root": "dataset"}, "datasets.streets needs either root or generate, and not both"),
    ({"layout": "semantickitti"}, "datasets.streets needs either root or generate, and not both"),
]


def test_streets_are_right(config: dict[str, Any]) -> None:
    config["datasets"]["streets"] = STREETS
    check_config(config, ROOT / "schemas/config.schema.yaml")
    assert slices.generate_slice(config, "streets") == {"sequences": 2, "scans": 1, "seed": 0}
    made = STEPS["prepare"].inputs["raw"](config, {"dataset": "streets", "split": "01"})
    assert [(one.step, one.output) for one in made] == [("generate_streets", "out")]


@pytest.mark.parametrize(("dataset", "sentence"), GENERATED, ids=[sentence for _, sentence in GENERATED])
def test_layout_is_generated_by_its_own_keys(config: dict[str, Any], dataset: dict[str, Any], sentence: str) -> None:
    config["datasets"]["streets"] = dataset
    with pytest.raises(UserError, match=sentence):
        check_config(config, ROOT / "schemas/config.schema.yaml")


def test_job_sees_its_own_split_and_the_order_of_the_classes(config: dict[str, Any]) -> None:
    seen = slices.prepare_slice(config, "mine", "east")
    assert seen["classes"] == ["roof", "ground", "tree"]
    assert seen["keys"]["classes"] == [["roof", [6]], ["ground", [2, 8]], ["tree", [5]]]
    assert seen["keys"]["splits"] == {"east": ["e/*.laz"]}
    assert (seen["keys"]["void"], seen["keys"]["intensity_full"]) == ([], None)
    before = canonical_json(seen)
    config["datasets"]["mine"]["splits"]["west"] = ["w/1.laz"]
    assert canonical_json(slices.prepare_slice(config, "mine", "east")) == before
    config["datasets"]["mine"]["classes"] = {"ground": [2, 8], "roof": [6], "tree": [5]}
    assert canonical_json(slices.prepare_slice(config, "mine", "east")) != before


def test_things_of_a_folder_are_what_the_config_says(config: dict[str, Any]) -> None:
    assert slices.known_things(config, "roof") == []
    config["datasets"]["mine"]["things"] = ["roof", "tree"]
    assert slices.known_things(config, "roof") == ["tree"]
    assert "chair" in slices.known_things(config, "sofa")


def test_job_of_another_layout_sees_its_classes_and_no_keys(config: dict[str, Any]) -> None:
    seen = slices.prepare_slice(config, "rooms", "val")
    assert seen["keys"] == {}
    assert seen["classes"][0] == "wall"
    assert "root" not in seen
