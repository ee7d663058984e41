"""A folder of saved outputs that is right: 40 points in two scenes, of a linear last layer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

COLUMNS = ["floor", "wall", "lamp"]
WEIGHT = np.array([[3.0, 0, 0, -1], [0, 3, 0, 0], [0, 0, 3, 0.5]])
BIAS = np.array([0.25, -0.5, 0])
ROWS = {"hall": 30, "08_000001": 10}


def features_of(rows: int, seed: int) -> np.ndarray:
    """Return features (R, 4), of which one of the first three is large."""
    generator = np.random.default_rng(seed)
    features = generator.uniform(0, 1, (rows, 4))
    features[np.arange(rows), np.arange(rows) % 3] += 3
    return features


def save(root: Path, arrays: dict[str, np.ndarray]) -> None:
    """Save arrays by their path without an ending."""
    for name, array in arrays.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(root / f"{name}.npy", array)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder."""
    root = tmp_path / "saved"
    for seed, (scene, rows) in enumerate(ROWS.items()):
        features = features_of(rows, seed)
        place = f"scenes/{scene.replace('_', '/')}"
        save(root, {f"{place}/features": features, f"{place}/logits": features @ WEIGHT.T + BIAS})
    features = features_of(60, 9)
    sample = {"features": features, "logits": features @ WEIGHT.T + BIAS, "label": np.arange(60) % 3}
    save(root, {f"train_sample/{name}": array for name, array in sample.items()})
    np.savez(root / "classifier.npz", weight=WEIGHT, bias=BIAS)
    (root / "meta.json").write_text(json.dumps({"classes": COLUMNS, "kind": "logits"}))
    return root
