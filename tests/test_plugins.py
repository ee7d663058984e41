from __future__ import annotations

import pytest

from openworld3d import plugins
from openworld3d.datasets import stu
from openworld3d.errors import UserError


@pytest.mark.parametrize("name", ["msp", "max_logit"])
def test_score_is_found_by_name(name: str) -> None:
    assert plugins.load("scores", name).__name__ == f"openworld3d.scores.{name}"


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


def test_literal_is_read_without_importing() -> None:
    assert len(plugins.literal(plugins.module_file("openworld3d.datasets.scannet"), "CLASSES")) == 20
    with pytest.raises(UserError, match=r"scene\.py: it assigns no CLASSES; add it with its type"):
        plugins.literal(plugins.module_file("openworld3d.scenes.scene"), "CLASSES")


def test_literal_of_a_module_beside_it_is_read_without_importing() -> None:
    names = ("CLASSES", "THINGS", "CLASS_OF_RAW_ID", "ORIGIN_IS_SENSOR", "TABLES")
    assert [plugins.declared("datasets", "stu", name) for name in names] == [getattr(stu, name) for name in names]
    assert plugins.declared("datasets", "stu", "GENERATOR") != plugins.declared(
        "datasets", "semantickitti", "GENERATOR"
    )
    with pytest.raises(UserError, match=r"stu\.py: it assigns no VOID; add it with its type"):
        plugins.declared("datasets", "stu", "VOID")
