"""Which process of several runs which tests."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
# Their modules have fixtures that run a pipeline, or make environments, for all of their tests.
SHARING = {"conda", "environment", "pipeline"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module's tests on one process where they share what takes long to make."""
    for item in items:
        module = item.path.relative_to(HERE)
        if module.parts[0] in SHARING:
            item.add_marker(pytest.mark.xdist_group(str(module)))
