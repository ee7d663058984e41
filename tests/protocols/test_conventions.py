"""What the papers of a protocol call by the names of metrics, by hand."""

from __future__ import annotations

import pytest

from openworld3d.metrics.table import METRICS
from openworld3d.protocols.conventions import defined


@pytest.mark.parametrize(
    ("metric", "said", "expected"),
    [
        ("aupr", ("step", "reached", "points"), "aupr"),
        ("aupr", ("trapezoid", "strict", "points"), "aupr_trapezoid"),
        ("aupr", ("step", "strict", "scenes"), "aupr_scenes"),
        ("auroc", ("trapezoid", "strict", "points"), "auroc"),
        ("auroc", ("trapezoid", "reached", "scenes"), "auroc_scenes"),
        ("aupr", ("trapezoid", "reached", "scenes"), "aupr_trapezoid_scenes"),
        ("fpr95", ("step", "nearest", "scenes"), "fpr95_nearest_scenes"),
        ("fpr95", ("trapezoid", "reached", "points"), "fpr95"),
        ("fpr95", ("step", "strict", "points"), "fpr95_strict"),
        ("miou_all", ("trapezoid", "strict", "scenes"), "miou_all"),
    ],
)
def test_column_is_what_papers_call_so(metric: str, said: tuple[str, str, str], expected: str) -> None:
    assert defined(metric, *said) == expected
    assert expected in METRICS
