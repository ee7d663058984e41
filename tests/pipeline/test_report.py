"""The report of a table, and Snakemake's own, which shows the same pieces."""

from __future__ import annotations

import json
import re
import zipfile

from tests.pipeline.conftest import Project


def test_table_has_its_report(finished: Project) -> None:
    page = finished.read("results/reports/rooms.html")
    found = re.search(r'id="data">(.*?)</script>', page)
    assert found is not None
    data = json.loads(found[1])
    assert [row["score"] for row in data["rows"]] == ["msp", "energy"]
    assert len(data["trainings"]) == len(data["runs"]) == 1
    assert all(row["cost"].keys() >= {"points_per_second"} for row in data["rows"])
    assert "sofa in 1 generated scene of rooms" in page


def test_report_of_snakemake_has_the_same_pieces(finished: Project) -> None:
    done = finished.snakemake("--report", "report.zip")
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(finished.folder / "report.zip") as archive:
        names = archive.namelist()
        index = next(name for name in names if name.endswith("report.html"))
        text = archive.read(index).decode()
        pages = [archive.read(name) for name in names if name.endswith("rooms.html")]
    (finished.folder / "report.zip").unlink()
    assert pages == [finished.read("results/reports/rooms.html").encode()]
    assert any(name.endswith("rooms.csv") for name in names)
    assert not re.search(r"(src|href)=.https?:", text)
    for words in ('"Report"', '"Tables"', "scenes to rotate", "in full precision, as fractions"):
        assert words in text
