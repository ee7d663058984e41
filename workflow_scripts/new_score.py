"""Begin a score of one's own: its file, a test of it, and its line of the config."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import yaml

from openworld3d.errors import UserError, run_command

NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
CONFIG = Path("config.yaml")
SCORES = Path("workflow_scripts/openworld3d/scores")
SECTION = re.compile(r"^scores:\n(?:(?: .*| *#.*|)\n)*?(?=\S|\Z)", re.MULTILINE)
SCORE = r'''r"""Minus the largest probability: replace this with what the score is, in a sentence.

Formula: -\max_k p_k, \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; nothing is fitted.
When: replace this with when it is better than others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return minus the largest probability.

    -max_k p_k with p = softmax(z).
    logits (R, K) with K >= 2; returns (R,) in -1..0, higher is more unknown.
    Raises UserError for one class alone, whose probability is 1 everywhere.
    Source: replace this with author, title, venue and arXiv number.
    """
    logits = outputs["logits"]
    require_two_classes("NAME", logits)
    return -softmax(logits.astype(np.float64), axis=1).max(axis=1).astype(precision_of(logits))
'''
TEST = """from __future__ import annotations

import math

import numpy as np
import pytest
from tests.scores.scored import scored


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0], -1 / 2),
        ([math.log(6), math.log(2), 0], -6 / 9),  # weights 6, 2, 1
        ([0, -math.inf], -1),
    ],
)
def test_row_by_hand(row: list[float], expected: float) -> None:
    assert scored("NAME", np.array([row], np.float32)) == pytest.approx([expected])
"""


def main() -> None:
    """Write the three for the name that is given, and print where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="what the config is to call the score")
    name = parser.parse_args().name
    for line in begin(name):
        print(line)


def begin(name: str) -> list[str]:
    """Write a score's files and its line of config.yaml; return what was written, and what to do next.

    Raises UserError, before anything is written, for a name that is none or is taken.
    """
    if not NAME.fullmatch(name) or yaml.safe_load(name) != name:
        raise UserError(
            f"NAME is {name!r}, expected at most 48 lower-case letters, digits and underscores that begin with a "
            "letter, and no word of YAML such as no; write, for example, make new_score NAME=mine"
        )
    text = CONFIG.read_text(encoding="utf-8")
    section = SECTION.search(text)
    if section is None:
        raise UserError(f"{CONFIG}: there is no section scores on lines of its own; add `scores:`")
    files = {
        SCORES / f"{name}.py": SCORE,
        Path(f"tests/scores/test_{name}.py"): TEST,
    }
    taken = [str(file) for file in (*files, SCORES / name) if file.exists()]
    if re.search(rf"^  {name}:", section[0], re.MULTILINE):
        taken.append(f"scores.{name} of {CONFIG}")
    if taken:
        raise UserError(f"NAME is {name}, but there is {' and '.join(taken)} already; choose another name")
    for file, content in files.items():
        file.write_text(content.replace("NAME", name), encoding="utf-8")
    end = section.start() + len(section[0].rstrip("\n")) + 1
    CONFIG.write_text(f"{text[:end]}  {name}: {{kind: {name}}}\n{text[end:]}", encoding="utf-8")
    return [
        *(f"wrote {file}" for file in files),
        f"added scores.{name} to {CONFIG}",
        f"test it:    .venv/bin/pytest tests/scores -k {name}",
        f"compare it: add {name} to the methods of a table, and run .venv/bin/snakemake",
    ]


if __name__ == "__main__":
    run_command(main)
