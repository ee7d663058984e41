"""PDF's decoder on given features against what its released code answers, see README.md of the golden folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.golden import golden_files, read_golden

from openworld3d.networks.layers.geometry import interpolation
from openworld3d.networks.layers.second_decoder import PlainDecoder

INTERPOLATED = 3  # whatever `up_k` says


@pytest.mark.parametrize("file", golden_files("pdf", "stratified_decoder.npz"))
def test_golden_decoder_of_stratified_transformer(file: Path) -> None:
    golden = read_golden(file)
    channels = json.loads(str(golden["config"]))["channels"]
    decoder = PlainDecoder(channels[::-1]).eval()
    names = {name: name.replace("head.", "confidence.") for name in decoder.state_dict()}
    assert {f"state/{name}" for name in names.values()} == {name for name in golden if name.startswith("state/")}
    decoder.load_state_dict({our: torch.from_numpy(golden[f"state/{their}"]) for our, their in names.items()})

    numbers = range(1, len(channels) + 1)
    levels = [SimpleNamespace(fine=None, fine_weight=None) for _ in numbers]
    for level, number in zip(levels[:-1], numbers):
        fine, offset = golden[f"coord/{number}"], golden[f"offset/{number}"]
        coarse, coarse_offset = golden[f"coord/{number + 1}"], golden[f"offset/{number + 1}"]
        interpolated = interpolation(coarse, coarse_offset, fine, offset, INTERPOLATED)
        level.fine, level.fine_weight = map(torch.from_numpy, interpolated)
    pyramid = [torch.from_numpy(golden[f"feature/{number}"]) for number in reversed(numbers)]
    logit = decoder(pyramid, SimpleNamespace(levels=levels), None)[:, 0]
    assert np.abs(logit.detach().numpy() - golden["unknown_logit"]).max() < 2e-5
    loss = logit.square().mean()
    assert abs(loss.item() - float(golden["loss"])) < 1e-6
    loss.backward()
    gradients = {name: value.grad for name, value in decoder.named_parameters()}
    norms = {names[name]: float(gradient.norm()) for name, gradient in gradients.items() if gradient is not None}
    assert norms == pytest.approx(json.loads(str(golden["grad_norm"])), rel=1e-4)
