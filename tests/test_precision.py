"""Mixed precision on the CPU, where this torch has it; a card is not asked here."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from openworld3d.errors import UserError
from openworld3d.precision import autocast, make_scaler

CPU = torch.device("cpu")
VERSION = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
KNOWN = {"float32": (0, 0), "bfloat16": (1, 10), "float16": (2, 3)}  # since which torch the CPU trains in it


@pytest.mark.parametrize("precision", KNOWN)
def test_products_are_in_the_precision_that_was_asked_for(precision: str) -> None:
    if KNOWN[precision] > VERSION:
        with pytest.raises(UserError, match=f"torch {VERSION[0]}.*set the recipe's precision to float32"):  # noqa: PT012
            make_scaler(CPU, precision)
            with autocast(CPU, precision):
                pass
        return
    with autocast(CPU, precision):
        product = nn.Linear(2, 2)(torch.ones(1, 2))
    assert product.dtype == getattr(torch, precision)


def test_only_float16_is_scaled() -> None:
    assert make_scaler(CPU, "float32").state_dict() == {}
    assert make_scaler(CPU, "bfloat16").state_dict() == {}
    if KNOWN["float16"] <= VERSION:
        assert make_scaler(CPU, "float16").state_dict()["scale"] > 1
