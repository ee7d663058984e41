"""Load a network that is trained already: a checkpoint of torch.save, read without running anything of it.

Or the `weights.npz` of a run of ours, whose names are those of our networks and which says its columns.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from openworld3d.errors import UserError, is_out_of_memory
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.weights import load_weights, read_about

# Before 2.6 weights_only runs what a tar archive holds (CVE-2025-32434), and before 1.13 there is none.
OLDEST_TORCH = (2, 6)
# The prefix of every parameter's name in a checkpoint of a network wrapped by DistributedDataParallel.
PREFIX = "module."
RECOGNIZER_STATE = "recognizer_state"
NAMED_AT_MOST = 5
# A run's weights are an archive of arrays, one of which is its config.
CONFIG, OWN_ENDING = "config.npy", ".npz"

# Released checkpoints hold their best metric as a numpy scalar: numpy 1 and 2 pickle it by different names.
scalar = np.float64(0).__reduce__()[0]
SCALAR_NAMES = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
NUMBER_TYPES = [type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?"]


def load_weights_only(path: Path) -> Any:
    """Return what `torch.save` wrote, its tensors on the CPU.

    Raises UserError under a torch whose `weights_only` is not safe, where the file needs anything but tensors,
    numbers, strings and containers of them, or where it is not a whole file of `torch.save`.
    """
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < OLDEST_TORCH:
        raise UserError(
            f"{path}: torch {torch.__version__} may run code of a checkpoint that it reads, expected torch 2.6 or "
            "newer; run snakemake with --sdm conda, or install a newer torch"
        )
    allowed: list[Any] = [*((scalar, name) for name in SCALAR_NAMES), np.dtype, *NUMBER_TYPES]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle names no bound to what a broken file raises
        if is_out_of_memory(error):
            raise
        foreign = re.search(r"GLOBAL (\S+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
        if foreign:
            raise UserError(
                f"{path}: needs {foreign[1]} to be read, expected tensors and numbers alone; nothing of it was run: "
                "if you trust it, save its state_dict to a file of its own"
            ) from error
        raise UserError(
            f"{path}: is not a whole checkpoint of torch.save (neither a TorchScript program nor a tar archive of "
            "torch before 0.2 is one); download it again, or correct the path"
        ) from error


def read_released(path: Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint by name: nested under `state_dict` or bare, with or without `module.`.

    What PDF's released code saves apart, its second decoder under `recognizer_state`, is among them. Raises UserError
    where `load_weights_only` does, or where the file holds anything but dense tensors of finite numbers by name.
    """
    content = load_weights_only(path)
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    weights = unwrapped(path, state)
    if state is not content and content.get(RECOGNIZER_STATE) is not None:
        weights.update(unwrapped(path, content[RECOGNIZER_STATE]))
    return weights


def unwrapped(path: Path, state: Any) -> dict[str, Tensor]:
    """Return weights by name without `module.`; raises UserError where there is anything but tensors by name."""
    if not isinstance(state, dict) or not state:
        raise UserError(f"{path}: holds {described(state)}, expected tensors by name, under state_dict or bare")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise UserError(
                f"{path}: {name!r} is {described(value)}, expected a tensor by its name; give a checkpoint whose "
                "weights are under state_dict or bare"
            )
        check_numbers(path, name, value)
    prefixed = all(name.startswith(PREFIX) for name in state)
    return {name[len(PREFIX) :] if prefixed else name: value for name, value in state.items()}


def check_numbers(path: Path, name: str, value: Tensor) -> None:
    """Raise UserError for a tensor that a network could not take its weights from, or would compute nothing with."""
    remedy = "save the weights as dense floating-point tensors of real numbers"
    if value.is_meta:
        found, remedy = "has a shape and no values", "save the weights once they are loaded, not of the meta device"
    elif value.is_quantized or value.is_complex():
        found = f"holds numbers of type {value.dtype}"
    elif value.is_nested or value.layout != torch.strided:
        found = f"is of layout {'nested' if value.is_nested else value.layout}"
    elif not torch.isfinite(value.float()).all():
        count = int((~torch.isfinite(value.float())).sum())
        found, remedy = (
            f"has {count} numbers that are not finite in float32",
            "take a checkpoint from before it diverged",
        )
    else:
        return
    raise UserError(f"{path}: {name} {found}, expected finite numbers; {remedy}")


def described(value: Any) -> str:
    """Name what was found in place of a tensor."""
    return "nothing" if isinstance(value, dict) and not value else f"a value of type {type(value).__name__}"


def is_own(path: Path) -> bool:
    """Tell whether a file is the weights of a run of ours; raises UserError where it is a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return CONFIG in archive.namelist()
    except zipfile.BadZipFile:
        if path.suffix != OWN_ENDING:
            return False
        raise UserError(f"{path}: is not a whole weights.npz of a run; copy it again, or correct the path") from None


def own_columns(path: Path, kept: list[str]) -> list[str]:
    """Return the class of each row of the last layer of a run's weights, at the end what it keeps untaught.

    Raises UserError where it has another number of those.
    """
    about = read_about(path)
    columns: list[str] = about["columns"]
    if about["untaught"] != len(kept):
        raise UserError(
            f"{path}: its network has {about['untaught']} columns that no label trained, but the backbone has "
            f"{len(kept)}: {', '.join(kept) or 'none'}; give the backbone that it was trained with"
        )
    return [*columns, *kept]


def load_released(network: Backbone, path: Path, columns: list[str], own: list[str] | None = None) -> None:
    """Load a checkpoint, whose logits are of `columns`, into a network whose logits are of these, or of `own`.

    Raises UserError that lists every mismatch: classes, missing keys, unexpected keys, shapes.
    """
    own_state = unwrapped(path, load_weights(path)[0]) if is_own(path) else None
    state = network.released_state(read_released(path)) if own_state is None else own_state
    misfits = list(misfits_of(state, network, columns))
    if misfits:
        raise UserError(
            f"{path}: does not fit the run: {'; '.join(misfits)}. Set the keys of the backbone and the classes of "
            "the protocol to what it was trained with"
        )
    order = [columns.index(name) for name in own or columns]
    network.load_state_dict({**state, **{name: state[name][order] for name in network.last_layer_names()}})


def misfits_of(state: Mapping[str, Tensor], network: Backbone, known: list[str]) -> Iterator[str]:
    """Yield a phrase for each kind of difference between a checkpoint and the network's own state."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    last_layer = network.last_layer_names()
    weight = last_layer[0]
    classes = len(state[weight]) if weight in state and state[weight].dim() else len(known)
    if classes != len(known):
        yield f"its classifier has {classes} classes, the protocol knows {len(known)}: {', '.join(known)}"
    yield from listed("missing", (name for name in shapes if name not in state))
    yield from listed("unexpected", (name for name in state if name not in shapes))
    shapes.update({name: (classes, *shapes[name][1:]) for name in last_layer})
    found = {name: tuple(state[name].shape) for name in shapes if name in state}
    yield from listed(
        "of another shape",
        (f"{name} {shape}, expected {shapes[name]}" for name, shape in found.items() if shape != shapes[name]),
    )


def listed(kind: str, differences: Iterable[str]) -> Iterator[str]:
    """Yield `2 keys missing (a, b)`, naming at most five; nothing where there are none."""
    names = list(differences)
    if names:
        more = [f"and {len(names) - NAMED_AT_MOST} more"] if len(names) > NAMED_AT_MOST else []
        keys = "key" if len(names) == 1 else "keys"
        yield f"{len(names)} {keys} {kind} ({', '.join([*names[:NAMED_AT_MOST], *more])})"
