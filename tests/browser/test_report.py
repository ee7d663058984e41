"""Reports in a real browser: of a small table, and of every table that has one in results/reports.

`make browser` runs them, and `.ci/run` after the default experiment.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Iterator

import pytest

from openworld3d.reports.numbers import decimals, shown
from tests.browser.chromium import KEYS, Chromium, why_not
from tests.commands.conftest import running_command
from tests.reports.small_report import write_report

pytestmark = pytest.mark.browser
RESULTS = Path(__file__).resolve().parents[2] / "results"
MADE = sorted((RESULTS / "reports").glob("*.html"))
MOST_BYTES = 15_000_000
PHONE = (390, 844)
MODES = ("scanned", "truth", "prediction", "score", "error")
# Of the left and the right half of the clouds: the share of pixels that are drawn, and a digest of all.
CLOUD = """
const canvas = document.getElementById("canvas"), copy = new OffscreenCanvas(canvas.width, canvas.height);
const context = copy.getContext("2d", { willReadFrequently: true });
context.drawImage(canvas, 0, 0);
return [0, 1].map((half) => {
  const width = Math.floor(canvas.width / 2);
  const { data } = context.getImageData(half * width, 0, width, canvas.height);
  let drawn = 0, digest = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (Math.abs(data[at] - 0x16) + Math.abs(data[at + 1] - 0x18) + Math.abs(data[at + 2] - 0x1b) > 12) drawn += 1;
    digest = (Math.imul(digest, 31) + data[at] * 65536 + data[at + 1] * 256 + data[at + 2]) | 0;
  }
  return [drawn / (data.length / 4), digest];
});
"""
CHOOSE = """
const [select, value] = [document.querySelector(arguments[0]), arguments[1]];
select.value = value;
select.dispatchEvent(new Event("change"));
"""
MODE = "document.querySelector(`#modes input[value=${arguments[0]}]`).click()"
CELLS = """
return [...document.querySelectorAll(".methods")].flatMap((table) =>
  [...table.querySelectorAll("tbody:not(.published) tr:not(.group)")].map((line) =>
    [...line.querySelectorAll("td.number")].map((cell) => cell.firstChild.textContent.trim())));
"""
WIDE = "return document.documentElement.scrollWidth - window.innerWidth"
COVERED = """
    return [...document.querySelectorAll("svg .title")].filter((title) => {
      const box = title.getBoundingClientRect();
      return [...title.parentNode.children].some((other) => {
        if (other === title || !["text", "rect"].includes(other.tagName)) return false;
        const its = other.getBoundingClientRect();
        return its.left < box.right && box.left < its.right && its.top < box.bottom && box.top < its.bottom;
      });
    }).map((title) => title.textContent);
"""
LOADED = "return performance.getEntriesByType('resource').map((entry) => entry.name)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Return a browser that all tests share; they are skipped where there can be none."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with Chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a small table of two protocols."""
    with running_command() as command:
        return write_report(tmp_path_factory.mktemp("report"), command)


@pytest.fixture(params=[None, *MADE], ids=lambda page: page.stem if page else "small_table")
def page(request: pytest.FixtureRequest) -> Path:
    """Return each report."""
    return request.getfixturevalue("small") if request.param is None else request.param


def table_of(page: Path) -> Path:
    """Return the CSV of a report's table."""
    beside = page.with_suffix(".csv")
    return beside if beside.exists() else RESULTS / "tables" / beside.name


def cloud(browser: Chromium) -> list[Any]:
    """Return of both halves of the clouds the share of pixels that are drawn, and a digest."""
    return browser.run(CLOUD)


def test_report_opens_without_a_complaint(browser: Chromium, page: Path) -> None:
    assert page.stat().st_size < MOST_BYTES
    browser.messages()
    seconds = browser.open(page)
    print(f"{page.name}: {page.stat().st_size / 1e6:.1f} MB, open after {seconds:.1f} s")
    assert browser.messages() == []
    assert browser.run(LOADED) == []


def test_numbers_are_those_of_the_csv(browser: Chromium, page: Path) -> None:
    browser.open(page)
    rows = list(csv.DictReader(table_of(page).read_text().splitlines()))
    metrics = [name.removesuffix("_low") for name in rows[0] if name.endswith("_low")]
    expected = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        mine = [row for row in rows if row["protocol"] == protocol]
        values = {name: [None if row[name] == "n/a" else float(row[name]) for row in mine] for name in metrics}
        places = {name: decimals(name, values[name]) for name in metrics}
        expected += [[shown(name, values[name][at], places[name]) for name in metrics] for at in range(len(mine))]
    assert browser.run(CELLS) == expected


def test_clouds_are_drawn_and_follow_what_is_chosen(browser: Chromium, page: Path) -> None:
    browser.open(page)
    seen = {}
    for mode in MODES:
        browser.run(MODE, mode)
        (truth, left), (said, right) = cloud(browser)
        assert truth > 0.05, f"{mode}: the truth is blank"
        assert said > 0.05, f"{mode}: the method is blank"
        seen[mode] = right
        seen["left"] = seen.get("left", left)
        assert left == seen["left"]
    assert len({seen[mode] for mode in MODES}) == len(MODES)
    browser.run(MODE, "score")
    methods = browser.run("return [...document.querySelectorAll('#method option')].map((option) => option.value)")
    of_methods = set()
    for method in methods[:5]:
        browser.run(CHOOSE, "#method", method)
        of_methods.add(cloud(browser)[1][1])
    assert len(of_methods) == len(methods[:5])
    scenes = browser.run("return [...document.querySelectorAll('#scene option')].map((option) => option.value)")
    of_scenes = set()
    for scene in scenes:
        browser.run(CHOOSE, "#scene", scene)
        of_scenes.add(cloud(browser)[0][1])
    assert len(of_scenes) == len(scenes)
    assert browser.messages() == []


def test_scene_is_turned_and_a_point_is_picked_by_keyboard(browser: Chromium, page: Path) -> None:
    browser.open(page)
    before = cloud(browser)
    browser.type("#canvas", KEYS["left"] + KEYS["up"] + "++")
    assert all(one != other for one, other in zip(before, cloud(browser)))
    browser.type("#canvas", KEYS["enter"])
    said = browser.run("return document.getElementById('picked').textContent")
    assert "of known points" in said
    assert browser.run("return document.activeElement.id") == "canvas"


def test_another_protocol_shows_its_own(browser: Chromium, small: Path) -> None:
    browser.open(small)
    assert browser.run("return document.getElementById('scene').options.length") == 3
    before = cloud(browser)
    browser.run(CHOOSE, "#protocol", "no_lamp")
    assert cloud(browser) != before
    legend = "return document.getElementById('scene-legend').textContent"
    assert "left: unknown (lamp)" in browser.run(legend)
    assert browser.run("return document.getElementById('prevalence').querySelectorAll('path').length") >= 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_phone(browser: Chromium, page: Path, scheme: str) -> None:
    browser.prefer(color_scheme=scheme)
    browser.open(page, *PHONE)
    assert browser.run(WIDE) <= 0
    assert browser.run("return document.getElementById('views').className") == "single"
    assert cloud(browser)[1][0] > 0.05
    assert browser.messages() == []
    browser.prefer()


@pytest.mark.parametrize("width", [320, 740, 1280])  # a small phone, just above one column, a desktop
def test_no_title_of_a_chart_is_covered(browser: Chromium, page: Path, width: int) -> None:
    browser.open(page, width, 900)
    assert browser.run(COVERED) == []


def test_page_prints(browser: Chromium, page: Path) -> None:
    browser.open(page)
    printed = browser.printed()
    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") <= 40
