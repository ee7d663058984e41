"""What a training tells: the numbers of its validation are those of the table, and telling moves no weight."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tests.backbones.test_stratified_transformer import SMALL
from tests.full_disk import room_for
from tests.given import batch_of
from tests.networks.test_inputs import RANGE
from tests.small_run import CLASSES, config_of, with_sofa, write_run

from openworld3d.backbones.stratified_transformer import build
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, infer_scene
from openworld3d.metrics.ranking import ranking
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.scores import msp
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.loop import Watch, train
from openworld3d.training.monitor import COLUMNS, RunWatch, write_table

CPU = torch.device("cpu")


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    scenes = [write_run(tmp_path).with_name("room0.npz")]
    weight = np.array([1.0, 2.0], np.float32)
    return TrainingData(scenes, make_protocol(CLASSES, ["sofa"]), weight, config_of(epochs=3))


def watch_of(data: TrainingData, folder: Path) -> RunWatch:
    validation = [data.scenes[0].parents[1] / "val/sofa.npz"]
    return RunWatch(data, validation, CPU, folder / "history.csv")


def trained(data: TrainingData, watch: Watch) -> tuple[Any, list[dict[str, float]]]:
    torch.manual_seed(0)
    network = build(SMALL, 6, 2)
    checkpoint = Checkpoint(data.scenes[0].with_name("checkpoint.pt"), "this training")
    history, _ = train(network, data, CPU, checkpoint, watch)
    checkpoint.remove()
    return network, history


def curve(folder: Path, tag: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(tag)]


@pytest.mark.parametrize(("keys", "passes"), [({}, None), ({"kind": "dropout", "dropout": 0.3}, 10)])
def test_watch_moves_no_weight_and_tells_what_the_table_would(
    data: TrainingData, tmp_path: Path, keys: dict[str, Any], passes: int | None
) -> None:
    data = data._replace(config=config_of(epochs=3, **keys))
    assert getattr(data.config.recipe, "passes", None) == passes
    alone, _ = trained(data, Watch())
    watch = watch_of(data, tmp_path)
    network, history = trained(data, watch)
    watch.close()
    assert all(torch.equal(value, alone.state_dict()[name]) for name, value in network.state_dict().items())

    scene = with_sofa()
    model = Model(network.eval(), data.config.recipe, 0.1, RANGE, CPU)
    outputs = infer_scene(model, scene, "single", Bounds(5000, 10**6))
    logits = outputs["logits"][outputs["inverse"]]
    score = msp.score({"logits": logits})
    ranked = ranking(score, scene.label == 1)
    assert history[-1]["val_auroc_msp"] == ranked.auroc
    assert history[-1]["val_aupr_msp"] == ranked.aupr
    known = scene.label != 1
    target = torch.from_numpy((scene.label[known] == 2).astype(np.int64))
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits[known]), target, torch.tensor([1.0, 2.0]))
    assert history[-1]["val_loss"] == pytest.approx(float(loss), rel=1e-5)

    with open(tmp_path / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [[float(row[column]) for column in COLUMNS] for row in rows] == [
        [row[column] for column in COLUMNS] for row in history
    ]
    assert curve(tmp_path, "val/auroc_msp") == [
        (row["epoch"], pytest.approx(row["val_auroc_msp"])) for row in history
    ]


def test_curves_of_a_resumed_training_are_whole(data: TrainingData, tmp_path: Path) -> None:
    columns = [*COLUMNS, "pseudo_recall"]
    history = [{name: epoch + number / 10 for number, name in enumerate(columns)} for epoch in (1, 2)]
    for _ in range(2):
        watch = watch_of(data, tmp_path)
        watch.start(history)
        watch.close()
    assert curve(tmp_path, "pseudo/recall") == [(1, pytest.approx(2.0)), (2, pytest.approx(3.0))]
    assert curve(tmp_path, "train/loss") == [(1, pytest.approx(1.2)), (2, pytest.approx(2.2))]
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_curves_on_a_full_disk_are_an_error_that_names_them(data: TrainingData, tmp_path: Path) -> None:
    history = [dict.fromkeys(COLUMNS, float(epoch)) for epoch in range(1, 200)]
    watch = watch_of(data, tmp_path)
    watch.start([])
    write_table(watch.table, history)
    with pytest.raises(OSError, match="File too large") as failed, room_for(
        (tmp_path / "history.csv").stat().st_size
    ):
        watch.record(history)
    assert failed.value.filename == str(tmp_path / "tensorboard")


def test_epoch_pools_its_batches(data: TrainingData, tmp_path: Path) -> None:
    """Columns floor and wall: 3 of 4 floors right, 1 of 2 walls, over two batches; IoU 3/5 and 1/3."""
    watch = watch_of(data, tmp_path)
    watch.start([])
    floor, wall = [1.0, 0.0], [0.0, 1.0]
    first = batch_of(torch.zeros(4, 6), [0, 0, 0, 1])._replace(left_out=5)
    second = batch_of(torch.zeros(3, 6), [0, 1, IGNORED])._replace(left_out=2)
    watch.step(torch.tensor([floor, floor, floor, wall]), first)
    watch.step(torch.tensor([wall, floor, wall]), second)
    row = watch.epoch(build(SMALL, 6, 2))
    assert row["train_miou"] == pytest.approx((3 / 5 + 1 / 3) / 2)
    assert row["train_left_out"] == 7
    assert watch.epoch(build(SMALL, 6, 2))["train_left_out"] == 0
    watch.close()
