"""The report of a small table: its numbers are those of the CSV, and it says what they are."""

from __future__ import annotations

import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.conftest import running_command
from tests.reports.small_report import METRICS, NAMES, write_report

from openworld3d.reports.numbers import decimals, shown


class Page(HTMLParser):
    """What a test reads of a page: texts and attributes of its table's cells, scripts, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, str]] = []  # data-value and text
        self.scripts: dict[str, str] = {}
        self.loaded: list[str] = []
        self.text = ""
        self.within: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.loaded += [
            found[name] for name in ("src", "href") if not found.get(name, "#").startswith(("#", "data:"))
        ]
        self.within.append(found.get("id", "") if tag == "script" else "")
        if "data-value" in found:
            self.cells.append((found["data-value"], ""))

    def handle_endtag(self, tag: str) -> None:
        self.within.pop() if self.within else None

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script":
            self.scripts[self.within[-1] if self.within else ""] = data
        elif self.cells and self.lasttag in ("td", "b") and data.strip() and not self.cells[-1][1]:
            self.cells[-1] = (self.cells[-1][0], data.strip())
        self.text += data


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, list[dict[str, str]]]:
    """Return the page and the rows of the CSV."""
    with running_command() as command:
        page = write_report(tmp_path_factory.mktemp("small"), command)
    rows = csv.DictReader(page.with_suffix(".csv").read_text().splitlines())
    return Page(page.read_text()), list(rows)


def test_numbers_are_those_of_the_csv(small: tuple[Page, list[dict[str, str]]]) -> None:
    page, rows = small
    expected = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol]
        places = {name: decimals(name, [float(row[name]) for row in mine]) for name in METRICS}
        expected += [(row[name], shown(name, float(row[name]), places[name])) for row in mine for name in METRICS]
    assert page.cells == expected
    data = json.loads(page.scripts["data"])
    for name in METRICS:
        assert [row["values"][name] for row in data["rows"]] == [float(row[name]) for row in rows]


def test_page_loads_nothing(small: tuple[Page, list[dict[str, str]]]) -> None:
    assert small[0].loaded == []


def test_page_says_what_came_out_and_what_it_is_worth(small: tuple[Page, list[dict[str, str]]]) -> None:
    page, _ = small
    for words in (
        "sofa in 3 generated scenes of rooms; lamp in 3 generated scenes of rooms?",
        "On no_sofa, the best is pdf + unknown_logit",
        "PDF [1]",
        "68.9?",
        "[1] Xu et al. 2024, table 2: not verified.",
        "no unknown point in attic",
        "one seed",
        "commit 0123456789ab, with changes in config.yaml",
        "1.5 min",
        "Python 3.11.7, torch 2.1.0, numpy 1.26.0",
    ):
        assert words in page.text


def test_scenes_are_the_best_median_and_worst_of_the_best_method(small: tuple[Page, list[dict[str, str]]]) -> None:
    data = json.loads(small[0].scripts["data"])
    for protocol, best in (("no_sofa", 2), ("no_lamp", 5)):
        scenes = {scene["role"]: scene for scene in data["scenes"] if scene["protocol"] == protocol}
        assert list(scenes) == ["best", "median", "worst"]
        assert sorted(scene["name"] for scene in scenes.values()) == sorted(NAMES)
        aupr = [scene["aupr"][str(best)] for scene in scenes.values()]
        assert aupr == sorted(aupr, reverse=True)


def test_one_scene_has_no_marks_and_no_intervals(tmp_path: Path, command: Callable[..., None]) -> None:
    text = write_report(tmp_path, command, scenes=1).read_text()
    assert "one evaluation scene, so that there is no interval" in text
    table = text.split('id="table"')[1].split("</section>")[0]
    assert not re.search(r"<b>|†</sup>|95 % interval", table)


def test_row_that_was_taught_all_has_nothing_to_rank(tmp_path: Path, command: Callable[..., None]) -> None:
    """As after the last of several incremental steps."""
    taught = [["sofa", "lamp"] if number % 3 == 2 else [] for number in range(6)]
    data = json.loads(Page(write_report(tmp_path, command, taught=taught).read_text()).scripts["data"])
    assert set(data["rows"][2]["curves"]["pr"]["value"]) == {None}
    assert data["protocols"]["no_sofa"]["unknown"] == ["sofa"]


def test_name_cannot_break_the_page(tmp_path: Path, command: Callable[..., None]) -> None:
    name = "</script><script>alert(1)</script>"
    text = write_report(tmp_path, command, table=name).read_text()
    assert "</script><script>alert" not in text
    assert json.loads(Page(text).scripts["data"])["table"] == name


def test_page_is_the_same_of_any_number_of_shards(tmp_path: Path, command: Callable[..., None]) -> None:
    one, two = (
        write_report(tmp_path / name, command, shards=shards).read_text() for name, shards in (("one", 1), ("two", 2))
    )
    assert one == two


def test_points_that_are_shown_keep_the_unknown(small: tuple[Page, list[dict[str, str]]]) -> None:
    data = json.loads(small[0].scripts["data"])
    blob = base64.b64decode(small[0].scripts["blob"])
    scene: dict[str, Any] = data["scenes"][0]
    truth = np.frombuffer(blob, np.uint8, scene["shown"], scene["truth"])
    assert np.bincount(truth, minlength=256)[[0, 1, 2, 3, 255]].tolist() == [260, 300, 90, 30, 20]
    level = np.frombuffer(blob, np.uint8, scene["shown"], scene["scores"]["2"])
    assert (level >= 128)[truth == 2].mean() > 0.9
    assert (level >= 128)[truth == 0].mean() < 0.2
