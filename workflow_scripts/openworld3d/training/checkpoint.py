"""The state of a training after an epoch, from which a killed training resumes to the same weights.

Two lines and an archive: the SHA-256 of all that follows, JSON with the history and what made the checkpoint, and the
tensors as `torch.save` writes them. Nothing is unpickled before the digest and the maker are found to be right.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any, Dict, List, Mapping

import numpy as np
import torch
from torch import nn

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, remove_leftovers, whole_file
from openworld3d.networks.weights import State

History = List[Dict[str, float]]


def made_by(key: str) -> str:
    """Return what a checkpoint must have been made by to be resumed: the training of a key, in these versions."""
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
        """Write the state after an epoch and the states kept so far; the previous file stays until this is whole."""
        tensors = io.BytesIO()
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "scaler": scaler.state_dict()}
        torch.save({**state, "kept": dict(kept)}, tensors)
        about = canonical_json({"identity": self.identity, "history": history})
        content = about.encode() + b"\n" + tensors.getvalue()
        try:
            with whole_file(self.path) as temporary:
                temporary.write_bytes(sha256(content) + b"\n" + content)
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
        digest, _, content = self.path.read_bytes().partition(b"\n")
        if digest != sha256(content):
            print(
                f"{self.path}: is damaged, its SHA-256 is not the one it begins with: training starts anew",
                flush=True,
            )
            return [], {}
        text, _, tensors = content.partition(b"\n")
        about = json.loads(text)
        if about["identity"] != self.identity:
            print(f"{self.path}: is {about['identity']}, not {self.identity}: training starts anew", flush=True)
            return [], {}
        state = torch.load(io.BytesIO(tensors), map_location="cpu")
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        if state["scaler"]:
            scaler.load_state_dict(state["scaler"])
        return about["history"], state["kept"]

    def remove(self) -> None:
        """Remove the file, once the training's weights are written."""
        if self.path.exists():
            self.path.unlink()


def sha256(content: bytes) -> bytes:
    """Return the SHA-256 of some bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest().encode()
