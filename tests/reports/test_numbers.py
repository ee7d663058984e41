from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.reports.numbers import decimals, deviation, in_percent, shown


@pytest.mark.parametrize(
    ("column", "value", "places", "text"),
    [
        ("aupr", 1 / 3, 1, "33.3"),
        ("aupr", 0.0012345, 2, "0.12"),
        ("aupr", 0.00125, 2, "0.12"),  # a tie, to even
        ("aupr", 0.00135, 2, "0.14"),
        ("aupr", 1.0, 1, "100.0"),
        ("aupr", 1e-20, 1, "0.0"),
        ("forgetting", -0.0, 1, "0.0"),
        ("forgetting", -0.0123, 1, "-1.2"),
        ("lift", 12.345, 2, "12.34"),
        ("object_tp", 12.0, 0, "12"),
        ("aupr", None, 1, "n/a"),
        ("aupr", math.nan, 1, "n/a"),
    ],
)
def test_numbers_by_hand(column: str, value: float | None, places: int, text: str) -> None:
    assert shown(column, value, places) == text


@given(st.floats(0, 1), st.integers(0, 4))
def test_printed_number_is_as_near_to_that_of_the_csv_as_its_digits_allow(value: float, places: int) -> None:
    printed = Decimal(shown("aupr", value, places))
    assert abs(printed - 100 * Decimal(repr(value))) <= Decimal(1).scaleb(-places) / 2


@pytest.mark.parametrize(
    ("column", "values", "places"),
    [
        ("aupr", [0.5, 0.01], 1),
        ("aupr", [0.0999, 0.01, None], 2),
        ("aupr", [None, None], 2),
        ("forgetting", [-0.5, 0.01], 1),
        ("lift", [1.5, 20.25], 1),
        ("object_tp", [3.0, 120.0], 0),
        ("object_tp", [3.5, 12.0], 1),
    ],
)
def test_small_numbers_have_two_decimals(column: str, values: list[float | None], places: int) -> None:
    assert decimals(column, values) == places


@pytest.mark.parametrize(
    ("column", "text", "shown_as"),
    [
        ("aupr", "0.067?", "6.7?"),
        ("aupr", "0.740", "74.0"),
        ("aupr", "0.58", "58"),
        ("aupr", "1", "100"),
        ("lift", "3.2?", "3.2?"),
    ],
)
def test_published_number_keeps_its_digits(column: str, text: str, shown_as: str) -> None:
    assert in_percent(column, text) == shown_as


def test_deviation_is_that_of_a_sample() -> None:
    assert deviation([1, 2, 3]) == pytest.approx(1)
    assert math.isnan(deviation([1]))
