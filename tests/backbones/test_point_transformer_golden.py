"""Point Transformer, alone and with PDF's decoder, against what reference implementations answer.

See README.md of the golden folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.given import recipe_of
from tests.golden import golden_files, read_golden
from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d.backbones.point_transformer import NEIGHBORS, STRIDE, Level, Options, PointTransformer, build
from openworld3d.networks.layers.geometry import sample_clouds
from openworld3d.networks.layers.point_attention import SHARED
from openworld3d.networks.layers.second_decoder import PlainDecoder
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes.pdf import open_logits

NETWORKS = golden_files("point_transformer")
WITH_DECODER = golden_files("pdf", "point_transformer.npz")


def read(file: Path) -> dict[str, Any]:
    """Return the arrays of a file, its JSON read."""
    golden = read_golden(file)
    return {name: json.loads(str(value)) if value.dtype.kind == "U" else value for name, value in golden.items()}


def network_of(golden: dict[str, Any], prefix: str = "state/") -> PointTransformer:
    """Return a network with the golden weights, in evaluation mode."""
    config = golden["config"]
    assert config["stride"] == [1] + [STRIDE] * 4
    assert config["nsample"] == list(NEIGHBORS)
    assert config["share_planes"] == SHARED
    network = build(config, config["in_channels"], config["classes"])
    network.load_state_dict(state_of(golden, prefix), strict=True)
    return network.eval()


def state_of(golden: dict[str, Any], prefix: str) -> dict[str, Tensor]:
    """Return the weights whose names begin so, by what follows."""
    return {name[len(prefix) :]: torch.from_numpy(golden[name]) for name in golden if name.startswith(prefix)}


def feature_of(golden: dict[str, Any]) -> Tensor:
    return torch.from_numpy(np.concatenate([golden["coord"], golden["color"]], 1))


def in_double(network: PointTransformer, golden: dict[str, Any]) -> tuple[Tensor, Any]:
    """Make a network float64 with its golden features, which it returns with the geometry.

    For gradients: in float32 another order of sums, as of another torch, can put an input of a ReLU on its other
    side.
    """
    network.double()
    geometry = network.geometry(golden["coord"], golden["offset"])
    levels = [Level(*map(doubled, level)) for level in geometry.levels]
    return feature_of(golden).double(), geometry._replace(levels=levels)


def doubled(value: Any) -> Any:
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value


def norms(network: nn.Module) -> dict[str, float]:
    """Return the norm of each parameter's gradient."""
    return {
        name: 0.0 if value.grad is None else float(value.grad.norm()) for name, value in network.named_parameters()
    }


def check_norms(found: dict[str, float], golden: dict[str, Any], ending: str, relative: float) -> None:
    """Check gradients against `grad_norm` and `no_gradient`, which name all parameters."""
    expected = golden[f"grad_norm{ending}"]
    assert set(found) == {*expected, *golden[f"no_gradient{ending}"]}
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=relative)


def furthest(found: Tensor, expected: np.ndarray) -> float:
    return float(np.abs(found.detach().numpy() - expected).max())


