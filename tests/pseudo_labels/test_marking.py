from __future__ import annotations

import numpy as np
import pytest

from openworld3d.pseudo_labels.marking import count_found, precision_and_recall

HELD_OUT = np.array([True, True, True, False, False])


@pytest.mark.parametrize(
    ("mask", "held_out", "expected"),
    [
        ([1, 0, 0, 1, 0], HELD_OUT, [1, 2, 3]),
        ([0, 0, 0, 0, 0], HELD_OUT, [0, 0, 3]),
        ([1, 1, 0, 0, 0], ~HELD_OUT, [0, 2, 2]),
        ([], HELD_OUT[:0], [0, 0, 0]),
    ],
)
def test_counts_by_hand(mask: list[int], held_out: np.ndarray, expected: list[int]) -> None:
    found = count_found(np.array(mask, bool), held_out)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_counts_of_clouds_add_up() -> None:
    clouds = [count_found(np.array(mask, bool), HELD_OUT) for mask in ([1, 0, 0, 1, 0], [1, 1, 1, 0, 0])]
    assert precision_and_recall(np.sum(clouds, axis=0)) == (4 / 5, 4 / 6)


@pytest.mark.parametrize(
    ("found", "expected"),
    [([1, 2, 4], (0.5, 0.25)), ([0, 0, 4], (np.nan, 0)), ([0, 2, 0], (0, np.nan)), ([0, 0, 0], (np.nan, np.nan))],
)
def test_precision_and_recall_by_hand(found: list[int], expected: tuple[float, float]) -> None:
    assert precision_and_recall(np.array(found)) == pytest.approx(expected, nan_ok=True)
