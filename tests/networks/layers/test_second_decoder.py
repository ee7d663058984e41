"""Second decoders against their formulas, by hand and point by point, and beside a whole network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL, cloud
from torch import Tensor, nn

from openworld3d.backbones.stratified_transformer import Geometry, Level, StratifiedTransformer, build
from openworld3d.errors import UserError
from openworld3d.networks.layers.memory_cell import MemoryCell, RandomState
from openworld3d.networks.layers.second_decoder import HeadOnly, MemoryDecoder, PlainDecoder, make_second_decoder
from openworld3d.training.optimizer import OF_TODAY, autocast

SCANNET, S3DIS = [384, 384, 192, 96, 48], [384, 192, 96, 48]
KINDS = [
    ("none", "zero"),
    ("plain", "zero"),
    ("memory_cell", "random"),
    ("memory_cell", "zero"),
    ("memory_cell", "learned"),
]


def parameters_of_cell(own: int, out: int, coarsest: bool = False) -> int:
    """Count those of W_p, W_g, W_c, W_1 and W_2, each W_p, W_1 and W_2 with a layer norm of `own` channels before."""
    projections = 2 * own + own * own + own + (1 if coarsest else 2) * (2 * own + own * out + out)
    return projections + (2 * own * 2 * own + 2 * own) + (2 * own * own + own)


OF_CELLS = parameters_of_cell(384, 192, coarsest=True) + sum(
    parameters_of_cell(own, out) for own, out in ((192, 96), (96, 48), (48, 48))
)
OF_HEAD = 48 * 24 + 24 + 2 * 24 + 24 + 1


@pytest.mark.parametrize(
    ("decoder", "count"),
    [
        (PlainDecoder(SCANNET), 447_553),
        (PlainDecoder(S3DIS), 150_337),
        (HeadOnly(SCANNET), 48 * 48 + 48 + 2 * 48 + 48 + 1),
        (MemoryDecoder(SCANNET, "random"), OF_CELLS + OF_HEAD),
        (MemoryDecoder(SCANNET, "zero"), OF_CELLS + OF_HEAD),
        (MemoryDecoder(SCANNET, "learned"), OF_CELLS + OF_HEAD + 384 + 192 + 96 + 48),
    ],
)
def test_parameters_at_published_channels(decoder: nn.Module, count: int) -> None:
    assert sum(value.numel() for value in decoder.parameters()) == count


def put(layer: Any, weight: Any, bias: Any) -> None:
    """Set a linear layer's weight and bias, and see that they fit."""
    for parameter, value in ((layer.weight, weight), (layer.bias, bias)):
        assert parameter.shape == np.shape(value)
        parameter.data = torch.tensor(value, dtype=torch.float32)


def three_levels() -> Geometry:
    """Return levels of 3, 2 and 1 points."""
    nothing = torch.zeros(0)
    fine = Level(
        None, None, torch.tensor([[0, 1], [1, 0], [1, 1]]), torch.tensor([[0.75, 0.25], [0.9, 0.1], [0.5, 0.5]])
    )
    middle = Level(None, None, torch.tensor([[0, 0], [0, 0]]), torch.tensor([[0.25, 0.75], [0.5, 0.5]]))
    return Geometry(nothing, nothing, [fine, middle, Level(None, None, None, None)])


