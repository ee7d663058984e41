"""Rows of a table, made up."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from openworld3d.metrics.bootstrap import Row, draws

METRICS = ("aupr", "auroc", "fpr95")


def row(
    score: str = "msp",
    recipe: str = "closed_set",
    seed: int | str = 0,
    scenes: int = 6,
    metrics: Sequence[str] = METRICS,
    start: int = 0,
    **identity: Any,
) -> Row:
    """Return a row whose metrics are the means of random numbers, one for each scene; start: of the numbers."""
    known = {"dataset": "rooms", "protocol": "sofa", "backbone": "small", "coverage": "single"}
    names = {"recipe": recipe, "score": score, "method": f"{recipe} + {score}", "seed": seed}
    generator = np.random.default_rng([start, len(score), *recipe.encode(), int(seed) if seed != "n/a" else 0])
    values = {name: generator.uniform(0.2, 0.9, scenes) for name in metrics}
    drawn = draws(scenes, 40) / scenes
    replicates = {name: np.stack([drawn @ value] * 3) for name, value in values.items()}
    if scenes == 1:
        replicates = {name: np.full_like(value, np.nan) for name, value in replicates.items()}
    return Row(
        {**known, **names, "trains_on_unknown": False, **identity},
        {"points": 1234, "prevalence": 0.0658, **{name: float(value.mean()) for name, value in values.items()}},
        {"scenes": np.array([f"scene{number}" for number in range(scenes)]), **replicates},
    )
