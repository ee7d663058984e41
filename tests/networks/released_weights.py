"""A checkpoint as the reference releases it, made of golden weights."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path
from typing import Any

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