def test_plain_decoder_by_hand() -> None:
    """Of two channels the layer norm leaves the sign of their difference: (1, -1) or (-1, 1)."""
    decoder: Any = PlainDecoder([2, 2, 2]).eval()
    put(decoder.upsamples[0].linear2[1], [[1, 2], [0, 3]], [0.5, 0])
    put(decoder.upsamples[0].linear1[1], [[2, 0], [1, 1]], [0, 1])
    put(decoder.upsamples[1].linear2[1], [[1, 0], [0, 2]], [0, 0])
    put(decoder.upsamples[1].linear1[1], [[1, 1], [0, 1]], [1, -1])
    put(decoder.head[0], [[1, 0], [0, -1]], [0, 0])
    put(decoder.head[3], [[2, -1]], [0.25])
    decoder.head[1].running_mean = torch.tensor([1.0, 1.0])
    decoder.head[1].running_var = torch.tensor([1.0, 4.0])
    coarsest = torch.tensor([[3.0, 1.0]])  # LN (1, -1), B (-0.5, -3), for both points of the middle level
    middle = torch.tensor([[0.0, 2.0], [5.0, 1.0]])  # LN (-1, 1), (1, -1), A (-2, 1), (2, 1), u (-2.5, -2), (1.5, -2)
    # Of which LN (-1, 1), (1, -1), B (-1, 2), (1, -2), interpolated (-0.5, 1), (0.8, -1.6), (1, -2).
    finest = torch.tensor([[1.0, 0.0], [0.0, 1.0], [4.0, 2.0]])  # A (1, -2), (1, 0), (1, -2)
    # u (0.5, -1), (1.8, -1.6), (2, -4), of which the head's first layer makes (0.5, 1), (1.8, 1.6), (2, 4), its batch
    # norm (-0.5, 0), (0.8, 0.3), (1, 1.5), and 2 max(0, a) - max(0, b) + 0.25 is the logit.
    logit = decoder([coarsest, middle, finest], three_levels(), None)
    assert logit.shape == (3, 1)
    assert logit[:, 0].tolist() == pytest.approx([0.25, 1.55, 0.75], abs=2e-4)


def sigmoid(value: Any) -> Any:
    return 1 / (1 + np.exp(-value))


def test_step_of_a_memory_cell_by_hand() -> None:
    cell: Any = MemoryCell(2, 1, coarsest=True, initial_state="learned")
    cell.initial_state.value.data = torch.tensor([2.0, -1.0])
    put(cell.project[1], [[1, 0], [1, 1]], [0, 0.5])
    # Rows are two of the reset gate, then two of the update gate; columns two of x^, then two of h0.
    put(cell.gates, [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], [0, 0, math.log(3), -0.5])
    put(cell.candidate, [[1, 0, 1, 0], [0, 0, 0, 1]], [0, 0])
    feature = torch.tensor([[3.0, 1.0], [0.0, 2.0]])  # LN (1, -1), (-1, 1), x^ (1, 0.5), (-1, 0.5)
    # r is (sigmoid(1), sigmoid(-1)) and (sigmoid(-1), sigmoid(-1)), u (3/4, 1/2) at both points.
    second = 0.5 * -1 + 0.5 * math.tanh(-sigmoid(-1))
    expected = [
        [0.75 * 2 + 0.25 * math.tanh(1 + 2 * sigmoid(1)), second],
        [0.75 * 2 + 0.25 * math.tanh(-1 + 2 * sigmoid(-1)), second],
    ]
    assert np.abs(cell.step(feature, None).detach().numpy() - expected).max() < 2e-5


def array(value: Tensor) -> np.ndarray:
    return value.detach().double().numpy()


def linear(layer: Any, value: np.ndarray) -> np.ndarray:
    return array(layer.weight) @ value + array(layer.bias)


def normalised_linear(layer: Any, value: np.ndarray) -> np.ndarray:
    """Return Linear(LN value) of one point: (C,)."""
    scaled = (value - value.mean()) / np.sqrt(value.var() + 1e-5)
    return linear(layer[1], scaled * array(layer[0].weight) + array(layer[0].bias))


