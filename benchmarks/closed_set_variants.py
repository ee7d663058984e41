"""What the stem's random order, flips and Lovász-softmax do to a closed set trained on a CPU, over several seeds.

    python benchmarks/closed_set_variants.py [--experiment semantickitti_mini] [--steps 240] [--seeds 0 1 2]
        [--variants as_configured in_order no_flip] [--threads 1]

Trains the closed-set recipe of the default experiment, or of one of experiments/, with its crops cut and its schedule
shortened to about so many steps, and validates once at the end, on all points of the evaluation scenes. The variants
of a seed share initial weights, crops and the order of scenes. Prints a Markdown table: mean and standard deviation
over the seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, NamedTuple
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch

from generate_rooms import generate
from openworld3d.generators.config import RoomsConfig
from openworld3d.inference import crops
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import Cloud, input_channels
from openworld3d.plugins import load
from openworld3d.raw.prepare import SplitConfig, Task, prepare_scene
from openworld3d.scenes.manifests import Scenes, read_scenes
from openworld3d.scenes.scene import load_scene
from openworld3d.scenes.voxels import voxelise
from openworld3d.training import data as batches
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.config import read_training_config
from openworld3d.training.loop import Watch, train
from openworld3d.training.monitor import RunWatch
from openworld3d.workflow.config import read_config
from openworld3d.workflow.slices import prepare_slice, train_slice
from train import training_data

VARIANTS: dict[str, dict[str, Any]] = {  # what differs from the experiment's recipe
    "as_configured": {},
    "in_order": {},
    "no_flip": {"flip": []},
    "flip_x_and_y": {"flip": ["x", "y"]},
    "lovasz": {"lovasz_weight": 1.0},
}
METRICS = ("val_miou", "val_aupr_msp", "val_auroc_msp")
HEADER = "| variant | mIoU of the known | AUPR of MSP | AUROC of MSP | core minutes |\n|---|---|---|---|---:|"


class Experiment(NamedTuple):
    """The config, and the protocol, backbone and recipe of the first method of its table; its scenes."""

    config: dict[str, Any]
    protocol: str
    backbone: str
    recipe: str
    training: Scenes
    evaluation: Scenes


def prepare(name: str | None, folder: Path) -> Experiment:
    """Read an experiment, and prepare its scenes in a folder."""
    files = [ROOT / "config.yaml", *([ROOT / f"experiments/{name}.yaml"] if name else [])]
    config: dict[str, Any] = read_config(files, ROOT / "schemas/config.schema.yaml").plain()
    table = config["tables"][config["table"]]
    protocol = table["protocols"][0]
    chosen = config["protocols"][protocol]
    dataset = config["datasets"][chosen["dataset"]]
    root = ROOT / dataset["root"] if "root" in dataset else folder / "raw"
    if "generate" in dataset:
        generate(RoomsConfig(**dataset["generate"]), root, 1)
    split = {
        split: prepare_split(config, chosen["dataset"], split, root, folder / split)
        for split in [*chosen["train"], *chosen["evaluate"]]
    }
    training, evaluation = (read_scenes([split[each] for each in chosen[of]]) for of in ("train", "evaluate"))
    return Experiment(config, protocol, table["backbones"][0], next(iter(table["methods"])), training, evaluation)


def prepare_split(config: dict[str, Any], dataset: str, split: str, root: Path, folder: Path) -> Path:
    """Write the scenes of a split into a folder; return their manifest."""
    asked = SplitConfig(**prepare_slice(config, dataset, split))
    folder.mkdir()
    names = load("datasets", asked.layout).scenes_of_split(root, split, **asked.keys)
    tasks = [Task(asked, root, name, folder / f"{name}.npz", "", []) for name in names]
    scenes = [prepare_scene(task)["scene"] for task in tasks]
    manifest = folder / "manifest.json"
    manifest.write_text(json.dumps({"classes": asked.classes, "scenes": scenes}))
    return manifest


def run(experiment: Experiment, variant: str, seed: int, steps: int, folder: Path) -> dict[str, float]:
    """Train one variant with one seed; return the metrics of its evaluation scenes and the core's minutes."""
    config, recipe = experiment.config, experiment.config["recipes"][experiment.recipe]
    loop = recipe["loop"]
    epochs = max(1, round(steps * recipe["scenes_per_step"] / (len(experiment.training.files) * loop)))
    altered = {**recipe, **VARIANTS[variant], "epochs": epochs, "keep_epochs": []}
    config = {**config, "recipes": {**config["recipes"], experiment.recipe: altered}}
    sliced = train_slice(config, experiment.protocol, experiment.backbone, experiment.recipe, str(seed))
    began = time.process_time()
    with ExitStack() as stack:
        if variant == "in_order":
            keep_order(stack, sliced["backbone"]["grid_size"])
        data = training_data(read_training_config(sliced), experiment.training)
        channels = input_channels(load_scene(experiment.training.paths[0], experiment.training.classes))
        torch.manual_seed(seed)
        network = build_network(
            sliced["backbone"], channels, len(data.protocol.known), data.config.recipe.adapt, untaught=0
        )
        device = torch.device("cpu")
        train(network, data, device, Checkpoint(folder / f"{variant}_{seed}.pt", ""), Watch())
        watch = RunWatch(data, experiment.evaluation.paths, device, folder / "history.csv")
        return {**watch.validate(network), "minutes": (time.process_time() - began) / 60}


def keep_order(stack: ExitStack, voxel: float) -> None:
    """Bring clouds in training and at inference into the order of their voxels, as they were before."""
    draw, fit = batches.training_cloud, crops.fitting_crop

    def ordered_cloud(*arguments: Any) -> Cloud:
        cloud = draw(*arguments)
        order = np.argsort(voxelise(cloud.coord, voxel), kind="stable")
        return Cloud(*(column[order] for column in cloud))

    def ordered_crop(network: Any, coord: np.ndarray, *arguments: Any) -> crops.Crop:
        crop = fit(network, coord, *arguments)
        points = np.sort(crop.points)
        return crop._replace(points=points, geometry=network.geometry(coord[points], np.array([len(points)])))

    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (batches, "training_cloud", ordered_cloud),
        (crops, "fitting_crop", ordered_crop),
    ]
    for module, name, function in replaced:
        stack.enter_context(mock.patch.object(module, name, function))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", help="a file of experiments/ without .yaml; default the default experiment")
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        experiment = prepare(args.experiment, Path(folder))
        print(HEADER, flush=True)
        for variant in args.variants:
            rows = [run(experiment, variant, seed, args.steps, Path(folder)) for seed in args.seeds]
            print(*(f"{variant} {seed}: {row}" for seed, row in zip(args.seeds, rows)), sep="\n", file=sys.stderr)
            cells = [
                f"{np.mean([row[each] for row in rows]):.3f} ± {np.std([row[each] for row in rows], ddof=1):.3f}"
                for each in METRICS
            ]
            minutes = sum(row["minutes"] for row in rows)
            print(f"| {variant} | {' | '.join(cells)} | {minutes:.1f} |", flush=True)


if __name__ == "__main__":
    main()
