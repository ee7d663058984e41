"""A file of the config is read with the line of every value; what a config must not say has a sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.workflow.places import COMMAND_LINE
from openworld3d.workflow.reading import given_values, read_file


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(text: str | bytes, name: str = "mine.yaml") -> Path:
    """Write a file and return its path."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Path(name)


def test_values_have_the_line_of_their_key_or_item() -> None:
    read = read_file(write("table: rooms\nrecipes:\n  a:\n    scale:\n      - 1\n      - 1.5\n"))
    assert read.plain() == {"table": "rooms", "recipes": {"a": {"scale": [1, 1.5]}}}
    lines = {path: str(read.place_of(path)) for path in [("table",), ("recipes", "a"), ("recipes", "a", "scale", 1)]}
    assert list(lines.values()) == ["mine.yaml, line 1", "mine.yaml, line 3", "mine.yaml, line 6"]
    assert str(read.place_of(("recipes", "b", "epochs"))) == "mine.yaml, line 2"


def test_file_elsewhere_has_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    path = write("table: rooms")
    assert read_file(path.absolute()).place_of(()).file == "mine.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path / "here")
        assert read_file(tmp_path / "mine.yaml").place_of(()).file == str(tmp_path / "mine.yaml")


def test_anchors_and_merge_keys_mean_what_yaml_says() -> None:
    text = "a: &a {x: 1, y: 2}\nb:\n  y: 3\n  <<: *a\nc: {<<: [{x: 5}, *a], z: *a}\n"
    assert read_file(write(text)).plain() == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 5, "y": 2, "z": {"x": 1, "y": 2}},
    }


def test_byte_order_mark_and_line_ends_of_windows_are_read() -> None:
    assert read_file(write(b"\xef\xbb\xbftable: rooms\r\nrow: 2\r\n")).plain() == {"table": "rooms", "row": 2}


def test_json_is_read_as_json_with_its_lines() -> None:
    read = read_file(
        write('{\n\t"rate": 1e-3,\n\t"text": "1e-3\\u00e9",\n\t"none": null, "yes": true\n}', "mine.json")
    )
    assert read.plain() == {"rate": 0.001, "text": "1e-3é", "yes": True}
    assert read.place_of(("text",)).line == 3


MISTAKES: list[tuple[str | bytes, str]] = [
    ("", "mine.yaml is empty; write the keys"),
    ("# only a comment\n", "mine.yaml is empty"),
    ("null\n", "mine.yaml has no keys at its top level"),
    ("- a\n", "mine.yaml has no keys at its top level"),
    ("a: 1\n---\nb: 2\n", "line 2, column 1: is not YAML: expected a single document"),
    ("a:\n\tb: 1\n", "line 2, column 1: is not YAML: .*; indent with spaces instead"),
    ("a: {b: 1\n", "line 2, column 1: is not YAML: .*; correct it there or just before"),
    ("a: *b\n", "line 1, column 4: is not YAML: found undefined alias"),
    ("a: \x07\n", "mine.yaml is not YAML: .*special characters"),
    ("# gr\xfcn\n".encode("latin-1"), "line 1: has the byte 0xfc, which is not UTF-8; save the file as UTF-8"),
    ("a: 1\nb: 2\na: 3\n", "mine.yaml, lines 1 and 3: the key a stands twice, .*; make it one"),
    ("a: {b: {c: 1, 'c': 2}}", "mine.yaml, line 1: the key a.b.c stands twice"),
    ("a: &a\n  b: 1\n  b: 2\nc: *a\n", "lines 2 and 3: the key a.b stands twice"),
    ("a:\n  <<: {b: 1, b: 2}\n", "line 2: the key a.b stands twice"),
    ("a: 1\n2019: 3\n", 'line 2: the key 2019 is a number to YAML, expected text; write "2019" in quotes'),
    ("a: {1.0: 3}\n", 'the key 1.0 of a is a number to YAML, expected text; write "1.0" in quotes'),
    ("a: {no: 3}\n", 'the key no of a is a truth value to YAML, expected text; write "no" in quotes'),
    ("a: {2019-01-01: 3}\n", "the key 2019-01-01 of a is a date to YAML"),
    ("a: {~: 3}\n", "the key ~ of a is nothing to YAML"),
    ("a: {12:30: 3}\n", "the key 12:30 of a is a number to YAML"),
    ("a: {[b, c]: 3}\n", "a key of a is a list to YAML, expected text; write it in quotes"),
    ("a: {{b}}\n", "a key of a is a mapping to YAML, expected text; write it in quotes"),
    ("a: &a {b: *a}\n", "line 1: a.b is an alias of what it is part of; write the value out"),
    ("a: &a {<<: *a}\n", "line 1: a is an alias of what it is part of; write the value out"),
    ("a: {<<: 3}\n", "<< in a merges 3, expected keys"),
    (
        "a: 2019-13-45\n",
        "line 1: a has 2019-13-45, which YAML takes for a timestamp and cannot read; correct it, or write it",
    ),
    ("a: " + "[" * 5000, "mine.yaml nests lists or keys hundreds deep"),
    ("a: !mine 3\n", "line 1: a has 3, which YAML takes for a !mine and cannot read"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES)
def test_mistake_is_a_sentence(text: str | bytes, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        read_file(write(text))


def test_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.yaml: No such file or directory; put the file there"):
        read_file(Path("absent.yaml"))
    with pytest.raises(UserError, match="Is a directory"):
        read_file(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def without_nothing(value: Any) -> Any:
    """Return a value without the keys that have none."""
    if isinstance(value, dict):
        return {name: without_nothing(one) for name, one in value.items() if one is not None}
    return [without_nothing(one) for one in value] if isinstance(value, list) else value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.sampled_from([None, 1, "\t"]))
def test_all_json_reads_as_python_reads_it(value: dict[str, Any], indent: int | str | None) -> None:
    path = write(json.dumps(value, indent=indent, ensure_ascii=False), "mine.json")
    assert read_file(path).plain() == without_nothing(value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab:{}[]&*<>!?|#-'\" \n\t0.~\\", max_size=40))
def test_any_text_reads_or_is_a_sentence(text: str) -> None:
    with suppress(UserError):
        assert isinstance(read_file(write(text)).plain(), dict)


def test_null_in_a_nested_value_of_the_command_line_is_none() -> None:
    read = given_values({"table": "x", "recipes": {"a": {"epochs": "null", "scale": ["1", "2"]}}}, COMMAND_LINE)
    assert read.plain() == {"table": "x", "recipes": {"a": {"scale": ["1", "2"]}}}
    assert str(read.place_of(("recipes", "a"))) == "--config"