def cell_of_one_point(cell: Any, value: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Return h of one point: value (C,), state (C,)."""
    projected = normalised_linear(cell.project, value)
    gates = sigmoid(linear(cell.gates, np.concatenate([projected, state])))
    reset, update = gates[: len(value)], gates[len(value) :]
    candidate = np.tanh(linear(cell.candidate, np.concatenate([projected, reset * state])))
    return update * state + (1 - update) * candidate


def states(kind: str, cell: Any, points: int, channels: int, generator: torch.Generator) -> np.ndarray:
    """Return h0 of each point: (points, channels)."""
    if kind == "random":
        return array(1 + 0.1 * torch.randn(points, channels, generator=generator))
    return np.zeros((points, channels)) + (array(cell.initial_state.value) if kind == "learned" else 0)


@pytest.mark.parametrize("initial_state", ["random", "zero", "learned"])
def test_memory_decoder_is_its_formula(initial_state: str) -> None:
    torch.manual_seed(0)
    decoder: Any = MemoryDecoder([5, 4, 6], initial_state).double().eval()
    for parameter in decoder.parameters():
        nn.init.normal_(parameter)
    pyramid = [torch.randn(points, channels).double() for points, channels in ((1, 5), (2, 4), (3, 6))]
    geometry = three_levels()

    coarse, fine = decoder.cells
    generator = torch.Generator().manual_seed(3)
    middle = [
        normalised_linear(coarse.linear1, cell_of_one_point(coarse, value, state))
        for value, state in zip(array(pyramid[1]), states(initial_state, coarse, 2, 4, generator))
    ]
    expected = []
    for point, state in enumerate(states(initial_state, fine, 3, 6, generator)):
        anonymous = normalised_linear(fine.linear1, cell_of_one_point(fine, array(pyramid[2])[point], state))
        for near, weight in zip(geometry.levels[0].fine[point], geometry.levels[0].fine_weight[point]):  # type: ignore[index]
            anonymous = anonymous + weight.item() * normalised_linear(fine.linear2, middle[near])
        hidden = linear(decoder.head[0], anonymous) / math.sqrt(1 + 1e-5)  # by a batch norm that saw nothing yet
        hidden = hidden * array(decoder.head[1].weight) + array(decoder.head[1].bias)
        expected.append(linear(decoder.head[3], np.maximum(hidden, 0)))
    assert (middle[0].shape, anonymous.shape, hidden.shape) == ((6,), (6,), (3,))
    logit = array(decoder(pyramid, geometry, torch.Generator().manual_seed(3)))
    assert np.abs(logit - expected).max() < 1e-6
    assert np.ptp(logit) > 0


def test_random_state_is_normal_around_one() -> None:
    torch.manual_seed(0)
    state = RandomState(2)(torch.zeros(50000, 2), None)
    assert state.mean(0).tolist() == pytest.approx([1, 1], abs=0.002)
    assert state.std(0).tolist() == pytest.approx([0.1, 0.1], abs=0.002)
    assert np.corrcoef(state.T.numpy())[0, 1] == pytest.approx(0, abs=0.02)


def beside(
    kind: str, initial_state: str, points: int = 100
) -> tuple[StratifiedTransformer, nn.Module, Tensor, Geometry]:
    """Return a small network and a second decoder, both in evaluation mode, and a cloud's features and geometry."""
    torch.manual_seed(0)
    network = build(SMALL, 3, 5).eval()
    decoder = make_second_decoder(kind, initial_state, network).eval()
    coord = cloud(points)
    return network, decoder, torch.from_numpy(coord), network.geometry(coord, np.array([points]))


@pytest.mark.parametrize(("kind", "initial_state"), KINDS)
@pytest.mark.parametrize("points", [1, 100])
@pytest.mark.parametrize("training", [True, False])
def test_every_point_has_a_finite_logit(kind: str, initial_state: str, points: int, training: bool) -> None:
    network, decoder, feature, geometry = beside(kind, initial_state, points)
    logit = decoder.train(training)(network.train(training).pyramid(feature, geometry), geometry, None)
    assert logit.shape == (points, 1)
    assert torch.isfinite(logit).all()


@pytest.mark.parametrize(("kind", "initial_state"), KINDS)
def test_loss_on_the_logit_teaches_encoder_semantic_decoder_and_second_decoder(kind: str, initial_state: str) -> None:
    """In evaluation mode, as no gradient then vanishes by a batch's mean."""
    network, decoder, feature, geometry = beside(kind, initial_state)
    decoder(network.pyramid(feature, geometry), geometry, None).square().mean().backward()
    both = nn.ModuleDict({"backbone": network, "second": decoder})
    asked = [(name, value.grad) for name, value in both.named_parameters() if value.requires_grad]
    untaught = [name for name, gradient in asked if gradient is None or not gradient.any()]
    without = ("backbone.classifier.", "backbone.stem_layer.1.bn.")  # the latter takes no part in any forward pass
    assert [name for name in untaught if not name.startswith(without)] == []


@pytest.mark.parametrize(
    ("kind", "reads"),
    [("none", [False, False, True]), ("plain", [True, True, True]), ("memory_cell", [False, True, True])],
)
def test_levels_that_a_second_decoder_reads_itself(kind: str, reads: list[bool]) -> None:
    network, decoder, feature, geometry = beside(kind, "random")
    pyramid = [level.detach().requires_grad_() for level in network.pyramid(feature, geometry)]
    logit = decoder(pyramid, geometry, None)
    gradients = torch.autograd.grad(logit.sum(), pyramid, allow_unused=True)
    assert [gradient is not None and bool(gradient.any()) for gradient in gradients] == reads


@pytest.mark.parametrize(("kind", "initial_state"), KINDS)
def test_only_a_random_state_is_drawn(kind: str, initial_state: str) -> None:
    network, decoder, feature, geometry = beside(kind, initial_state)
    pyramid = network.pyramid(feature, geometry)
    before = torch.get_rng_state()
    one, other = (decoder(pyramid, geometry, None) for _ in range(2))
    drawn = initial_state == "random"
    assert torch.equal(one, other) != drawn
    assert torch.equal(before, torch.get_rng_state()) != drawn


def test_random_state_is_the_generators() -> None:
    network, decoder, feature, geometry = beside("memory_cell", "random")
    pyramid = network.pyramid(feature, geometry)
    before = torch.get_rng_state()
    generators = [torch.Generator().manual_seed(seed) for seed in (7, 7, 8)]
    one, same, other = (decoder(pyramid, geometry, generator) for generator in generators)
    again = decoder(pyramid, geometry, generators[0])
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not torch.equal(one, again)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("kind", "initial_state"), KINDS)
def test_state_dict_is_all_that_another_decoder_needs(kind: str, initial_state: str) -> None:
    network, decoder, feature, geometry = beside(kind, initial_state)
    pyramid = network.pyramid(feature, geometry)
    decoder.train()(pyramid, geometry, None)  # moves the running statistics
    other = make_second_decoder(kind, initial_state, network).eval()
    expected = decoder.eval()(pyramid, geometry, torch.Generator().manual_seed(0))
    assert not torch.equal(other(pyramid, geometry, torch.Generator().manual_seed(0)), expected)
    other.load_state_dict(decoder.state_dict())
    assert torch.equal(other(pyramid, geometry, torch.Generator().manual_seed(0)), expected)


