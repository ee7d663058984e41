"""Cylinder3D's sparse convolutions: a dense stand-in, or spconv where it is installed."""

from __future__ import annotations

import pytest
from tests.networks import dense_spconv


@pytest.fixture(params=["stand-in", "spconv"])
def _spconv(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "stand-in":
        dense_spconv.stand_in(monkeypatch)
    else:
        dense_spconv.skip_without_spconv()


@pytest.fixture
def _stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    dense_spconv.stand_in(monkeypatch)
