"""PDF's loss by hand, what it trains and what it never reads, and a training that goes on where another was."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.given import batch_of, recipe_of
from tests.recipes.test_real import First, Rest
from tests.small_run import CLASSES, RECIPE, config_of, with_sofa
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks.backbone import Backbone, PyramidBackbone
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import Batch
from openworld3d.networks.weights import load_weights, save_weights, start_from
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.pseudo_labels.marking import mark_batch, prepare_clouds
from openworld3d.recipes import pdf
from openworld3d.scenes.scene import save_scene
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.checkpoint import Checkpoint
from openworld3d.training.data import epoch_batches
from openworld3d.training.loop import Watch, train
from openworld3d.training.optimizer import make_optimizer, rate_factor

CPU = torch.device("cpu")
LOG2, LOG3, LOG5 = math.log(2), math.log(3), math.log(5)
KEYS: dict[str, Any] = {
    "second_decoder": "plain",
    "initial_state": "random",
    "pseudo_weight": 0.5,
    "pseudo_labels": "oracle",
    "override_known": True,
    "pseudo_threshold": 0.7,
    "region_radius": 0.3,
    "region_neighbors": 34,
    "region_beta": 2.0,
    "region_seed_share": 0.05,
    "region_seeds": 20,
    "region_boundary": "none",
    "train_second_decoder": True,
    "detach": False,
}


def pdf_of(**keys: Any) -> pdf.PDF:
    """Return the recipe with some keys, `KEYS` for others."""
    recipe: pdf.PDF = recipe_of("pdf", **{**KEYS, **keys})
    return recipe


class Given(PyramidBackbone):
    """A network whose features are its logits: two of known classes, then the unknown's."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = nn.Sequential(First(2))
        self.second_decoder = OfLevels()

    def pyramid(self, feature: Tensor, geometry: Any) -> list[Tensor]:
        return [feature]

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None


class OfLevels(nn.Module):
    """A second decoder that returns the last column of the finest level."""

    def forward(self, pyramid: list[Tensor], geometry: Any, generator: torch.Generator | None) -> Tensor:
        return Rest(2)(pyramid[-1])


def loss(feature: Tensor, target: list[int], unknown: list[bool], **keys: Any) -> float:
    batch = batch_of(feature, target)._replace(unknown=np.array(unknown))
    weight = torch.tensor(keys.pop("weight", [1.0, 1.0]))
    value, logits = pdf_of(**keys).loss(Given(), batch, weight)
    assert torch.equal(logits, feature[:, :2])
    return value.item()


ROW = [LOG2, LOG3, LOG5]  # of 2, 3 and 5 in 10: with the unknown's, class 0 has 2/10, alone 2/5


@pytest.mark.parametrize(
    ("target", "unknown", "keys", "expected"),
    [
        ([0], [False], {}, math.log(5 / 2) + 0.5 * math.log(10 / 2)),
        ([0], [True], {}, math.log(5 / 2) + 0.5 * math.log(10 / 5)),
        ([0], [True], {"override_known": False}, math.log(5 / 2) + 0.5 * math.log(10 / 2)),
        ([IGNORED], [True], {}, 0.5 * math.log(10 / 5)),
        ([IGNORED], [True], {"override_known": False}, 0.5 * math.log(10 / 5)),
        ([IGNORED], [False], {}, 0),
        ([1], [True], {"pseudo_weight": 0.0}, math.log(5 / 3)),
        (
            [0, 1, IGNORED],
            [False, True, True],
            {},
            (math.log(5 / 2) + math.log(5 / 3)) / 2 + 0.5 * (math.log(10 / 2) + 2 * math.log(10 / 5)) / 3,
        ),
        (
            [0, 1, IGNORED],
            [False, False, True],
            {"weight": [4.0, 2.0]},  # the unknown weighs 1
            (4 * math.log(5 / 2) + 2 * math.log(5 / 3)) / 6
            + 0.5 * (4 * math.log(10 / 2) + 2 * math.log(10 / 3) + math.log(10 / 5)) / 7,
        ),
    ],
)
def test_loss_by_hand(target: list[int], unknown: list[bool], keys: dict[str, Any], expected: float) -> None:
    assert loss(torch.tensor([ROW] * len(target)), target, unknown, **keys) == pytest.approx(expected, rel=1e-5)


def test_detached_pseudo_labels_teach_the_unknown_alone() -> None:
    feature = torch.tensor([ROW], requires_grad=True)
    batch = batch_of(feature, [0])._replace(unknown=np.array([True]))
    value, _ = pdf_of(detach=True).loss(Given(), batch, torch.ones(2))
    value.backward()
    assert feature.grad is not None
    assert feature.grad[0].tolist() == pytest.approx([2 / 5 - 1, 3 / 5, 0])  # of the closed set alone


