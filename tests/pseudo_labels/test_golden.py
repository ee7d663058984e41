"""Pseudo labels against those of PDF's released code, see README.md of the golden folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree

from openworld3d.networks.confidence import max_probability
from openworld3d.pseudo_labels.boundary import AS_RELEASED, SPREADS, alikeness, large_parts
from openworld3d.pseudo_labels.growing import Growing, draw_seeds, grow, stopping_confidence
from openworld3d.pseudo_labels.mixture import fit_mixture

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("GOLDEN_DIR", ROOT.parent / "shared" / "golden")) / "pseudo_labels"
FILES = sorted(FOLDER.glob("*.npz"))


class Dice(NamedTuple):
    """Draws what the released code drew, in place of a generator."""

    dice: np.ndarray

    def integers(self, low: int, high: int, size: int) -> np.ndarray:
        assert low == 0
        assert size == len(self.dice)
        assert self.dice.max() < high
        return self.dice


def clouds_of(path: Path) -> dict[str, dict[str, Any]]:
    """Return the clouds of a file by the name of their configuration, what it says as `growing`."""
    clouds: dict[str, dict[str, Any]] = {}
    with np.load(path) as arrays:
        for key in arrays.files:
            name, what = key.split("/")
            clouds.setdefault(name, {})[what] = arrays[key]
    for cloud in clouds.values():
        config = json.loads(str(cloud["config"]))
        cloud["growing"] = Growing(**{field: config[field] for field in Growing._fields})
        cloud["neighbor"] = cloud["neighbor"].astype(np.int64)
        cloud["probability"] = max_probability(cloud["logits"])
    return clouds


CLOUDS = {f"{path.stem}, {name}": cloud for path in FILES for name, cloud in clouds_of(path).items()}
pytestmark = [
    pytest.mark.skipif(not CLOUDS, reason=f"no golden pseudo labels in {FOLDER}; set GOLDEN_DIR"),
    pytest.mark.parametrize("name", CLOUDS),
]


def grown(cloud: dict[str, Any]) -> np.ndarray:
    stop_at = stopping_confidence(cloud["probability"], cloud["growing"].beta)
    return grow(cloud["coord"], cloud["probability"], cloud["neighbor"], cloud["seeds"], stop_at)


def test_seeds_are_those_of_the_dice(name: str) -> None:
    cloud = CLOUDS[name]
    dice: Any = Dice(cloud["dice"])
    assert np.array_equal(draw_seeds(cloud["logits"], cloud["growing"], dice), cloud["seeds"])


def test_growth_stops_at_the_same_confidence(name: str) -> None:
    cloud = CLOUDS[name]
    expected = pytest.approx(float(cloud["stop_at"]), abs=1e-6)
    assert stopping_confidence(cloud["probability"], cloud["growing"].beta) == expected


def test_region_and_mask_are_the_released_ones(name: str) -> None:
    cloud = CLOUDS[name]
    member = grown(cloud)
    region = np.zeros(len(cloud["coord"]), bool)
    region[member] = True
    assert np.array_equal(region, cloud["region"])
    mask = large_parts(member, cloud["coord"], cloud["probability"], cloud["neighbor"], AS_RELEASED)
    assert np.array_equal(mask, cloud["mask"])


def test_forest_and_its_bound_are_the_released_ones(name: str) -> None:
    cloud = CLOUDS[name]
    graph = alikeness(grown(cloud), cloud["coord"], cloud["probability"], cloud["neighbor"], as_released=True)
    weight = minimum_spanning_tree(graph).data
    assert np.sort(weight) == pytest.approx(np.sort(cloud["forest_weight"]), abs=1e-5)
    mixture = fit_mixture(weight)
    assert mixture.mean == pytest.approx(np.sort(cloud["mixture"][1]), abs=1e-3)
    bound = mixture.mean[1] - SPREADS * mixture.variance[1]
    assert bound == pytest.approx(float(cloud["bound"]), abs=1e-3)
