"""The functions that docs/bring_your_own.md offers save what `saved_outputs` reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from openworld3d.saved_outputs.folder import open_saved
from openworld3d.saved_outputs.sample import read_sample
from openworld3d.saved_outputs.scenes import read_scene

PAGE = Path(__file__).resolve().parents[2] / "docs/bring_your_own.md"
COLUMNS = ["floor", "wall", "lamp"]
FITS = {"logits", "features", "target", "weight", "last_weight", "last_bias"}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the page's save_outputs.py defines, which saves below this test's folder."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(# save_outputs\.py\n.+?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    defined: dict[str, Any] = {}
    exec(code, defined)
    return defined


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_saved_outputs_are_those_of_the_network(page: dict[str, Any], bias: bool, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    last = nn.Linear(8, 3, bias=bias)
    with torch.no_grad():
        last.weight.copy_(torch.randn(3, 8))
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), last).to(dtype)
    page["watch"](network[-1])
    shares = []
    for _ in range(3):  # training scans whose labels are what the network says, but for what is ignored
        label = network(torch.randn(100, 4, dtype=dtype)).argmax(dim=1)
        label[:10] = -1
        shares += page["draw"](label, **page["last"])
    page["save_sample"](shares)
    logits = network(torch.randn(6, 4, dtype=dtype))
    page["save"]("scenes/hall", **page["last"], inverse=np.array([5, 4, 3, 2, 1, 0, 0]))

    saved = open_saved(Path("saved"))
    sample = read_sample(saved, COLUMNS)
    assert set(sample) == FITS == saved.fits
    assert sample["weight"].sum() == pytest.approx(270)
    hall = read_scene(saved, "hall", COLUMNS, sample=sample)
    assert np.array_equal(hall.outputs["logits"], logits.detach().float().numpy())
    assert hall.inverse.tolist() == [5, 4, 3, 2, 1, 0, 0]