@pytest.mark.parametrize("way", ["region", "low_confidence", "prototypes"])
def test_no_way_but_the_oracle_reads_which_points_are_unknown(way: str) -> None:
    generator = torch.Generator().manual_seed(0)
    feature = torch.randn(300, 3, generator=generator)
    target = torch.where(torch.rand(300, generator=generator) < 0.3, IGNORED, 1)
    coord = np.random.default_rng(0).uniform(0, 2, (300, 3)).astype(np.float32)
    batch = batch_of(feature, target)._replace(coord=coord)

    def value(unknown: np.ndarray, way: str) -> float:
        recipe = pdf_of(pseudo_labels=way)
        return recipe.loss(Given(), batch._replace(unknown=unknown), torch.ones(2))[0].item()

    one, other = np.zeros(300, bool), np.arange(300) % 2 == 0
    assert value(one, way) == value(other, way)
    assert value(one, "oracle") != value(other, "oracle")


@pytest.mark.parametrize("way", ["region", "prototypes"])
def test_marks_of_a_cloud_depend_on_its_keys_and_not_on_its_batch(way: str) -> None:
    generator = np.random.default_rng(0)
    said = generator.normal(0, 1, (400, 3)).astype(np.float32)
    target = torch.where(torch.arange(400) % 3 == 0, IGNORED, 1)
    coord = generator.uniform(0, 2, (400, 3)).astype(np.float32)
    whole = batch_of(torch.from_numpy(said), target)._replace(coord=coord)
    two = whole._replace(offset=np.array([150, 400]), keys=[[3, 0, 7], [3, 0, 8]], prepared=[None, None])
    second = whole._replace(
        coord=coord[150:], target=target[150:], unknown=whole.unknown[150:], offset=np.array([250]), keys=[[3, 0, 8]]
    )
    recipe = pdf_of(pseudo_labels=way)
    mark = recipe.mark
    marks = mark_batch(said, two, mark)
    ahead = prepare_clouds(recipe.prepare, coord, two.offset, two.keys)
    assert (ahead[0] is None) == (way != "region")
    assert np.array_equal(marks, mark_batch(said, two._replace(prepared=ahead), mark))
    assert np.array_equal(marks[150:], mark_batch(said[150:], second, mark))
    others = [mark_batch(said[150:], second._replace(keys=[[3, epoch, 8]]), mark) for epoch in range(1, 6)]
    assert any(not np.array_equal(marks[150:], other) for other in others)
    assert not mark_batch(said, two._replace(keys=[], prepared=[]), mark).any()  # of clouds that another process has


