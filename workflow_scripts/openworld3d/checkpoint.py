"""A training's state after an epoch, from which a killed training goes on to the same weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text, whole_file
from openworld3d.weights import State

History = List[Dict[str, float]]
NETWORK, OPTIMIZER, KEPT = "network/", "optimizer/", "kept/"


def identity(config: dict[str, Any], inputs: Iterable[Path]) -> str:
    """Return what a checkpoint must have been made with to go on from it: config, inputs, code, versions.

    The code is every module of the project that is loaded, so that it is asked once all are.
    """
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] in ("openworld3d", "__main__")]
    code = {module.__file__ for module in modules if getattr(module, "__file__", None)}
    files = sorted([*map(str, inputs), *map(str, code)])
    digests = [sha256_of(Path(file)) for file in files]
    return sha256_of_text(canonical_json([config, digests, torch.__version__, np.__version__]))


class Checkpoint:
    """One file that holds the state after the last whole epoch of one training."""

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.identity = identity

    def save(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        scaler: Any,
        history: History,
        kept: Mapping[int, State],
    ) -> None:
        """Write the state after an epoch and the states kept so far; the file before stays until it is whole."""
        arrays = {NETWORK + name: to_array(value) for name, value in network.state_dict().items()}
        for epoch, kept_state in kept.items():
            arrays.update({f"{KEPT}{epoch}/{name}": to_array(value) for name, value in kept_state.items()})
        for number, state in optimizer.state_dict()["state"].items():
            arrays.update({f"{OPTIMIZER}{number}/{name}": to_array(value) for name, value in state.items()})
        about = canonical_json({"identity": self.identity, "history": history, "scaler": scaler.state_dict()})
        try:
            with whole_file(self.path) as temporary, open(temporary, "wb") as file:
                np.savez(file, about=np.array(about), **cast(Any, arrays))
        except OSError as error:
            raise UserError(
                f"{self.path}: epoch {len(history)} cannot be written ({error.strerror}); the checkpoint of epoch "
                f"{len(history) - 1} is kept: make room and run again"
            ) from error

    def load(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, scaler: Any
    ) -> tuple[History, dict[int, State]]:
        """Restore network, optimizer and gradient scaler; returns the history and the states kept so far, if any."""
        for leftover in self.path.parent.glob(f".*.{self.path.name}"):
            leftover.unlink(missing_ok=True)  # each process of a training looks
        if not self.path.exists():
            return [], {}
        with np.load(self.path) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["identity"] != self.identity:
                print("the checkpoint is of another config, dataset, code or torch: training starts anew", flush=True)
                return [], {}
            values = {name: arrays[name] for name in arrays.files}
        network.load_state_dict(
            {name[len(NETWORK) :]: torch.from_numpy(v) for name, v in values.items() if name.startswith(NETWORK)}
        )
        states: dict[int, dict[str, Any]] = {}
        for name, value in values.items():
            if name.startswith(OPTIMIZER):
                number, key = name[len(OPTIMIZER) :].split("/")
                states.setdefault(int(number), {})[key] = from_array(value)
        optimizer.load_state_dict({"state": states, "param_groups": optimizer.state_dict()["param_groups"]})
        if about["scaler"]:
            scaler.load_state_dict(about["scaler"])
        return about["history"], kept_states(values)

    def remove(self) -> None:
        """Remove the file, once the training's weights are written."""
        if self.path.exists():
            self.path.unlink()


def kept_states(values: Mapping[str, np.ndarray]) -> dict[int, State]:
    """Return the state of each epoch that was kept, from a checkpoint's arrays by name."""
    kept: dict[int, State] = {}
    for name, value in values.items():
        if name.startswith(KEPT):
            epoch, key = name[len(KEPT) :].split("/")
            kept.setdefault(int(epoch), {})[key] = torch.from_numpy(value)
    return kept


def to_array(value: Any) -> np.ndarray:
    """Return a tensor or a number as an array."""
    return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.array(value)


def from_array(value: np.ndarray) -> Any:
    """Return what `to_array` was given: torch before 1.12 counts steps by a plain number, later ones by a tensor."""
    return int(value) if value.dtype.kind == "i" else torch.from_numpy(value)
