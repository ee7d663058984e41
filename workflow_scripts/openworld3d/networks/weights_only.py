"""Read a file of `torch.save` without running anything of it: weights and numbers, or a refusal that says why."""

from __future__ import annotations

import codecs
import pickle
import re
import tarfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openworld3d.errors import UserError, is_out_of_memory

# Before 2.6 weights_only runs what a tar archive holds (CVE-2025-32434), and before 1.13 there is none.
HAS_WEIGHTS_ONLY = tuple(int(part) for part in torch.__version__.split(".")[:2]) >= (2, 6)

# The best metric so far, which released files hold, is a numpy scalar: numpy 1 and 2 name its maker differently.
scalar = np.float64(0).__reduce__()[0]
SCALAR_NAMES = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
NUMBER_TYPES = [type(np.dtype(code)) for code in np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?"]

PLAIN = {
    **dict.fromkeys(SCALAR_NAMES, scalar),
    **{f"torch.{name}": getattr(torch, name) for name in dir(torch) if name.endswith("Storage")},
    "numpy.dtype": np.dtype,
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,  # a schedule's milestones
    "_codecs.encode": codecs.encode,  # the bytes of a numpy scalar
    "torch._utils._rebuild_tensor_v2": torch._utils._rebuild_tensor_v2,
    "torch._utils._rebuild_parameter": torch._utils._rebuild_parameter,
}


class ForeignGlobalError(Exception):
    """A file asks for something of Python that is neither a tensor nor a number; the message is its name."""


class PlainUnpickler(pickle.Unpickler):
    """An unpickler that knows the globals of `PLAIN` and imports none."""

    def find_class(self, module: str, name: str) -> Any:
        """Return the global, or raise ForeignGlobalError."""
        try:
            return PLAIN[f"{module}.{name}"]
        except KeyError:
            raise ForeignGlobalError(f"{module}.{name}") from None


class PlainPickle:
    """What `torch.load` takes as `pickle_module`."""

    Unpickler = PlainUnpickler

    @staticmethod
    def load(file: Any, **options: Any) -> Any:
        """Unpickle one object."""
        return PlainUnpickler(file, **options).load()


def load_weights_only(path: Path) -> Any:
    """Return what `torch.save` wrote, its tensors on the CPU.

    Raises UserError where the file needs anything but tensors, numbers, texts and their containers, or is not a whole
    file of `torch.save`.
    """
    try:
        return load_by_torch(path) if HAS_WEIGHTS_ONLY else load_plain(path)
    except ForeignGlobalError as error:
        raise UserError(
            f"{path}: needs {error} to be read, expected tensors and numbers alone; nothing of it was run: where you "
            "trust it, save its state_dict into a file of its own"
        ) from error
    except Exception as error:  # pickle names no bound to what a broken file raises
        if is_out_of_memory(error):
            raise
        raise UserError(
            f"{path}: is not a whole checkpoint of torch.save; neither a TorchScript program nor a tar archive of "
            "torch before 0.2 is one: download it again, or correct the path"
        ) from error


def load_by_torch(path: Path) -> Any:
    """Load with torch's own weights_only; raises ForeignGlobalError."""
    allowed: list[Any] = [*((scalar, name) for name in SCALAR_NAMES), np.dtype, *NUMBER_TYPES]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        if named:
            raise ForeignGlobalError(named[1]) from error
        raise


def load_plain(path: Path) -> Any:
    """Load with `PlainUnpickler`; raises ForeignGlobalError, ValueError for two formats beyond pickle."""
    if tarfile.is_tarfile(str(path)):
        raise ValueError("a tar archive, of which torch extracts files")
    with open(path, "rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    # Asked with torch's reader, so that torch.load sees the same records and cannot take it for a program.
    if zipped and "constants.pkl" in torch._C.PyTorchFileReader(str(path)).get_all_records():
        raise ValueError("a TorchScript program, which torch.load would run")
    return torch.load(path, map_location="cpu", pickle_module=PlainPickle)
