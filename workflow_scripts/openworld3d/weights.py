"""A trained network as one `.npz`: its weights by name and, as JSON, all that is needed to build it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from openworld3d.files import canonical_json, whole_file

PREFIX = "state/"


def save_weights(path: Path, network: nn.Module, config: dict[str, Any]) -> None:
    """Write a network's state and the config that built it."""
    arrays = {PREFIX + name: value.cpu().numpy() for name, value in network.state_dict().items()}
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, config=np.array(canonical_json(config)), **arrays)


def start_from(network: nn.Module, path: Path) -> None:
    """Load a trained network's state; what a recipe adds to it, layers or a layer's last rows, stays as it is."""
    state, _ = load_weights(path)
    started = network.state_dict()
    for name, value in state.items():
        started[name] = torch.cat([value, started[name][len(value) :]]) if value.dim() else value
    network.load_state_dict(started)


def load_weights(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the state by name and the config that `save_weights` wrote."""
    with np.load(path) as arrays:
        state = {
            name[len(PREFIX) :]: torch.from_numpy(arrays[name]) for name in arrays.files if name.startswith(PREFIX)
        }
        return state, json.loads(str(arrays["config"]))
