from __future__ import annotations

import numpy as np
import pytest

from openworld3d import plugins
from openworld3d.errors import UserError


@pytest.mark.parametrize("name", ["msp", "max_logit", "entropy", "energy"])
def test_score_is_found_by_name(name: str) -> None:
    result = plugins.load("scores", name).score(np.eye(3, dtype=np.float32))
    assert result.shape == (3,)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("maxlogit", "there is no 'maxlogit', did you mean max_logit; choose one of "),
        ("__init__", "there is no '__init__'"),
        ("../errors", "there is no '../errors'"),
    ],
)
def test_unknown_name_is_refused(name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        plugins.load("scores", name)
