"""Mixed precision on the CPU, where this torch has it; a card is not asked here."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from openworld3d.errors import UserError
from openworld3d.training.precision import OF_TODAY, autocast, make_scaler

CPU = torch.device("cpu")
HALVES = ("bfloat16", "float16")


@pytest.mark.parametrize("precision", ["float32", *HALVES])
def test_products_are_in_the_precision_that_was_asked_for(precision: str) -> None:
    if precision in HALVES and not OF_TODAY:
        with pytest.raises(UserError, match=f"does not train in {precision} on cpu; set the"):
            autocast(CPU, precision)
        return
    with autocast(CPU, precision):
        product = nn.Linear(2, 2)(torch.ones(1, 2))
    assert product.dtype == getattr(torch, precision)


def test_only_float16_is_scaled() -> None:
    assert make_scaler(CPU, "float32").state_dict() == {}
    assert make_scaler(CPU, "bfloat16").state_dict() == {}
    if OF_TODAY:
        assert make_scaler(CPU, "float16").state_dict()["scale"] > 1
