from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable
from xml.etree import ElementTree

import pytest

from openworld3d.reports.figures import means

LINES: list[dict[str, Any]] = [
    {"name": "incremental", "steps": [{"taught": 0, "rows": [0, 1]}, {"taught": 1, "rows": [2, 3]}]},
    {"name": "fine_tuning", "steps": [{"taught": 0, "rows": [0]}, {"taught": 2, "rows": [2]}]},
]
ROWS: list[dict[str, Any]] = [
    {"miou_old": 0.5, "miou_novel": None, "miou_known": 0.5},
    {"miou_old": 0.7, "miou_novel": None, "miou_known": 0.7},
    {"miou_old": 0.4, "miou_novel": 0.1, "miou_known": 0.3},
    {"miou_old": 0.4, "miou_novel": 0.3, "miou_known": 0.35},
]


def test_means_by_hand() -> None:
    steps = LINES[0]["steps"]
    taught, mean, spread = means(steps, ROWS, "miou_old")
    assert (taught, mean, spread) == ([0, 1], pytest.approx([0.6, 0.4]), pytest.approx([0.1, 0]))
    assert means(steps, ROWS, "miou_novel") == ([1], pytest.approx([0.2]), pytest.approx([0.1]))


def test_figure_is_an_image_with_every_line_and_the_same_twice(tmp_path: Path, command: Callable[..., None]) -> None:
    files = []
    for number, row in enumerate(ROWS):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(row))
    drawn = []
    for name in ("one", "other"):
        out = tmp_path / f"{name}.svg"
        command("draw_steps", "--config", json.dumps({"lines": LINES}), "--metrics", *files, "--out", out)
        drawn.append(out.read_bytes())
    assert drawn[0] == drawn[1]
    text = "".join(ElementTree.fromstring(drawn[0]).itertext())
    for said in ("incremental", "fine_tuning", "classes learned since", "mean IoU"):
        assert said in text
