from __future__ import annotations

from typing import Any

from openworld3d.reports.origins import configs, each_once, origins


def record(step: str, changed: list[str] | None, epochs: int, **wildcards: str) -> dict[str, Any]:
    software = {
        "processor": "a processor",
        "platform": "Linux",
        "python": "3.11.7",
        "packages": {"numpy": "2.0", "idle": "1.0"},
        "driver": {"gpus": [{"name": "A100"}, {"name": "A100"}]},
    }
    state = {"commit": "0123456789abcdef", "changed": changed}
    return {
        "step": step,
        "wildcards": wildcards,
        "key": step,
        "state": state,
        "software": software,
        "threads": "2",
        "parts": {"config": {"epochs": epochs}},
    }


RECORDS = [
    record("train", [], 2, protocol="p", recipe="a", seed="0"),
    record("train", ["x.py"], 2, protocol="p", recipe="a", seed="1"),
    record("measure", [], 3, protocol="p", recipe="a", score="msp", seed="0"),
]


def test_origins_say_of_how_many_jobs_they_are_true() -> None:
    assert origins(each_once([*RECORDS, RECORDS[0]])) == [
        ("Code", ["commit 0123456789ab (2 of 3 jobs)", "commit 0123456789ab, with changes in x.py (1 of 3 jobs)"]),
        ("Machine", ["a processor, 2 x A100, 2 threads, Linux"]),
        ("Software", ["Python 3.11.7, numpy 2.0"]),
    ]
    assert origins([]) == []


def test_equal_slices_of_the_config_stand_once() -> None:
    assert [(name, text.count("epochs")) for name, text in configs(RECORDS)] == [
        ("train: p / a / seed 0, p / a / seed 1", 1),
        ("measure: p / a / msp", 1),
    ]


def test_long_lists_of_names_end_in_their_number() -> None:
    records = [{**RECORDS[2], "wildcards": {"protocol": "p", "score": f"s{number}"}} for number in range(6)]
    assert [name for name, _ in configs(records)] == ["measure: p / s0, p / s1, p / s2, p / s3 and 2 more"]