@pytest.mark.parametrize("file", [*NETWORKS, *WITH_DECODER])
def test_golden_geometry(file: Path) -> None:
    golden = read(file)
    network = PointTransformer(Options([8] * 5, [1] * 5), 6, 2)
    geometry = network.geometry(golden["coord"], golden["offset"])
    coord, offset = golden["coord"], golden["offset"]
    for number, level in enumerate(geometry.levels, 1):
        assert np.array_equal(level.neighbor, golden[f"neighbor/{number}"])
        check_relative(level.relative, level.neighbor, coord, coord)
        if level.coarse is None:
            break
        ((chosen, coarse_offset),) = sample_clouds(coord, offset, [lambda points: points // STRIDE])
        assert np.array_equal(chosen, golden[f"sample/{number + 1}"])
        assert np.array_equal(coarse_offset, golden[f"offset/{number + 1}"])
        assert np.array_equal(level.coarse, golden[f"down_neighbor/{number + 1}"])
        check_relative(level.coarse_relative, level.coarse, coord[chosen], coord)
        assert np.array_equal(level.fine, golden[f"up_neighbor/{number + 1}"])
        coord, offset = coord[chosen], coarse_offset
    assert number == len(NEIGHBORS)


def check_relative(relative: Tensor | None, neighbor: Tensor, query: np.ndarray, coord: np.ndarray) -> None:
    """Check where neighbours are from a query, 0 where there is none: the index is then the number of points."""
    assert relative is not None
    padded = np.concatenate([coord, np.zeros((1, 3), np.float32)])
    there = (neighbor < len(coord)).numpy()[:, :, None]
    assert np.array_equal(relative, np.where(there, padded[neighbor] - query[:, None], 0))


def target_of(golden: dict[str, Any]) -> Tensor:
    return torch.from_numpy(golden["label"].astype(np.int64))


@pytest.mark.parametrize("file", NETWORKS)
def test_golden_network_in_evaluation(file: Path) -> None:
    golden = read(file)
    network = network_of(golden)
    geometry = network.geometry(golden["coord"], golden["offset"])
    ends: dict[str, Tensor] = {}
    for name in [name for name in golden if name.startswith("feature/")]:
        stage = getattr(network, name[len("feature/") :])
        stage[-1].register_forward_hook(lambda _, given, result, name=name: ends.update({name: result}))
    logits = network(feature_of(golden), geometry)
    assert furthest(logits, golden["logits"]) < 2e-4
    assert len(ends) == 6
    assert all(furthest(found, golden[name]) < 2e-4 for name, found in ends.items())
    loss = F.cross_entropy(logits, target_of(golden), ignore_index=IGNORED)
    assert abs(loss.item() - float(golden["loss"])) < 1e-5
    F.cross_entropy(network(*in_double(network, golden)), target_of(golden), ignore_index=IGNORED).backward()
    check_norms(norms(network), golden, "", 1e-3)


@pytest.mark.parametrize("file", NETWORKS)
def test_golden_network_in_training(file: Path) -> None:
    golden = read(file)
    network = network_of(golden).train()
    logits = network(feature_of(golden), network.geometry(golden["coord"], golden["offset"]))
    assert furthest(logits, golden["logits_training"]) < 5e-4
    loss = F.cross_entropy(logits, target_of(golden), ignore_index=IGNORED)
    assert abs(loss.item() - float(golden["loss_training"])) < 1e-5
    F.cross_entropy(network(*in_double(network, golden)), target_of(golden), ignore_index=IGNORED).backward()
    check_norms(norms(network), golden, "_training", 1e-2)


# What PDF's released code calls the parts of our second decoder.
PARTS = {f"dec{level}.": f"upsamples.{5 - level}." for level in range(1, 6)}
PARTS["confidence."] = "head."


def our_name(name: str) -> str:
    """Return what our second decoder calls a parameter of PDF's recogniser."""
    (part,) = [part for part in PARTS if name.startswith(part)]
    return PARTS[part] + name[len(part) :]


def with_decoder(golden: dict[str, Any]) -> PointTransformer:
    """Return a network with the golden weights, with the second decoder that the recipe gives it."""
    network = network_of(golden, "state/backbone.")
    recipe_of("pdf", second_decoder="plain").adapt(network)
    state = {our_name(name): value for name, value in state_of(golden, "state/recognizer.").items()}
    decoder = network.second_decoder
    assert isinstance(decoder, PlainDecoder)
    decoder.load_state_dict(state, strict=True)
    return network.eval()


def norms_by_their_names(network: PointTransformer, golden: dict[str, Any]) -> dict[str, float]:
    """Return the norm of each parameter's gradient by the name that the released code has for it."""
    recognizer = [name for name in golden if name.startswith("state/recognizer.")]
    theirs = {our_name(name[len("state/recognizer.") :]): name[len("state/") :] for name in recognizer}
    of_decoder = norms(network.second_decoder)  # type: ignore[arg-type]
    del network.second_decoder
    of_backbone = {f"backbone.{name}": norm for name, norm in norms(network).items()}
    return {**of_backbone, **{theirs[name]: norm for name, norm in of_decoder.items()}}


def losses(known: Tensor, unknown: Tensor, golden: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Return CE(logits, label), CE with the marks as a class of its own, and what PDF trains with."""
    classes = golden["config"]["classes"]
    of_known = F.cross_entropy(known, target_of(golden), ignore_index=IGNORED)
    marked = target_of(golden).masked_fill(torch.from_numpy(golden["pseudo_mask"]), classes)
    of_marks = F.cross_entropy(torch.cat([known, unknown], 1), marked, ignore_index=IGNORED)
    return of_known, of_marks, of_known + golden["config"]["pseudo_weight"] * of_marks


@pytest.mark.parametrize("file", WITH_DECODER)
def test_golden_network_with_pdf_in_evaluation(file: Path) -> None:
    golden = read(file)
    network = with_decoder(golden)
    ups: list[Tensor] = []
    for upsample in network.second_decoder.upsamples:  # type: ignore[union-attr]
        upsample.register_forward_hook(lambda _, given, result: ups.append(result))
    geometry = network.geometry(golden["coord"], golden["offset"])
    known, unknown = open_logits(network, feature_of(golden), geometry, False, None)
    assert furthest(known, golden["logits"]) < 2e-4
    assert furthest(unknown[:, 0], golden["unknown_logit"]) < 2e-4
    assert furthest(torch.cat([known, unknown], 1).softmax(1)[:, -1], golden["score"]) < 2e-4
    assert all(furthest(up, golden[f"feature/recognizer.dec{level}"]) < 2e-4 for up, level in zip(ups, (5, 4, 3)))
    for loss, name in zip(losses(known, unknown, golden), ("loss_known", "loss_pseudo", "loss")):
        assert abs(loss.item() - float(golden[name])) < 1e-5
    losses(*open_logits(network, *in_double(network, golden), False, None), golden)[2].backward()
    check_norms(norms_by_their_names(network, golden), golden, "", 1e-3)


@pytest.mark.parametrize("file", WITH_DECODER)
def test_golden_network_with_pdf_in_training(file: Path) -> None:
    golden = read(file)
    network = with_decoder(golden).train()
    geometry = network.geometry(golden["coord"], golden["offset"])
    known, unknown = open_logits(network, feature_of(golden), geometry, False, None)
    assert furthest(known, golden["logits_training"]) < 5e-4
    assert furthest(unknown[:, 0], golden["unknown_logit_training"]) < 5e-4
    assert abs(losses(known, unknown, golden)[2].item() - float(golden["loss_training"])) < 1e-5
    losses(*open_logits(network, *in_double(network, golden), False, None), golden)[2].backward()
    check_norms(norms_by_their_names(network, golden), golden, "_training", 1e-2)
