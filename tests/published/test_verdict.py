"""What is said of each published number beside ours."""

from __future__ import annotations

import math

import pytest

from openworld3d.published.verdict import (
    ANOTHER,
    NOT_MEASURED,
    NOT_VERIFIED,
    ONE_SEED,
    OUTSIDE,
    WITHIN,
    reach,
    verdict,
)

# t of 97.5 % with 1 and with 2 degrees of freedom, from a table.
T1, T2 = 12.7062, 4.3027


def test_spread_of_seeds_is_where_a_further_seed_would_lie() -> None:
    assert reach([20.0, 22.0]) == pytest.approx(T1 * math.sqrt(2) * math.sqrt(1.5), rel=1e-5)
    assert reach([20.0, 21.0, 22.0]) == pytest.approx(T2 * math.sqrt(4 / 3), rel=1e-4)
    assert reach([20.0, 20.0]) == 0


@pytest.mark.parametrize(
    ("number", "ours", "sure", "unlike", "expected"),
    [
        (20.3, [20.0, 21.0, 22.0], True, "", WITHIN),  # 21 +- 4.968
        (25.9, [20.0, 21.0, 22.0], True, "", WITHIN),
        (26.0, [20.0, 21.0, 22.0], True, "", WITHIN),  # as it may be 25.95
        (26.1, [20.0, 21.0, 22.0], True, "", OUTSIDE),
        (15.9, [20.0, 21.0, 22.0], True, "", OUTSIDE),
        (20.3, [20.34, 20.34], True, "", WITHIN),  # rounded
        (20.3, [20.36, 20.36], True, "", OUTSIDE),
        (20.25, [20.256, 20.256], True, "", OUTSIDE),
        (0, [0.04, 0.04], True, "", WITHIN),  # 0.0 without its last digit
        (0, [0.06, 0.06], True, "", OUTSIDE),
        (20.3, [20.3], True, "", ONE_SEED),
        (20.3, [20.3, 20.3], False, "", NOT_VERIFIED),
        (20.3, [20.3, 20.3], True, "other unknown", ANOTHER),
        (20.3, [20.3, 20.3], False, "other unknown", ANOTHER),
        (20.3, [], True, "", NOT_MEASURED),
        (20.3, [], True, "other unknown", ANOTHER),
    ],
)
def test_verdict_by_hand(number: float, ours: list[float], sure: bool, unlike: str, expected: str) -> None:
    assert verdict(number, ours, sure, unlike) == expected
