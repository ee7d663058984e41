"""What `make new_score` writes: a score that keeps all laws of scores, its test, and a line of the config."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.commands.conftest import Command

from openworld3d.errors import UserError
from openworld3d.reports.method_page import described

SCORE = Path("workflow_scripts/openworld3d/scores/mine.py")
TEST = Path("tests/scores/test_mine.py")
CONFIG = """# What there is.
table: rooms

scores:
  msp: {kind: msp}
  # Further ones.

  hot: # an energy
    kind: energy
LAST
"""
LAST = "evaluation:\n  bits: 16"


def config(last: str) -> str:
    """Return a config in which this comes after the scores."""
    return CONFIG.replace("LAST", last)


@pytest.fixture(autouse=True)
def _in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in (SCORE, TEST):
        file.parent.mkdir(parents=True)
    Path("config.yaml").write_text(config(LAST))


@pytest.mark.parametrize("last", [LAST, ""])
def test_config_has_one_line_more(command: Command, last: str) -> None:
    before = config(last)
    Path("config.yaml").write_text(before)
    command("new_score", "mine")
    after = Path("config.yaml").read_text()
    assert after.replace("  mine: {kind: mine}\n", "", 1) == before
    assert yaml.safe_load(after)["scores"]["mine"] == {"kind": "mine"}


def test_score_is_as_its_test_has_it(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    command("new_score", "mine")
    score = runpy.run_path(str(SCORE))["score"]
    logits = np.log(np.array([[6, 2, 1], [1, 1, 2]], np.float32))
    assert score({"logits": logits}) == pytest.approx([-6 / 9, -1 / 2])
    assert '"mine"' in SCORE.read_text()
    assert 'scored("mine", ' in TEST.read_text()
    assert capsys.readouterr().out.splitlines()[0] == f"wrote {SCORE}"
    with pytest.raises(UserError, match="score mine: the outputs have one known class"):
        score({"logits": logits[:, :1]})


def test_its_docstring_has_what_its_page_needs(command: Command) -> None:
    command("new_score", "mine")
    found = runpy.run_path(str(SCORE))
    assert inspect.cleandoc(found["__doc__"]).startswith("Minus the largest probability")
    assert "higher is more unknown" in found["score"].__doc__
    module = type(inspect)("mine")
    module.__doc__ = found["__doc__"]
    assert set(described(module).fields) == {"Formula", "Cost", "When"}


@pytest.mark.parametrize("name", ["", "Mine", "1st", "my score", "../mine", "mine\n", "no", "null", "a" * 49])
def test_name_that_is_none_is_a_sentence_and_writes_nothing(command: Command, name: str) -> None:
    with pytest.raises(UserError, match=r"^NAME is .*, expected at most 48 lower-case letters"):
        command("new_score", name)
    assert not list(SCORE.parent.iterdir())
    assert Path("config.yaml").read_text() == config(LAST)


@pytest.mark.parametrize("taken", [SCORE, TEST, SCORE.with_suffix(""), "config.yaml"])
def test_what_is_there_is_kept(command: Command, taken: str | Path) -> None:
    path = Path(taken)
    if path.name == "config.yaml":
        path.write_text(path.read_text().replace("hot:", "mine:"))
    elif path.suffix:
        path.write_text("somebody's")
    else:
        path.mkdir()
    before = path.read_text() if path.is_file() else ""
    with pytest.raises(UserError, match=f"there is .*{path.name}.* already; choose another name"):
        command("new_score", "mine")
    assert (path.read_text() if path.is_file() else "") == before
