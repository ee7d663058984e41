"""Cylinder3D at SemanticKITTI's configuration, where spconv for GPUs can be imported.

A dry run takes the dense stand-in of the tests, as spconv's CPU build has no backward pass.
"""

from __future__ import annotations

import importlib
import sys
from typing import Iterator

import numpy as np
import torch

from benchmarks.gpu.data import backbone_of
from benchmarks.gpu.rows import Row, Setting, forget_peak, peak, seconds, version_of
from openworld3d.backbones.cylinder3d import Cylinder3D, Geometry, build

SPCONV = "spconv.pytorch"
POINTS = 120000  # of a scan
CLASSES = 4
STEPS = 20
SMALL = {"cells": [24, 20, 8], "width": 4}


def run(setting: Setting) -> Iterator[Row]:
    """Go forward and backward, then take steps that must lower the loss."""
    if setting.dry:
        sys.modules[SPCONV] = importlib.import_module("tests.networks.dense_spconv")
    if version_of(SPCONV) is None:
        yield {"network": "cylinder3d", "step": "not run: spconv cannot be imported"}
        return
    keys = backbone_of(setting, "experiments/semantickitti_closed.yaml", "cylinder3d_semantickitti")
    keys.update(setting.pick({}, SMALL))
    for variant in ("as_released", "refined"):
        torch.manual_seed(0)
        network = build({**keys, "variant": variant, "targets": "points"}, 3, CLASSES).to(setting.device)
        yield from of_network(setting, network, variant)


def scan(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Return points around a sensor, ground and boxes on it, and their classes by height: (N, 3) float32, (N,)."""
    generator = np.random.default_rng(0)
    radius, angle = 2 + 45 * generator.random(points) ** 2, generator.uniform(-np.pi, np.pi, points)
    height = np.where(generator.random(points) < 0.6, -1.7, generator.uniform(-1.7, 1.5, points))
    coord = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], 1).astype(np.float32)
    return coord, np.digitize(height, [-1.6, -0.6, 0.5])


def of_network(setting: Setting, network: Cylinder3D, variant: str) -> Iterator[Row]:
    """Measure one variant of the network."""
    coord, label = scan(setting.pick(POINTS, 400))
    device = setting.device
    geometry: Geometry = network.geometry(coord, np.array([len(coord)])).to(device)
    feature = torch.rand(len(coord), 3, device=device)
    target = torch.from_numpy(label).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    row: Row = {"network": variant, "points": len(coord), "cells": geometry.pairs}

    def step() -> float:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(feature, geometry), target)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    forget_peak(device)
    with torch.no_grad():
        spent = seconds(lambda: network(feature, geometry), device, 5)
    yield {**row, "step": "forward", "ms": spent * 1e3, "peak GB": peak(device)}
    forget_peak(device)
    losses = [step() for _ in range(STEPS)]
    spent = seconds(step, device, 5)
    lower = losses[-1] < losses[0]
    yield {
        **row,
        "step": "training",
        "ms": spent * 1e3,
        "peak GB": peak(device),
        "first loss": losses[0],
        f"loss after {STEPS} steps": losses[-1],
        "agrees": lower,
    }
