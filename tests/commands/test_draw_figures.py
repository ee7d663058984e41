"""The figures of a small table, drawn from what its rows were measured from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.reports.small_report import METHODS, METRICS, PROTOCOLS, write_report

from openworld3d.reports.arguments import FILES
from openworld3d.reports.clouds import ANCHORS
from openworld3d.reports.picture import UNKNOWN

FIGURES = ("metrics", "curves")


@pytest.fixture
def drawn(tmp_path: Path, command: Callable[..., None]) -> Path:
    """Return a folder with the figures of a small table."""
    given: list[Any] = []

    def without_report(name: str, *arguments: Any) -> None:
        if name == "measure":
            command(name, *arguments)
        elif name == "make_report":
            given.extend(arguments)

    write_report(tmp_path, without_report)
    config = json.loads(given[1])
    options = [number for number, part in enumerate(given) if str(part).startswith("--")]
    files = {given[at][2:]: given[at + 1 : end] for at, end in zip(options, [*options[1:], len(given)])}

    folder = tmp_path / "figures"
    read = [part for option in FILES for part in (f"--{option}", *files[option])]
    made = {f"{figure}-{kind}": f"{figure}.{kind}" for figure in FIGURES for kind in ("csv", "svg", "pdf")}
    written = [
        part
        for option, file in {**made, "scenes-png": "scenes.png"}.items()
        for part in (f"--{option}", folder / file)
    ]
    command("draw_figures", "--config", json.dumps(config), *read, *written)
    return folder


def test_figures_of_a_table(drawn: Path) -> None:
    points = pd.read_csv(drawn / "metrics.csv")
    assert len(points) == len(PROTOCOLS) * len(METHODS) * len(METRICS)
    assert ((points["low"] <= points["value"]) & (points["value"] <= points["high"])).all()
    texts = texts_of(drawn / "metrics.svg")
    assert {"protocol no_sofa", "protocol no_lamp", "closed_set + msp", "aupr ↑, %", "fpr95 ↓, %", "lift ↑"} <= texts

    curves = pd.read_csv(drawn / "curves.csv")
    assert set(curves["method"]) == {"closed_set + knn", "pdf + unknown_logit"}  # the better score of each recipe
    roc = curves[(curves["curve"] == "roc") & (curves["protocol"] == "no_sofa") & (curves["recipe"] == "pdf")]
    (auroc,) = (np.trapezoid(roc["value"], roc["x"]),)
    assert auroc == pytest.approx(0.983, abs=0.01)  # of normal distributions 3 apart: the quantile of 3 / sqrt(2)
    assert {"recall", "precision", "false-positive rate", "true-positive rate", "random score"} <= texts_of(
        drawn / "curves.svg"
    )

    image = np.asarray(Image.open(drawn / "scenes.png").convert("RGB")).astype(int)
    assert (np.abs(image - UNKNOWN).max(axis=2) < 30).any()
    assert (np.abs(image - ANCHORS[-1]).max(axis=2) < 30).any()
    for kind in FIGURES:
        assert (drawn / f"{kind}.pdf").read_bytes().startswith(b"%PDF")


def texts_of(file: Path) -> set[str]:
    """Return the texts of an SVG."""
    return {text.strip() for text in ElementTree.parse(file).getroot().itertext() if text.strip()}
