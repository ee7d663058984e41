"""Call a score by name, its options at their defaults but for those given."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, cast

import numpy as np

from openworld3d import scores
from openworld3d.plugins import load
from openworld3d.scores import Arrays
from openworld3d.scoring.apply import Scorer, make_scorer

Sample = Dict[str, np.ndarray]
SCORES = sorted(file.stem for file in Path(scores.__path__[0]).glob("*.py") if file.stem != "__init__")


def made(name: str, sample: Arrays, **options: float) -> Scorer:
    """Return a score's function, fitted on a training sample where the score is; its voxels count once by default."""
    voxels = next((len(sample[name]) for name in ("target", "logits", "features") if name in sample), 0)
    sample = {"weight": np.ones(voxels), "target": np.zeros(voxels, np.uint8), **sample}
    module = cast(scores.Score, load("scores", name))
    defaults = {option: key["default"] for option, key in module.KEYS.items()}
    return make_scorer(module, {**defaults, **options}, sample)


def scored(name: str, logits: np.ndarray, **options: float) -> np.ndarray:
    """Return the score (R,) of logits (R, K)."""
    return made(name, {}, **options)({"logits": logits})


def features_of(logits: np.ndarray) -> np.ndarray:
    """Return features (R, 2 K), not negative, of which the last layer of `training_sample` makes these logits."""
    return np.concatenate([np.maximum(logits, 0), np.maximum(-logits, 0)], axis=1)


def training_sample(classes: int, voxels: int = 60) -> Sample:
    """Return a sample of so many voxels of each class, nine in ten of them predicted right, in float16's steps."""
    generator = np.random.default_rng(classes)
    target = np.repeat(np.arange(classes, dtype=np.uint8), voxels)
    logits = generator.normal(0, 1, (len(target), classes))
    right = np.flatnonzero(np.arange(len(target)) % 10)
    logits[right, target[right]] += 8
    logits = logits.astype(np.float16).astype(np.float32)
    weight = generator.integers(1, 4, classes).astype(np.float64)[target]
    return {
        "logits": logits,
        "features": features_of(logits),
        "target": target,
        "weight": weight,
        "range": generator.uniform(2, 50, (len(target), 1)).astype(np.float32),
        "group": np.arange(classes) % max(2, classes // 2),
        "last_weight": np.concatenate([np.eye(classes), -np.eye(classes)], axis=1).astype(np.float32),
        "last_bias": np.zeros(classes, np.float32),
    }