@pytest.mark.skipif(not OF_TODAY, reason="this torch has no mixed precision on the CPU")
@pytest.mark.parametrize(("kind", "initial_state"), KINDS)
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_is_near(kind: str, initial_state: str, precision: str) -> None:
    network, decoder, feature, geometry = beside(kind, initial_state)
    pyramid = network.pyramid(feature, geometry)
    expected = decoder(pyramid, geometry, torch.Generator().manual_seed(0))
    with autocast(torch.device("cpu"), precision):
        logit = decoder(pyramid, geometry, torch.Generator().manual_seed(0))
    assert (logit - expected).abs().max() < 0.05


def test_weights_start_as_torch_has_them() -> None:
    """Linear layers as wide as 1 / sqrt(3 n), n their inputs, and not the backbone's 0.02."""
    _, decoder, _, _ = beside("plain", "zero")
    assert decoder.upsamples[0].linear1[1].weight.std().item() == pytest.approx((3 * 32) ** -0.5, rel=0.1)  # type: ignore[union-attr, index]


def test_memory_cells_are_refused_where_nothing_is_decoded() -> None:
    one_level = {"num_layers": 1, "depths": [1], "channels": [16], "num_heads": [1], "stem_transformer": True}
    network = build({**SMALL, **one_level}, 3, 5)
    with pytest.raises(UserError, match="need a backbone of 2 or more levels, found 1"):
        make_second_decoder("memory_cell", "zero", network)
    assert isinstance(make_second_decoder("plain", "zero", network), PlainDecoder)
