"""A key is a digest of each of its parts, whatever their order."""

from __future__ import annotations

from typing import Any

import pytest

from openworld3d.workflow.keys import key_of

PARTS: dict[str, Any] = {
    "config": {"epochs": 14},
    "code": "c",
    "inputs": {"scenes": {"prepare x": "abc"}},
    "environment": "e",
    "outside": "o",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"config": {"epochs": 15}},
        {"config": {"epochs": "14"}},
        {"config": {"epochs": 14, "more": 1}},
        {"code": "d"},
        {"inputs": {"scenes": {"prepare x": "abd"}}},
        {"inputs": {"scenes": {"prepare y": "abc"}}},
        {"inputs": {"weights": {"prepare x": "abc"}}},
        {"inputs": {}},
        {"environment": "f"},
        {"outside": "absent"},
    ],
)
def test_each_part_counts(changed: dict[str, Any]) -> None:
    assert key_of("train", {**PARTS, **changed}) != key_of("train", PARTS)


def test_order_of_keys_does_not_count_and_the_step_does() -> None:
    assert key_of("train", dict(reversed(PARTS.items()))) == key_of("train", PARTS)
    assert key_of("infer", PARTS) != key_of("train", PARTS)
