"""What a small report is made of: two protocols of three scenes, two networks, and their methods."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
from tests.commands.conftest import write_manifest, write_outputs, write_scores

from openworld3d.metrics.statistics import Points, merge, of_scene, save
from openworld3d.scenes.scene import NO_INSTANCE, VOID, Scene, save_scene
from openworld3d.workflow.steps import STEPS

CLASSES = ["wall", "floor", "sofa", "lamp"]
NAMES = ("attic", "cellar", "hall")
PROTOCOLS = {"no_sofa": "sofa", "no_lamp": "lamp"}
# By recipe and score, how far the scores of unknown points lie from those of known ones.
METHODS = {("closed_set", "msp"): 0.8, ("closed_set", "knn"): 1.6, ("pdf", "unknown_logit"): 3.0}
METRICS = ["aupr", "fpr95", "miou_known", "lift"]
PUBLISHED = {
    "rows": [{"protocol": "no_sofa", "backbone": "Any", "method": "PDF [1]", "numbers": {"aupr": "0.689?"}}],
    "notes": ["[1] Xu et al. 2024, table 2: not verified."],
}
HISTORY = "epoch,train_loss,val_loss,train_miou,val_miou,val_aupr_msp\n1,2.0,1.5,0.2,0.3,0.1\n2,1.0,1.2,0.6,0.5,nan\n"
Command = Callable[..., None]


def room(seed: int) -> Scene:
    """Return a room of 700 points: floor, two walls, a sofa of 90 points, a lamp of 30, and some void."""
    random = np.random.default_rng(seed)
    flat = random.random((700, 3)) * [4, 3, 2.5]
    flat[:300, 2], flat[300:430, 0], flat[430:560, 1] = 0, 0, 3  # floor and walls
    flat[560:650] = flat[560:650] * [0.3, 0.3, 0.3] + [1.5, 1, 0]
    flat[650:680] = flat[650:680] * [0.05, 0.05, 0.6] + [3, 2, 0]
    label = np.repeat([1, 0, 2, 3, VOID], [300, 260, 90, 30, 20]).astype(np.uint8)
    colour = random.integers(60, 220, (700, 3)).astype(np.uint8)
    return Scene(flat.astype(np.float32), label, np.full(700, NO_INSTANCE, np.int32), color=colour)


def write_report(
    folder: Path,
    command: Command,
    methods: dict[Any, float] = METHODS,
    scenes: int = 3,
    shards: int = 1,
    **changed: Any,
) -> Path:
    """Make the report and the table of what was written to a folder; return the page.

    changed: keys of the config of `make_report` with other values.
    """
    rooms = {name: room(seed) for seed, name in enumerate(NAMES[:scenes])}
    for name, scene in rooms.items():
        save_scene(folder / "scenes" / f"{name}.npz", scene)
    entries = [{"name": name, "points": len(scene)} for name, scene in rooms.items()]
    manifest = write_manifest(folder / "scenes", {"dataset": "rooms", "classes": CLASSES, "scenes": entries})
    files: dict[str, list[Path]] = {name: [] for name in ("metrics", "replicates", "statistics", "scores", "outputs")}
    rows = []
    for protocol, unknown in PROTOCOLS.items():
        for recipe in dict.fromkeys(recipe for recipe, _ in methods):
            place, index = folder / protocol / recipe, CLASSES.index(unknown)
            parts = {f"{number + 1}of{shards}": NAMES[number:scenes:shards] for number in range(shards)}
            split = {shard: {name: rooms[name] for name in names} for shard, names in parts.items()}
            outputs = [write_predictions(place / "outputs" / shard, part, index) for shard, part in split.items()]
            for (of, score), distance in methods.items():
                if of == recipe:
                    found = write_method(place / score, split, unknown, distance, command)
                    for name in files:
                        files[name] += outputs if name == "outputs" else found[name]
                    write_record(found["metrics"][0], folder, protocol, recipe, score)
                    rows.append(identity(protocol, recipe, score))
    history, check = folder / "history.csv", folder / "check.json"
    history.write_text(HISTORY)
    check.write_text(json.dumps({"scenes_without_unknown": ["attic"], "without_training": []}))
    config = {**config_of(rows), **changed}
    page = folder / "small.html"
    read = [part for name, paths in files.items() for part in (f"--{name}", *paths)]
    read += ["--scenes", *[manifest] * len(PROTOCOLS), "--labels", "--histories", *[history] * 2]
    read += ["--checks", *[check] * len(PROTOCOLS), "--benchmarks", folder / "benchmarks"]
    command("make_report", "--config", json.dumps(config), *read, "--html", page)
    targets = STEPS["make_table"].outputs.items()
    wanted = [part for name, file in targets for part in (option(name), folder / file.format(table="small"))]
    rows_files = ["--metrics", *files["metrics"], "--replicates", *files["replicates"]]
    seen = {key: config[key] for key in ("table", "metrics", "rows", "conventions", "counting", "published")}
    command("make_table", "--config", json.dumps(seen), *rows_files, *wanted)
    return page


def option(name: str) -> str:
    """Return the option of a command that says where an output goes."""
    return f"--{name.replace('_', '-')}"


def identity(protocol: str, recipe: str, score: str) -> dict[str, Any]:
    """Return what identifies a row."""
    return {
        "dataset": "rooms",
        "protocol": protocol,
        "backbone": "small",
        "recipe": recipe,
        "coverage": "single",
        "score": score,
        "method": f"{recipe} + {score}",
        "seed": 0,
        "trains_on_unknown": False,
    }


def config_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what `make_report` sees of the config."""
    return {
        "table": "small",
        "metrics": METRICS,
        "rows": rows,
        "conventions": {protocol: {} for protocol in PROTOCOLS},
        "counting": {protocol: {} for protocol in PROTOCOLS},
        "published": PUBLISHED,
        "taught": [[] for _ in rows],
        "protocols": {
            protocol: {
                "train": {"dataset": "rooms", "splits": ["train"]},
                "evaluate": {"dataset": "rooms", "splits": ["val"]},
                "unknown": [unknown],
                "unknown_points": "ignore",
                "named": None,
                "generated": True,
                "relabelled": False,
            }
            for protocol, unknown in PROTOCOLS.items()
        },
        "trainings": [
            {"protocol": "no_sofa", "backbone": "small", "recipe": recipe, "seed": 0}
            for recipe in ("closed_set", "pdf")
        ],
    }


