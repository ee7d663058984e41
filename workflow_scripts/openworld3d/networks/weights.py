"""A trained network as one `.npz`: its weights by name and, as JSON, the config that built it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.arrays import write_arrays
from openworld3d.errors import UserError
from openworld3d.files import canonical_json

State = Dict[str, Tensor]
PREFIX = "state/"
# What a network is built again from.
ABOUT = ("backbone", "recipe", "in_channels", "columns", "unknown", "untaught")


def save_weights(path: Path, network: nn.Module, config: dict[str, Any], kept: Mapping[int, State] = {}) -> None:
    """Write a network's state, the config that built it, and the states kept after some epochs."""
    states = {PREFIX: network.state_dict(), **{of_epoch(epoch): state for epoch, state in kept.items()}}
    arrays = {prefix + name: value.cpu().numpy() for prefix, state in states.items() for name, value in state.items()}
    write_arrays(path, {"config": np.array(canonical_json(config)), **arrays})


def of_epoch(epoch: int) -> str:
    """Return the prefix of the names of an epoch's state."""
    return f"epoch{epoch}/"


def start_from(network: nn.Module, path: Path, epoch: int | None = None) -> None:
    """Load a trained network's state, the last one or that kept after an epoch.

    Layers, and last rows of a layer, that this network's recipe adds keep their values. Entries that this network
    does not have are ignored.
    """
    state, _ = load_weights(path, epoch)
    started = network.state_dict()
    for name in state.keys() & started.keys():
        value = state[name]
        started[name] = torch.cat([value, started[name][len(value) :]]) if value.dim() else value
    network.load_state_dict(started)


def read_about(path: Path) -> dict[str, Any]:
    """Return what a run's weights say of their network; raises UserError where an earlier version wrote them."""
    about = load_weights(path)[1]
    missing = [name for name in ABOUT if name not in about]
    if missing:
        raise UserError(
            f"{path}: does not say {', '.join(missing)}, as an earlier version wrote it; train the run again"
        )
    return about


def load_weights(path: Path, epoch: int | None = None) -> tuple[State, dict[str, Any]]:
    """Return a state by name, the last one or that kept after an epoch, and the config of `save_weights`."""
    with np.load(path) as arrays:
        config = json.loads(str(arrays["config"]))
        prefix = PREFIX if epoch in (None, config.get("recipe", {}).get("epochs")) else of_epoch(epoch)
        names = [name for name in arrays.files if name.startswith(prefix)]
        if not names:
            raise UserError(
                f"{path}: has no state of epoch {epoch}, expected one; add the epoch to keep_epochs of its recipe"
            )
        return {name[len(prefix) :]: torch.from_numpy(arrays[name]) for name in names}, config
