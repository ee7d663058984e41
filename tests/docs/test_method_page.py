"""A method's page from a docstring written by hand."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from openworld3d.reports.method_page import described, recipe_page, score_page

DOCSTRING = r"""Toy, a score
on two lines.

What it is for.

Formula: \frac{1}{2}
  z
Cost: none;
it is free.
When: always.
"""
SCORE_PAGE = r"""# toy

Toy, a score on two lines.

```math
\frac{1}{2} z
```

**Choose it when** always.

**Cost.** None; it is free.

**Source.** Somebody, 2020.

## What it reads
Of a run's outputs `logits`. It is fitted on nothing.

## In the config
```yaml
scores:
  toy: {kind: toy, small: 1.0e-06}
```

| key | expected |
| :-- | :-- |
| `small` | a number |

## In detail
"""


def module(**attributes: Any) -> ModuleType:
    made = ModuleType("openworld3d.scores.toy", DOCSTRING)
    vars(made).update(attributes)
    return made


def score() -> None:
    """Return half of it.

    z / 2 with a_b and *c*.
    Source: Somebody,
    2020.
    """


def test_page_of_a_score_by_hand() -> None:
    keys = {"small": {"description": "a number", "default": 0.000001}}
    page = score_page(module(score=score, READS=("logits",), FITS=(), KEYS=keys))
    assert page.startswith(SCORE_PAGE)
    assert "```text\nReturn half of it.\n\nz / 2 with a_b and *c*.\n```" in page
    assert "fit" not in page.split("```text")[1]


def test_page_of_a_recipe_has_what_its_docstring_goes_on_with() -> None:
    page = recipe_page(module(OUTPUTS=("logits", "features")), {"epochs": {"description": "how many"}})
    assert "\n\nWhat it is for.\n\n## What scores may read\n`logits`, `features`.\n" in page
    assert "| `epochs` | how many |" in page


def test_docstring_without_a_field_is_named() -> None:
    with pytest.raises(ValueError, match="expected Formula: in the docstring"):
        described(ModuleType("openworld3d.scores.toy", "Toy."))
