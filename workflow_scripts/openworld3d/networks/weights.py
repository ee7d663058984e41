"""A trained network as one `.npz`: its weights by name and, as JSON, all that is needed to build it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, whole_file

State = Dict[str, Tensor]
PREFIX = "state/"


def save_weights(path: Path, network: nn.Module, config: dict[str, Any], kept: Mapping[int, State] = {}) -> None:
    """Write a network's state, the config that built it, and the states that were kept of some epochs."""
    states = {PREFIX: network.state_dict(), **{of_epoch(epoch): state for epoch, state in kept.items()}}
    arrays = {prefix + name: value.cpu().numpy() for prefix, state in states.items() for name, value in state.items()}
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, config=np.array(canonical_json(config)), **arrays)


def of_epoch(epoch: int) -> str:
    """Return what the names of an epoch's state begin with."""
    return f"epoch{epoch}/"


def start_from(network: nn.Module, path: Path, epoch: int | None = None) -> None:
    """Load a trained network's state, its last or that of an epoch that was kept.

    What a recipe adds to it, layers or a layer's last rows, stays as it is. What it had for a recipe of its own, and
    this network has no place for, is left behind.
    """
    state, _ = load_weights(path, epoch)
    started = network.state_dict()
    for name in state.keys() & started.keys():
        value = state[name]
        started[name] = torch.cat([value, started[name][len(value) :]]) if value.dim() else value
    network.load_state_dict(started)


def load_weights(path: Path, epoch: int | None = None) -> tuple[State, dict[str, Any]]:
    """Return a state by name, the last or that of an epoch that was kept, and the config of `save_weights`."""
    with np.load(path) as arrays:
        config = json.loads(str(arrays["config"]))
        prefix = PREFIX if epoch in (None, config.get("recipe", {}).get("epochs")) else of_epoch(epoch)
        names = [name for name in arrays.files if name.startswith(prefix)]
        if not names:
            raise UserError(f"{path}: it has no network of epoch {epoch}, expected one; keep it by keep_epochs")
        return {name[len(prefix) :]: torch.from_numpy(arrays[name]) for name in names}, config
