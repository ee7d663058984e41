"""Whole training steps at published configurations, with the library's batches and its mixed precision.

A step's time includes waiting for its batch, which workers prepare while steps before it run; `waiting` is the share
of that. A step has fewer crops than published where those are shared by several GPUs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from typing import Any, Iterator, Mapping

import numpy as np
import torch

from benchmarks.gpu.data import backbone_of, network_of, recipe_of, scenes_of, training_data
from benchmarks.gpu.paths import choose, paths_of
from benchmarks.gpu.rows import Row, Setting, forget_peak, peak, wait
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.transformer_block import Mlp
from openworld3d.pseudo_labels.marking import mark_batch
from openworld3d.recipes.pdf import PDF
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.data import epoch_batches
from openworld3d.training.loop import Learner
from openworld3d.training.optimizer import set_rates
from openworld3d.training.prefetch import workers_beside

WARM_UP = 3
MOST_STEPS = 30
MOST_SECONDS = 8.0  # of a case
TOO_LARGE = 2.0**60  # a scale under which float16's gradients are infinite


@dataclass(frozen=True)
class Case:
    """A training step: of which experiment, on how many crops, with which changes to its recipe."""

    title: str
    file: str
    backbone: str
    recipe: str
    scenes: str
    crops: int
    changes: Mapping[str, Any]
    compiled: bool = False
    plain: bool = False


S3DIS = ("experiments/s3dis_closed.yaml", "stratified_s3dis", "closed_set_s3dis", "s3dis")
SCANNET = ("experiments/scannet_closed.yaml", "stratified_scannet", "closed_set_scannet", "scannet")
PDF_CLOSED = ("experiments/pdf_s3dis.yaml", "stratified_s3dis", "closed_set_s3dis", "s3dis")
PDF_STRATIFIED = ("experiments/pdf_s3dis.yaml", "stratified_s3dis", "pdf_s3dis", "s3dis")
PDF_POINT = ("experiments/pdf_s3dis.yaml", "point_transformer_s3dis", "closed_set_s3dis", "s3dis")
CASES = (
    Case("S3DIS", *S3DIS, 1, {}),
    Case("S3DIS", *S3DIS, 1, {}, plain=True),
    Case("S3DIS", *S3DIS, 1, {"precision": "bfloat16"}),
    Case("S3DIS", *S3DIS, 1, {"precision": "float32"}),
    Case("S3DIS, four crops", *PDF_CLOSED, 4, {}),
    Case("ScanNet", *SCANNET, 2, {}),
    Case("PDF", *PDF_STRATIFIED, 1, {}),
    Case("Point Transformer", *PDF_POINT, 1, {}),
    Case("S3DIS, perceptrons compiled", *S3DIS, 1, {}, compiled=True),
)
DRY_CASES = (CASES[0], CASES[3], CASES[5], CASES[6], CASES[7])


def run(setting: Setting) -> Iterator[Row]:
    """Measure each case, then see that steps with infinite gradients are skipped."""
    for case in setting.pick(CASES, DRY_CASES):
        yield measure(setting, case)
    yield skipping(setting)


def prepared(setting: Setting, case: Case, **changes: Any) -> tuple[Learner, TrainingData]:
    """Return the learner of a case, and its data."""
    backbone = backbone_of(setting, case.file, case.backbone)
    changes = {"scenes_per_step": case.crops, "loop": 200, **case.changes, **changes}
    if setting.dry:
        changes["scenes_per_step"] = 1
    recipe = {**recipe_of(setting, case.file, case.recipe), **changes}
    data = training_data(backbone, recipe, scenes_of(setting, case.scenes))
    return Learner(network_of(backbone, data), data, setting.device), data


def measure(setting: Setting, case: Case) -> Row:
    """Take steps until there are enough; return their mean time and peak of memory."""
    device = setting.device
    path = "plain" if case.plain or setting.dry else paths_of(setting)[-1]
    choose(path)
    forget_peak(device)
    learner, data = prepared(setting, case)
    if case.compiled:
        compile_perceptrons(learner.network)
    workers = workers_beside(device)
    batches = epoch_batches(learner.network, data, 0, workers=workers)
    options = data.config.optimisation
    losses: list[float] = []
    skipped, waited, began = 0, 0.0, time.perf_counter()
    warm_up, most = setting.pick((WARM_UP, MOST_STEPS), (1, 2))
    for step in count():
        if step == warm_up:
            skipped, waited, began = 0, 0.0, time.perf_counter()
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        set_rates(learner.optimizer, options, step, 1000)
        losses.append(learner.step(batch)[0])
        skipped += learner.skipped > 0
        wait(device)
        taken = time.perf_counter() - began
        if step + 1 == warm_up + most or (step > warm_up and taken > MOST_SECONDS):
            break
    batches.close()  # type: ignore[attr-defined]
    steps = step + 1 - warm_up
    return {
        "step": case.title,
        "attention": path,
        "precision": options.precision,
        "crops": len(batch.offset),
        "voxels": len(batch.coord),
        "pairs": batch.geometry.pairs,
        "steps per second": steps / taken,
        "workers": workers,
        "waiting": waited / taken,
        "peak GB": peak(device),
        **alone(learner, data, batch),
        "skipped": skipped,
        "last loss": losses[-1],
        "agrees": bool(np.isfinite(losses).all()) or skipped > 0,
    }


def compile_perceptrons(network: Backbone) -> None:
    """Compile the perceptrons of all blocks for any number of points."""
    for module in network.modules():
        if isinstance(module, Mlp):
            module.compile(dynamic=True)


def alone(learner: Learner, data: TrainingData, batch: Batch) -> Row:
    """Return the seconds that geometry and PDF's marking of a batch take by themselves, on one thread of the CPU."""
    began = time.perf_counter()
    learner.network.geometry(batch.coord, batch.offset)
    row: Row = {"geometry s": time.perf_counter() - began}
    if isinstance(data.config.recipe, PDF):
        logits = np.random.default_rng(0).normal(size=(len(batch.coord), len(data.protocol.known)))
        began = time.perf_counter()
        mark_batch(logits.astype(np.float32), batch, data.config.recipe.mark)
        row["marking s"] = time.perf_counter() - began
    return row


def skipping(setting: Setting) -> Row:
    """Take steps with a scale that is too large: none may move a weight until the scale is small enough."""
    case = Case("scale too large", *S3DIS, 1, {})
    learner, data = prepared(setting, case, crop_voxels=setting.pick(4000, 100), precision="float16")
    learner.scaler = torch.amp.GradScaler(setting.device.type, init_scale=TOO_LARGE)
    before, skipped, still = learner.state(), 0, True
    for batch in epoch_batches(learner.network, data, 0):
        learner.step(batch)
        if not learner.skipped:
            break
        skipped += 1
        still = still and all(torch.equal(before[name], value) for name, value in learner.state().items())
    moved = any(not torch.equal(before[name], value) for name, value in learner.state().items())
    return {
        "step": case.title,
        "precision": "float16",
        "skipped": skipped,
        "agrees": bool(skipped > 0 and still and moved),
    }
