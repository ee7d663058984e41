"""A training's state after an epoch, from which a killed training goes on to the same weights."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict, List, Mapping, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, remove_leftovers, whole_file
from openworld3d.networks.weights import State

History = List[Dict[str, float]]
NETWORK, OPTIMIZER, KEPT = "network/", "optimizer/", "kept/"
# What numpy and zipfile raise, whichever byte of a file is another.
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def made_by(key: str) -> str:
    """Return what a checkpoint must have been made by to go on from it: the training of a key, in these versions."""
    return f"{key} with torch {torch.__version__} and numpy {np.__version__}"


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
        arrays["about"] = np.array(about)
        try:
            with whole_file(self.path) as temporary, open(temporary, "wb") as file:
                np.savez(file, sha256=np.array(sha256_of_arrays(arrays)), **cast(Any, arrays))
        except OSError as error:
            raise UserError(
                f"{self.path}: epoch {len(history)} cannot be written ({error.strerror}); the checkpoint of epoch "
                f"{len(history) - 1} is kept: make room and run again"
            ) from error

    def load(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, scaler: Any
    ) -> tuple[History, dict[int, State]]:
        """Restore network, optimizer and gradient scaler; returns the history and the states kept so far, if any."""
        remove_leftovers(self.path)
        if not self.path.exists():
            return [], {}
        try:
            with np.load(self.path) as arrays:
                values = {name: arrays[name] for name in arrays.files}
            if str(values.pop("sha256")) != sha256_of_arrays(values):
                raise ValueError("it is not what was written")
            about = json.loads(str(values.pop("about")))
        except UNREADABLE as error:
            print(f"{self.path}: cannot be read ({error}): training starts anew", flush=True)
            return [], {}
        if about["identity"] != self.identity:
            print(f"{self.path}: is {about['identity']}, not {self.identity}: training starts anew", flush=True)
            return [], {}
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


def sha256_of_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of arrays and their names: what zip checks leaves out the list of what an archive holds."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


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
