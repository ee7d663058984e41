"""A checkpoint as the reference releases it, made of golden weights."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from openworld3d.networks.pretrained import OLDEST_TORCH

needs_safe_torch = pytest.mark.skipif(
    tuple(int(part) for part in torch.__version__.split(".")[:2]) < OLDEST_TORCH, reason="this torch may run code"
)
GOLDEN = Path(__file__).parent / "s3dis_style.npz"


def golden_state() -> dict[str, Tensor]:
    """Return golden weights by the reference's names."""
    with np.load(GOLDEN) as arrays:
        return {name[6:]: torch.from_numpy(arrays[name]) for name in arrays.files if name.startswith("state/")}


def golden_backbone() -> dict[str, Any]:
    """Return the entry of `backbones` that the golden weights fit, its colours as the reference's S3DIS has them."""
    with np.load(GOLDEN) as arrays:
        config = json.loads(str(arrays["config"]))
    ours = {"network": "stratified_transformer", "initialisation": "reference", "appearance_range": [0, 1]}
    return {**{key: value for key, value in config.items() if key not in ("classes", "concat_xyz")}, **ours}


def state_of_pdf(columns: int, untaught: Sequence[int]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return golden weights as PDF's released code has them: a network's, and those of its recogniser.

    The network takes coordinates before colours, and its classifier has so many columns, those of golden and the
    `untaught`. The recogniser is drawn.
    """
    state = golden_state()
    stem = "stem_layer.0.kpconv.weight"
    state[stem] = torch.cat([state[stem][:, 3:], state[stem][:, :3]], 1)
    taught = [number for number in range(columns) if number not in untaught]
    for name in ("classifier.3.weight", "classifier.3.bias"):
        wide = torch.full((columns, *state[name].shape[1:]), 9.0)
        wide[taught] = state[name]
        state[name] = wide
    channels, generator = golden_backbone()["channels"][::-1], torch.Generator().manual_seed(0)
    shapes = {}
    for number, (coarse, fine) in enumerate(zip(channels, channels[1:])):
        for linear, given in ((1, fine), (2, coarse)):
            for layer, shape in ((0, (given,)), (1, (fine, given))):
                shapes[f"upsamples.{number}.linear{linear}.{layer}.weight"] = shape
                shapes[f"upsamples.{number}.linear{linear}.{layer}.bias"] = shape[:1]
    last = channels[-1]
    for layer, shape in ((0, (last, last)), (1, (last,)), (3, (1, last))):
        shapes[f"confidence.{layer}.weight"], shapes[f"confidence.{layer}.bias"] = shape, shape[:1]
    shapes["confidence.1.running_mean"] = (last,)
    recognizer = {name: torch.randn(shape, generator=generator) / 4 for name, shape in shapes.items()}
    recognizer["confidence.1.running_var"] = 1 + torch.rand(last, generator=generator)
    recognizer["confidence.1.num_batches_tracked"] = torch.tensor(3)
    return {f"backbone.{name}": value for name, value in state.items()}, recognizer


def write_released(path: Path, state: dict[str, Tensor], new_format: bool = True, **more: Any) -> Path:
    """Write weights as the reference does: prefixed and nested, beside the states of optimizer and schedule."""
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    content = {
        "epoch": 100,
        "state_dict": OrderedDict((f"module.{name}", value) for name, value in state.items()),
        "optimizer": optimizer.state_dict(),
        "scheduler": torch.optim.lr_scheduler.MultiStepLR(optimizer, [60, 80]).state_dict(),
        "best_iou": np.float64(0.72),
        **more,
    }
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    return path
