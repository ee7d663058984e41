from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pandas as pd
import pytest

from openworld3d.errors import UserError

# Two methods on three protocols: the unknown class, its prevalence, and the metrics of both.
ROW = {"backbone": "b", "coverage": "single", "seed": 0}
PROTOCOLS = {"sofa": (0.1, 0.2, 0.4), "chair": (0.2, 0.3, 0.5), "bed": (0.4, 0.7, 0.9)}


@pytest.fixture
def compare(tmp_path: Path, command: Callable[..., None]) -> Callable[..., dict[str, Path]]:
    """Return a function that compares some of the protocols, and returns the files."""

    def run(*protocols: str) -> dict[str, Path]:
        rows, paths = [], []
        for protocol in protocols:
            prevalence, *values = PROTOCOLS[protocol]
            for method, value in zip(("msp", "energy"), values):
                path = tmp_path / f"{protocol}.{method}.json"
                metrics: dict[str, Any] = dict.fromkeys(("aupr", "aupr_standard", "lift", "auroc"), value)
                path.write_text(json.dumps({**metrics, "prevalence": prevalence, "by_unknown": {protocol: {}}}))
                rows.append(
                    {"protocol": protocol, "backbone": "b", "method": method, "coverage": "single", "seed": 0}
                )
                paths.append(path)
        targets = {"csv": tmp_path / "t.csv", "markdown": tmp_path / "t.md", "figure": tmp_path / "t.svg"}
        options = [part for kind, path in targets.items() for part in (f"--{kind}", path)]
        command(
            "compare_protocols", "--config", json.dumps({"table": "t", "rows": rows}), "--metrics", *paths, *options
        )
        return targets

    return run


def test_spread_by_hand(compare: Callable[..., dict[str, Path]]) -> None:
    table = pd.read_csv(compare(*PROTOCOLS)["csv"])
    row = table[(table["method"] == "msp") & (table["metric"] == "auroc")].iloc[0]
    assert row["mean"] == pytest.approx(0.4)
    assert row["deviation"] == pytest.approx(((0.2**2 + 0.1**2 + 0.3**2) / 2) ** 0.5)
    assert (row["lowest"], row["lowest_unknown"]) == (0.2, "sofa")
    assert (row["highest"], row["highest_unknown"]) == (0.7, "bed")
    assert row["correlation_with_prevalence"] == pytest.approx(1)


def test_page_says_what_moves_a_metric(compare: Callable[..., dict[str, Path]]) -> None:
    """Energy is 0.2 above MSP on each protocol, which is all that the method does."""
    page = compare(*PROTOCOLS)["markdown"].read_text()
    protocol, method = 2 * (0.2**2 + 0.1**2 + 0.3**2), 6 * 0.1**2
    shares = f"{protocol / (protocol + method):.0%} | {method / (protocol + method):.0%} | 0%"
    assert f"| AUROC | {shares} | 1.00 |" in page
    assert "| msp | AUROC | 0.400 | 0.265 | 0.200 (sofa) | 0.700 (bed) | 1.00 |" in page


def test_figure_is_the_same_twice(compare: Callable[..., dict[str, Path]]) -> None:
    first = compare(*PROTOCOLS)["figure"].read_bytes()
    assert compare(*PROTOCOLS)["figure"].read_bytes() == first
    assert b"share of unknown points" in first


def test_one_protocol_has_nothing_to_be_compared_with(compare: Callable[..., dict[str, Path]]) -> None:
    with pytest.raises(UserError, match="the table has one protocol, expected two or more"):
        compare("sofa")
