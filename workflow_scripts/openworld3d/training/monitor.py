"""Watch a training: metrics of every epoch, a table, TensorBoard's curves, a progress bar.

Nothing here moves a weight, so that a training's key ignores this file, and the metrics and the inference that it
imports.
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from openworld3d.files import naming, whole_file
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.metrics import segmentation
from openworld3d.metrics.ranking import ranking
from openworld3d.metrics.statistics import Points, confuse
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.scenes.scene import VOID, load_scene
from openworld3d.scores import msp
from openworld3d.scoring.apply import score_rows
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import History
from openworld3d.training.curves import CurveWriter
from openworld3d.training.data import steps_of_epoch
from openworld3d.training.loop import Watch

VALIDATED = ("val_loss", "val_miou", "val_aupr_msp", "val_auroc_msp")
COLUMNS = (
    "epoch",
    "rate",
    "train_loss",
    "train_miou",
    "train_left_out",
    "train_skipped",
    *VALIDATED,
)
SECONDS_BETWEEN_BARS = 5  # a log keeps every bar, and trainings last for days


class RunWatch(Watch):
    """Watches a run, whose validation scenes are for information: nothing is chosen by them.

    The recipe runs with the defaults of its inference keys, as a change to these must not train again. Every class
    that is trained on counts as known.
    """

    def __init__(self, data: TrainingData, validation: list[Path], device: torch.device, table: Path) -> None:
        self.data = data
        self.options = data.config.optimisation
        self.validation = validation
        self.device = device
        self.table = table
        self.leads = distributed.rank() == 0
        self.recorded = 0
        self.reset_epoch()

    def start(self, history: History) -> None:
        """Start the curves and the bar, from the epochs that a checkpoint holds."""
        if not self.leads:
            return
        curves = self.table.with_name("tensorboard")
        shutil.rmtree(curves, ignore_errors=True)
        self.curves = CurveWriter(curves)
        steps = steps_of_epoch(self.data)
        self.bar = tqdm(
            total=self.options.epochs * steps,
            initial=(self.options.start_epoch + len(history)) * steps,
            unit="step",
            mininterval=SECONDS_BETWEEN_BARS,
            smoothing=0,  # the time left is by all that has passed, validations too
        )
        self.describe(len(history))
        if history:
            tqdm.write(f"resuming after epoch {self.options.start_epoch + len(history)}")
            self.record(history)

    def describe(self, done: int) -> None:
        """Show the epoch after `done` epochs of this training beside the bar."""
        epochs = self.options.epochs
        self.bar.set_description(f"epoch {min(self.options.start_epoch + done + 1, epochs)}/{epochs}")

    def step(self, logits: Tensor, batch: Batch) -> None:
        """Count a step's predictions, and the voxels that its batch left out."""
        known = len(self.data.protocol.known)
        target = batch.target.to(logits.device)
        cell = (target * known + logits[:, :known].argmax(1))[target < known]
        self.confusion += torch.bincount(cell, minlength=known * known).cpu().numpy()
        self.left_out += batch.left_out
        if self.leads:
            self.bar.update()

    def epoch(self, network: Backbone) -> dict[str, float]:
        """Return the mean IoU over the epoch's batches, the voxels left out, and the validation's metrics."""
        parts = distributed.gather((self.confusion, self.left_out))
        confusion = np.sum([part[0] for part in parts], 0)
        known = len(self.data.protocol.known)
        row: dict[str, float] = {
            "train_miou": float(segmentation.miou_known(confusion.reshape(known, known), range(known))),
            "train_left_out": sum(part[1] for part in parts),
        }
        self.reset_epoch()
        return {**row, **self.validate(network)}

    def reset_epoch(self) -> None:
        """Set the counts of an epoch to zero."""
        self.confusion = np.zeros(len(self.data.protocol.known) ** 2, np.int64)
        self.left_out = 0

    def validate(self, network: Backbone) -> dict[str, float]:
        """Return loss, mean IoU, AUPR and AUROC of MSP over all points of the validation scenes, pooled.

        NaN where there is none.
        """
        if not self.validation:
            return dict.fromkeys(VALIDATED, float("nan"))
        network.eval()
        mine = self.validation[distributed.rank() :: distributed.processes()]
        parts = [
            each for some in distributed.gather([self.of_scene(network, path) for path in mine]) for each in some
        ]
        network.train()
        loss, weight = np.sum([part[1:] for part in parts], 0).tolist()
        protocol, points = self.data.protocol, [part[0] for part in parts]
        confusion = np.sum([confuse(of_scene, len(protocol.classes)) for of_scene in points], 0)
        ranked = ranking([of.score for of in points], [protocol.is_unknown(of.label) for of in points])
        return {
            "val_loss": loss / weight if weight else float("nan"),
            "val_miou": float(segmentation.miou_known(confusion, protocol.class_of_column)),
            "val_aupr_msp": ranked.aupr,
            "val_auroc_msp": ranked.auroc,
        }

    def of_scene(self, network: Backbone, path: Path) -> tuple[Points, float, float]:
        """Return a scene's points with their MSP, and its summed and weighted cross-entropy with that weight."""
        protocol, config = self.data.protocol, self.data.config
        scene = load_scene(path, protocol.classes)
        seen = config.voxel_size, config.appearance_range
        model = Model(network, config.recipe, *seen, self.device, config.with_normals)
        bounds = Bounds(config.batching.batch_voxels, config.batching.batch_pairs)
        outputs = infer_scene(model, scene, "single", bounds)
        logits, inverse = outputs["logits"][:, : len(protocol.known)], outputs["inverse"]
        prediction = protocol.class_of_column[logits.argmax(1)]
        score = score_rows(msp.score, {"logits": logits})
        points = Points(scene.label, prediction[inverse], score[inverse]).take(scene.label != VOID)
        target, weight = torch.from_numpy(protocol.targets(scene.label)), torch.from_numpy(self.data.class_weight)
        loss = F.cross_entropy(
            torch.from_numpy(logits[inverse]), target, weight, ignore_index=IGNORED, reduction="sum"
        )
        return points, float(loss), float(weight[target[target != IGNORED]].sum())

    def record(self, history: History) -> None:
        """Write the whole table, and the epochs that are not in TensorBoard's curves yet."""
        if not self.leads:
            return
        write_table(self.table, history)
        with naming(self.table.with_name("tensorboard"), self.table):
            for row in history[self.recorded :]:
                for column in columns_of(history)[1:]:
                    self.curves.add(column.replace("_", "/", 1), row[column], int(row["epoch"]))
            self.curves.flush()
        self.recorded = len(history)
        self.describe(len(history))
        tqdm.write("  ".join(f"{column} {history[-1][column]:.4g}" for column in columns_of(history)))

    def close(self) -> None:
        """End the bar and the curves."""
        if self.leads:
            self.bar.close()
            self.curves.close()


def columns_of(history: History) -> list[str]:
    """Return the columns of a history: `COLUMNS`, then those that the recipe measured."""
    return [*COLUMNS, *sorted(set(history[0]) - set(COLUMNS))]


def write_table(path: Path, history: History) -> None:
    """Write one line for each epoch."""
    with whole_file(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer: Any = csv.DictWriter(file, columns_of(history), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
