"""What the config says of a folder of one's own clouds: its mistakes, and what a job that prepares a split sees."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from tests.configs import ROOT, read

from openworld3d.errors import UserError
from openworld3d.files import canonical_json
from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow import slices
from openworld3d.workflow.config import check_config
from openworld3d.workflow.steps import STEPS

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
    default = read()
    default["datasets"]["mine"] = copy.deepcopy(MINE)
    default["protocols"]["roof"] = copy.deepcopy(PROTOCOL)
    default["tables"]["rooms"]["protocols"].append("roof")
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
        lambda mine, _: mine["classes"].update(void=[7]),
        "mine.classes.void is a word of protocols, for points of no class; ",
    ),
    (
        lambda mine, _: mine["classes"].update(inlier=[7]),
        "mine.classes.inlier is a word of protocols, for points of no",
    ),
    (
        lambda mine, _: mine["classes"].update(wall="2"),
        "mine.classes.wall is '2', expected a list of whole num",
    ),
    (lambda mine, _: mine.update(things=["treee"]), "datasets.mine.things says treee, .* did you mean tree"),
    (
        lambda mine, _: mine.update(groups={"low": ["ground"], "high": ["roof", "treee"]}),
        "datasets.mine.groups.high says treee, which does not exist, did you mean tree",
    ),
    (
        lambda mine, _: mine.update(groups={"low": ["ground", "tree"], "high": ["roof", "tree"]}),
        "datasets.mine.groups.high has tree, which is in group low already",
    ),
    (
        lambda mine, _: mine.update(groups={"high": ["roof"]}),
        "datasets.mine.groups leaves out ground, tree, expected each class in a group",
    ),
    (
        lambda mine, _: mine.update(groups={"all": []}),
        "mine.groups.all is \\[\\], expected a list of one or more names",
    ),
    (
        lambda mine, _: mine.update(intensity_full=0),
        "mine.intensity_full is 0, expected the intensity from",
    ),
    (
        lambda mine, _: mine.update(layout="scannet"),
        "mine has the keys label, classes and splits, which a dataset of layout scannet does",
    ),
    (lambda mine, _: mine.pop("root"), "datasets.mine needs either root or generate, and not both"),
    (
        lambda _, roof: roof.update(train=["wets"]),
        "roof.train says wets, which does not exist, did you mean west",
    ),
    (lambda _, roof: roof.update(unknown=["rooof"]), "class rooof does not exist, did you mean roof"),
]


def test_classes_are_as_many_as_a_label_tells_apart(config: dict[str, Any]) -> None:
    mine = config["datasets"]["mine"]
    mine["classes"] = {"roof": [0], **{f"class {number}": [number] for number in range(1, 255)}}
    check_config(config, ROOT / "schemas/config.schema.yaml")
    for more in (256, 300, 1000):
        mine["classes"].update({f"class {number}": [number] for number in range(255, more)})
        with pytest.raises(UserError) as told:
            check_config(config, ROOT / "schemas/config.schema.yaml")
        assert str(told.value).startswith(f"config: datasets.mine has {more} classes, expected at most 255; join")


@pytest.mark.parametrize(("mistake", "sentence"), CASES, ids=[sentence for _, sentence in CASES])
def test_mistake_is_a_sentence(config: dict[str, Any], mistake: Callable[..., object], sentence: str) -> None:
    mistake(config["datasets"]["mine"], config["protocols"]["roof"])
    with pytest.raises(UserError, match=sentence):
        check_config(config, ROOT / "schemas/config.schema.yaml")


STREETS: dict[str, Any] = {"layout": "semantickitti", "generate": {"sequences": 2, "scans": 1, "seed": 0}}
ROOMS: dict[str, Any] = {"train": 2, "val": 1, "seed": 0, "spacing": 0.03}
GENERATED: list[tuple[dict[str, Any], str]] = [
    ({**STREETS, "generate": ROOMS}, "streets.generate has the keys train, val and spacing, which do not exist"),
    ({**STREETS, "layout": "scannet"}, "streets.generate has the keys sequences and scans, which do not exist"),
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
    config["protocols"]["roof"]["dataset"] = "streets"
    with pytest.raises(UserError, match=sentence):
        check_config(config, ROOT / "schemas/config.schema.yaml")


ANOMALIES: dict[str, Any] = {"sequences": 2, "scans": 1, "anomalies": 3, "seed": 0}
OF_STU: list[tuple[dict[str, Any], str]] = [
    ({"layout": "stu"}, "datasets.streets needs either root or generate, and not both"),
    ({"layout": "stu", "generate": STREETS["generate"]}, "streets.generate lacks the key anomalies"),
    (
        {"layout": "stu", "generate": {**ANOMALIES, "anomalies": 11}},
        "anomalies is 11, expected the number of objects of no class in each street, 1 to 10",
    ),
    ({**STREETS, "generate": ANOMALIES}, "streets.generate has the key anomalies, which does not exist"),
    (
        {"layout": "stu", "root": "x", "intensity_full": 0},
        "streets.intensity_full is 0, expected the intensity from which on a point counts as brightest, a number",
    ),
    ({**STREETS, "intensity_full": 1}, "intensity_full, which a dataset of layout semantickitti does not have"),
]


@pytest.mark.parametrize(("dataset", "sentence"), OF_STU, ids=[sentence for _, sentence in OF_STU])
def test_mistake_of_a_scanned_dataset_is_a_sentence(
    config: dict[str, Any], dataset: dict[str, Any], sentence: str
) -> None:
    config["datasets"]["streets"] = dataset
    config["protocols"]["roof"]["dataset"] = "streets"
    with pytest.raises(UserError, match=sentence):
        check_config(config, ROOT / "schemas/config.schema.yaml")


@pytest.mark.parametrize(
    ("dataset", "generator"),
    [
        ({"layout": "stu", "generate": ANOMALIES}, ["generate_street_anomalies"]),
        ({"layout": "stu", "root": "x"}, []),
        ({"layout": "semanticposs", "root": "x"}, []),
        ({"layout": "nuscenes_kitti", "root": "x", "intensity_full": 1}, []),
    ],
)
def test_scans_are_generated_where_the_config_says(
    config: dict[str, Any], dataset: dict[str, Any], generator: list[str]
) -> None:
    config["datasets"]["scans"] = dataset
    check_config(config, ROOT / "schemas/config.schema.yaml")
    made = STEPS["prepare"].inputs["raw"](config, {"dataset": "scans", "split": "101"})
    assert [one.step for one in made] == generator
    keys = slices.prepare_slice(config, "scans", "101")["keys"]
    assert "generate" not in keys
    assert keys["intensity_full"] == 1


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


def test_groups_are_no_matter_to_the_scenes(config: dict[str, Any]) -> None:
    before = canonical_json(slices.prepare_slice(config, "mine", "east"))
    config["datasets"]["mine"]["groups"] = {"low": ["ground"], "high": ["roof", "tree"]}
    check_config(config, ROOT / "schemas/config.schema.yaml")
    assert canonical_json(slices.prepare_slice(config, "mine", "east")) == before


@pytest.mark.parametrize("layout", plugin_names("datasets"))
def test_groups_of_a_layout_have_each_class_once(layout: str) -> None:
    grouped = [name for names in declared("datasets", layout, "GROUPS").values() for name in names]
    assert sorted(grouped) == (sorted(declared("datasets", layout, "CLASSES")) if grouped else [])


def test_things_of_a_folder_are_what_the_config_says(config: dict[str, Any]) -> None:
    assert slices.known_things(config, "roof") == []
    config["datasets"]["mine"]["things"] = ["roof", "tree"]
    assert slices.known_things(config, "roof") == ["tree"]
    assert "chair" in slices.known_things(config, "sofa")


def test_job_of_another_layout_sees_its_classes_and_no_keys(config: dict[str, Any]) -> None:
    seen = slices.prepare_slice(config, "rooms", "val")
    assert seen["keys"] == {"normals": False}
    assert seen["classes"][0] == "wall"
    assert "root" not in seen
