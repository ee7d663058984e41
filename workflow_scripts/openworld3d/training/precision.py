"""Mixed precision: which operations run in half of the bits, and the loss's scale where gradients would vanish."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ContextManager

import torch

from openworld3d.errors import UserError

ADVICE = "set the recipe's precision to float32"
# From torch 2.3 on, since when the CPU takes part in all of it: before, its layer norms refused mixed input.
OF_TODAY = hasattr(torch, "amp") and hasattr(torch.amp, "GradScaler")


def autocast(device: torch.device, precision: str) -> ContextManager[Any]:
    """Return a context in which matrix products run in `precision`, `float32` as they are.

    Raises UserError where this torch cannot: bfloat16 needs torch 1.10 on a card, the CPU needs 2.3 for either.
    """
    if precision == "float32":
        return nullcontext()
    if OF_TODAY or (device.type == "cuda" and hasattr(torch, "autocast")):
        return torch.autocast(device.type, dtype=getattr(torch, precision))
    if device.type == "cuda" and precision == "float16":
        return torch.cuda.amp.autocast()
    raise UserError(f"torch {torch.__version__} does not train in {precision} on {device.type}; {ADVICE}")


def make_scaler(device: torch.device, precision: str) -> Any:
    """Return the gradient scaler, without which float16's gradients vanish; it does nothing for the others."""
    scaled = precision == "float16"
    if OF_TODAY:
        return torch.amp.GradScaler(device.type, enabled=scaled)
    return torch.cuda.amp.GradScaler(enabled=scaled)