def test_marks_are_counted_once() -> None:
    feature = torch.tensor([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
    batch = batch_of(feature, [0] * 4)._replace(unknown=np.array([True, True, False, False]))
    recipe = pdf_of(pseudo_labels="low_confidence")
    recipe.loss(Given(), batch, torch.ones(2))  # marks the first and third
    assert recipe.measured() == {"pseudo_precision": 0.5, "pseudo_recall": 0.5}
    assert math.isnan(recipe.measured()["pseudo_precision"])


def test_backbone_without_levels_is_refused() -> None:
    class Flat(Backbone):
        pass

    with pytest.raises(UserError, match="needs the levels of the first, and Flat has none; choose a backbone"):
        pdf_of().adapt(Flat())  # type: ignore[abstract]


@pytest.mark.parametrize("decoder", ["none", "plain", "memory_cell"])
def test_optimizer_has_the_second_decoder_unless_it_is_frozen(decoder: str) -> None:
    rates: dict[str, Any] = {"learning_rate": 0.1, "block_learning_rate": 0.1, "weight_decay": 0.0}
    for trains in (True, False):
        recipe = pdf_of(second_decoder=decoder, train_second_decoder=trains)
        network = build_network({**SMALL, "network": "stratified_transformer"}, 6, 2, recipe.adapt)
        optimizer = make_optimizer(network, config_of(**rates).optimisation)
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        second = [id(p) for n, p in network.named_parameters() if n.startswith("second_decoder.")]
        assert second
        assert all((each in held) == trains for each in second)
        first = [id(p) for n, p in network.named_parameters() if "second_decoder" not in n and p.requires_grad]
        assert all(each in held for each in first)


class Remember(Watch):
    """Remembers the network after each epoch."""

    def __init__(self) -> None:
        self.states: list[dict[str, Tensor]] = []

    def epoch(self, network: Backbone) -> dict[str, float]:
        self.states.append({name: value.clone() for name, value in network.state_dict().items()})
        return {}


def data_of(folder: Path, recipe: dict[str, Any]) -> TrainingData:
    path = folder / "room.npz"
    save_scene(path, with_sofa())
    protocol = make_protocol(CLASSES, ["sofa"])
    return TrainingData([path, path], protocol, np.ones(2, np.float32), config_of(**recipe))


def trained(recipe: dict[str, Any], folder: Path, start: Path | None) -> tuple[Any, Remember, Any, Any]:
    data = data_of(folder, recipe)
    torch.manual_seed(3)
    network = build_network({**SMALL, "network": "stratified_transformer"}, 6, 2, data.config.recipe.adapt)
    if start:
        start_from(network, start, recipe.get("start_epoch"))
    watch = Remember()
    checkpoint = Checkpoint(folder / "checkpoint.pt", "this training")
    history, kept = train(network, data, CPU, checkpoint, watch)
    checkpoint.remove()
    return network, watch, history, kept


def test_training_goes_on_from_the_epoch_that_was_kept(tmp_path: Path) -> None:
    recipe = {"epochs": 4, "keep_epochs": [2]}
    network, watch, _, kept = trained(recipe, tmp_path, None)
    assert set(kept) == {2}
    assert all(torch.equal(kept[2][name], value) for name, value in watch.states[1].items())
    assert any(not torch.equal(kept[2][name], value) for name, value in watch.states[3].items())
    save_weights(tmp_path / "weights.npz", network, {"recipe": recipe}, kept)
    for epoch, state in ((2, watch.states[1]), (4, watch.states[3]), (None, watch.states[3])):
        loaded, _ = load_weights(tmp_path / "weights.npz", epoch)
        assert all(torch.equal(loaded[name], value) for name, value in state.items())
    with pytest.raises(UserError, match=r"weights\.npz: has no state of epoch 3, expected one; add the epoch to"):
        load_weights(tmp_path / "weights.npz", 3)

    going_on = {**KEYS, "kind": "pdf", "epochs": 4, "start_epoch": 2, "pseudo_labels": "region"}
    network, _, history, _ = trained(going_on, tmp_path, tmp_path / "weights.npz")
    assert [row["epoch"] for row in history] == [3, 4]
    assert [row["rate"] for row in history] == [
        pytest.approx(RECIPE["learning_rate"] * rate_factor("cosine", step, RECIPE["warmup_steps"], 8))
        for step in (5, 7)
    ]
    assert all(0 <= row["pseudo_recall"] <= 1 for row in history)
    again, _, same, _ = trained(going_on, tmp_path, tmp_path / "weights.npz")
    assert same == history
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in again.state_dict().items())


def test_second_decoder_learns_the_unknown_where_it_is_marked(tmp_path: Path) -> None:
    """With the oracle's marks and a heavy loss the far corner ends up with the largest logits of the unknown."""
    recipe = {**KEYS, "kind": "pdf", "pseudo_weight": 1.0, "epochs": 10, "schedule": "cosine"}
    network, _, history, _ = trained(recipe, tmp_path, None)
    assert history[-1]["train_loss"] < history[0]["train_loss"] / 2
    assert history[-1]["pseudo_precision"] == history[-1]["pseudo_recall"] == 1
    network.eval()
    data = data_of(tmp_path, recipe)
    (batch, *_) = epoch_batches(network, data, 0)
    outputs = data.config.recipe.outputs(network, batch.feature, batch.geometry, torch.Generator())
    assert tuple(outputs) == pdf.OUTPUTS
    margin = (outputs["unknown_logit"][:, 0] - torch.logsumexp(outputs["logits"], 1)).detach().numpy()
    assert margin[batch.unknown].mean() > margin[~batch.unknown].mean() + 1


def test_batch_says_where_its_points_lie_and_which_are_unknown(tmp_path: Path) -> None:
    network = build(SMALL, 6, 2)
    recipe = {"scenes_per_step": 2, "batch_voxels": 20000}
    (batch,) = epoch_batches(network, data_of(tmp_path, recipe), 5)
    assert isinstance(batch, Batch)
    assert sorted(batch.keys) == [[3, 5, 0], [3, 5, 1]]
    assert len(batch.offset) == 2
    assert batch.offset[-1] == len(batch.coord) == len(batch.unknown) == len(batch.target)
    assert np.array_equal(batch.coord, batch.geometry.coord.numpy())
    assert set(batch.target[torch.from_numpy(batch.unknown)].tolist()) == {IGNORED}
    assert 0 < batch.unknown.mean() < 0.5
