"""A key changes with each part of what makes a result, and with nothing else."""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

import pytest
from tests.configs import ROOT, read
from tests.forgetting import forget

from openworld3d.published.rows import read_rows
from openworld3d.workflow import keys as module
from openworld3d.workflow.inputs import Made
from openworld3d.workflow.keys import Keys, key_of
from openworld3d.workflow.steps import STEPS

DEFAULT = read()
WILDCARDS = {
    "dataset": "rooms",
    "split": "val",
    "protocol": "sofa",
    "backbone": "stratified_small",
    "recipe": "closed_set",
    "seed": "0",
    "coverage": "single",
    "score": "gen",
    "shard": "1of1",
    "table": "rooms",
    "environment": "cpu",
}
SAVED = ("import_outputs", {**WILDCARDS, "recipe": "theirs"})
STEPS_SEEN: dict[str, tuple[str, dict[str, str]]] = {
    **{
        step: (step, WILDCARDS)
        for step in (
            "generate_rooms",
            "prepare",
            "check_protocol",
            "train",
            "infer",
            "sample_training",
            "score",
            "measure",
            "export_clouds",
            "make_table",
            "make_report",
            "draw_figures",
            "check_environment",
        )
    },
    "import_outputs": SAVED,
}
WITH_PUBLISHED = {"make_table", "make_report"}
OF_TABLE = {"draw_figures", *WITH_PUBLISHED}
AFTER_SCORE = {"score", "measure", "export_clouds", *OF_TABLE}
AFTER_TRAIN = {"train", "infer", "sample_training", *AFTER_SCORE}
AFTER_PREPARE = {"prepare", "check_protocol", "import_outputs", *AFTER_TRAIN}
Change = Callable[[Dict[str, Any]], None]


def forget_all() -> None:
    """Let the next look at files be another call's."""
    forget()
    module.digest_of_environment.cache_clear()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project's code and environments."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("workflow_scripts", "envs", "published"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def project(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of the copied project, which becomes what it was."""
    monkeypatch.chdir(copied)
    forget_all()
    yield copied
    forget_all()


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the default config with one method in its table, and what somebody else saved."""
    config = copy.deepcopy(DEFAULT)
    config["tables"]["rooms"]["methods"] = {"closed_set": ["gen"]}
    config["recipes"]["theirs"] = {"kind": "saved_outputs", "folder": "theirs"}
    return config


def all_keys(config: dict[str, Any]) -> dict[str, str]:
    """Return the key of each step's result, of a generator's where scans are generated."""
    found, is_generated = Keys(config), "generate" in config["datasets"]["rooms"]
    return {
        name: found.result(step, wildcards).key
        for name, (step, wildcards) in STEPS_SEEN.items()
        if is_generated or step != "generate_rooms"
    }


def others(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_key_is_twelve_letters_and_no_two_steps_share_one(project: Path, config: dict[str, Any]) -> None:
    keys = all_keys(config)
    assert all(re.fullmatch("[a-p]{12}", key) and re.fullmatch(module.PATTERN, key) for key in keys.values())
    assert len(set(keys.values())) == len(keys)
    assert all_keys(config) == keys


def put(value: object, *path: str) -> Change:
    def change(config: dict[str, Any]) -> None:
        for part in path[:-1]:
            config = config[part]
        config[path[-1]] = value

    return change


def reorder(config: dict[str, Any]) -> None:
    """Turn around the order of every mapping but those whose order is a table's."""
    for name in ("datasets", "protocols", "backbones", "recipes", "scores", "evaluation"):
        entries = config[name]
        turned = {
            key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in entries.items()
        }
        config[name] = dict(reversed(turned.items()))


CONFIGS: list[tuple[Change, set[str]]] = [
    (put(20, "recipes", "closed_set", "epochs"), AFTER_TRAIN),
    (put(20, "recipes", "dropout", "epochs"), set()),
    (put(0.2, "backbones", "stratified_small", "grid_size"), AFTER_TRAIN),
    (put(9, "backbones", "stratified_small", "inference_voxels"), {"infer", "sample_training", *AFTER_SCORE}),
    (put(["sofa", "bed"], "protocols", "sofa", "unknown"), {"check_protocol", "import_outputs", *AFTER_TRAIN}),
    (put(["bed"], "protocols", "four_unknown", "unknown"), set()),
    (put(1, "datasets", "rooms", "generate", "seed"), {"generate_rooms", *AFTER_PREPARE}),
    (put(2, "datasets", "rooms", "shards"), set()),
    (put(0.2, "scores", "gen", "gamma"), AFTER_SCORE),
    (put(0.2, "scores", "energy", "temperature"), set()),
    (put("float16", "evaluation", "stored_precision"), {"infer", *AFTER_SCORE}),
    (put(12, "evaluation", "bits"), AFTER_SCORE),
    (put(10, "evaluation", "replicates"), {"measure", *OF_TABLE}),
    (put(["aupr"], "tables", "rooms", "metrics"), OF_TABLE),
    (put("elsewhere", "recipes", "theirs", "folder"), set()),
    (reorder, set()),
]


@pytest.mark.parametrize(("change", "expected"), CONFIGS)
def test_slice_of_the_config_counts(
    project: Path, config: dict[str, Any], change: Change, expected: set[str]
) -> None:
    before = all_keys(config)
    change(config)
    assert others(before, all_keys(config)) == expected