def write_predictions(folder: Path, rooms: dict[str, Scene], unknown: int) -> Path:
    """Write outputs that predict known classes right and the unknown one as walls."""
    logits = {}
    for name, scene in rooms.items():
        right = np.where(np.isin(scene.label, [unknown, VOID]), 0, scene.label)
        logits[name] = np.eye(len(CLASSES))[right][:, [0, 1, 5 - unknown]].astype(np.float32)
    manifest = write_outputs(folder, logits)
    return write_manifest(
        folder, {**json.loads(manifest.read_text()), "columns": ["wall", "floor", CLASSES[5 - unknown]]}
    )


def write_method(
    folder: Path, split: dict[str, dict[str, Scene]], unknown: str, distance: float, command: Command
) -> dict[str, list[Path]]:
    """Write scores of a method, by shard, their statistics and metrics; return the files of each."""
    index = CLASSES.index(unknown)
    known = [number for number in range(len(CLASSES)) if number != index]
    files: dict[str, list[Path]] = {"scores": [], "statistics": []}
    for shard, rooms in split.items():
        scores, found = {}, []
        for name, scene in rooms.items():
            noise = np.random.default_rng(NAMES.index(name)).normal(0, 1, len(scene))
            score = (noise + distance * (scene.label == index)).astype(np.float32)
            scores[name] = score
            prediction = np.where(np.isin(scene.label, [index, VOID]), 0, scene.label).astype(np.uint8)
            found.append(of_scene(name, CLASSES, known, Points(scene.label, prediction, score, -score), 12, 1.5))
        files["scores"].append(write_scores(folder / "scores" / shard, scores))
        files["statistics"].append(folder / "statistics" / f"{shard}.npz")
        save(files["statistics"][-1], merge(found))
    files.update(metrics=[folder / "metrics.json"], replicates=[folder / "replicates.npz"])
    config = {"unknown": [unknown], "taught": [], "beyond": [], "inliers": [], "replicates": 50}
    read = ["--statistics", *files["statistics"], "--before", "--scores", "--outputs", "--scenes", "none.json"]
    made = ["--out", *files["metrics"], "--replicates", *files["replicates"]]
    command("measure", "--config", json.dumps(config), *read, *made)
    return files


def write_record(metrics: Path, folder: Path, protocol: str, recipe: str, score: str) -> None:
    """Write the records of a method's measurement and of the training behind it, and what that cost."""
    run = {"protocol": protocol, "backbone": "small", "recipe": recipe, "seed": "0"}
    training = metrics.with_name("training.provenance.json")
    measured = {
        "step": "measure",
        "wildcards": {**run, "score": score},
        "key": "aaaaaaaaaaaa",
        "records": [str(training)],
    }
    trained = {"step": "train", "wildcards": run, "key": "bbbbbbbbbbbb", "records": []}
    about = {
        "state": {"commit": "0123456789abcdef", "changed": ["config.yaml"]},
        "parts": {"config": {"epochs": 2}},
        "threads": "1",
        "software": {
            "processor": "a processor",
            "platform": "Linux",
            "python": "3.11.7",
            "packages": {"torch": "2.1.0", "numpy": "1.26.0"},
            "driver": {"gpus": []},
        },
    }
    metrics.with_suffix(".provenance.json").write_text(json.dumps({**measured, **about}))
    training.write_text(json.dumps({**trained, **about}))
    benchmark = folder / "benchmarks/train" / f"{protocol}.small.{recipe}.0.bbbbbbbbbbbb.tsv"
    benchmark.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text("s\th:m:s\tmax_rss\n90.0\t0:01:30\t1500.0\n")