def test_published_number_counts_for_the_tables_of_its_protocol_alone(project: Path, config: dict[str, Any]) -> None:
    file = project / "published/pdf.yaml"
    text = file.read_text()

    def keys_with(number: str) -> dict[str, str]:
        file.write_text(text.replace("aupr: 68.9", f"aupr: {number}"))
        read_rows.cache_clear()
        return all_keys(config)

    try:
        assert others(keys_with("68.9"), keys_with("68.8")) == set()
        named = {"named": "pdf_scannet", "unknown": ["chair", "door", "refrigerator", "toilet"]}
        config["protocols"]["sofa"].update(named)
        assert others(keys_with("68.9"), keys_with("68.8")) == set()  # of rooms that are generated
        del config["datasets"]["rooms"]["generate"]
        config["datasets"]["rooms"]["root"] = "scannet"
        assert others(keys_with("68.9"), keys_with("68.8")) == WITH_PUBLISHED
    finally:
        file.write_text(text)
        read_rows.cache_clear()


@pytest.fixture
def edit(project: Path) -> Iterator[Callable[[str, str], None]]:
    """Return a function that adds a text to a file of the copied project, until the test ends."""
    before: dict[Path, str] = {}

    def add(name: str, text: str) -> None:
        file = project / name
        before[file] = file.read_text()
        file.write_text(before[file] + text)
        forget_all()

    yield add
    for file, text in before.items():
        file.write_text(text)


LIBRARY = "workflow_scripts/openworld3d"
FILES: list[tuple[str, str, set[str]]] = [
    ("workflow_scripts/measure.py", "# changed\n", {"measure", *OF_TABLE}),
    ("workflow_scripts/train.py", "# changed\n", AFTER_TRAIN),
    ("workflow_scripts/job.py", "# changed\n", set()),
    (f"{LIBRARY}/training/optimizer.py", "# changed\n", AFTER_TRAIN),
    (f"{LIBRARY}/training/monitor.py", "# changed\n", set()),
    (f"{LIBRARY}/scores/gen.py", "# changed\n", AFTER_SCORE),
    (f"{LIBRARY}/scores/msp.py", "# changed\n", set()),
    (f"{LIBRARY}/datasets/scannet.py", "# changed\n", {"generate_rooms", *AFTER_PREPARE}),
    (f"{LIBRARY}/datasets/s3dis.py", "# changed\n", set()),
    (f"{LIBRARY}/workflow/plan.py", "# changed\n", set()),
    ("envs/cpu.yaml", "  - zlib =1.2.13\n", {"check_environment", *AFTER_TRAIN}),
    ("envs/cpu.yaml", "# changed\n", set()),
    ("envs/cuda_current.yaml", "  - zlib =1.2.13\n", set()),
    (
        "envs/metrics.yaml",
        "  - zlib =1.2.13\n",
        {"generate_rooms", "prepare", "check_protocol", "import_outputs", *AFTER_TRAIN},
    ),
]


@pytest.mark.parametrize(("name", "text", "expected"), FILES)
def test_code_and_environment_count(
    config: dict[str, Any], edit: Callable[[str, str], None], name: str, text: str, expected: set[str]
) -> None:
    before = all_keys(config)
    edit(name, text)
    assert others(before, all_keys(config)) == expected


def test_files_from_outside_count(project: Path, config: dict[str, Any]) -> None:
    before = all_keys(config)
    (project / "theirs").mkdir()
    (project / "theirs/hall.npy").write_text("saved")
    forget_all()
    after = all_keys(config)
    assert others(before, after) == {"import_outputs"}
    (project / "theirs/hall.npy").write_text("other")
    forget_all()
    assert others(after, all_keys(config)) == {"import_outputs"}


def test_paths_of_a_job_hold_its_key(project: Path, config: dict[str, Any]) -> None:
    keys = Keys(config)
    job = keys.job("infer", {**WILDCARDS, "shard": "1of4"})
    weights = keys.path(Made("train", "weights", WILDCARDS))
    run = "results/runs/sofa/stratified_small/closed_set/seed0"
    assert weights == f"{run}/{keys.result('train', WILDCARDS).key}/weights.npz"
    assert job.outputs == {"out": f"{run}/single/{job.key}/outputs/1of4/manifest.json"}
    assert job.record == f"{run}/single/{job.key}/outputs/1of4.provenance.json"
    assert job.inputs["weights"] == [weights]
    assert job.records[weights] == weights.replace(".npz", ".provenance.json")
    assert job.key == key_of("infer", job.parts)


def test_shards_share_a_key(project: Path, config: dict[str, Any]) -> None:
    keys = Keys(config)
    one, other = (keys.result("infer", {**WILDCARDS, "shard": shard}) for shard in ("1of4", "2of4"))
    assert one is other


def test_nothing_is_made_of_what_a_job_only_waits_for(project: Path, config: dict[str, Any]) -> None:
    """The check of a protocol says which scenes watch a training, and a table waits for it."""
    for step in ("train", "make_table"):
        kind = STEPS[step]
        assert {**kind.informs, **kind.waits}
        parts = Keys(config).parts(step, WILDCARDS)
        assert not [
            address for inputs in parts["inputs"].values() for address in inputs if "check_protocol" in address
        ]


def test_results_behind_an_output_are_there_once(project: Path, config: dict[str, Any]) -> None:
    keys = Keys(config)
    behind = keys.behind([Made("measure", "out", WILDCARDS), Made("measure", "replicates", WILDCARDS)])
    addresses = [result.address for result in behind]
    assert len(addresses) == len(set(addresses))
    assert {result.step for result in behind} == {
        *("generate_rooms", "prepare", "check_protocol", "train", "infer", "sample_training"),
        *("score", "measure"),
    }
