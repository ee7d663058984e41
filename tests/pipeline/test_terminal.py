"""What a person reads of a call: few lines, each job of minutes, every failure, and the table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.pipeline.conftest import EVERYTHING, Project

LOG = r"log logs/(\w+)/\S+\.log"
STARTED = re.compile(rf"^\d\d:\d\d:\d\d started: (.+ \(.+\)), {LOG}$", re.MULTILINE)
DONE = re.compile(rf"^\d\d:\d\d:\d\d done after (?:\d+ min )?\d+ s: (.+ \(.+\)), {LOG}$", re.MULTILINE)
TRAINING = "training (protocol sofa, backbone stratified_small, recipe closed_set, seed 0)"


def test_dry_run_fits_on_a_screen(project: Project) -> None:
    said = project.snakemake("--dry-run").stdout
    assert len(said.splitlines()) <= 40
    assert len(said.encode()) < 2000
    assert re.search(r"^train +4$", said, re.MULTILINE)
    assert "Why:\n    there are no complete results here yet\n" in said


def test_dry_run_says_why(copy: Project) -> None:
    copy.edit_config(lambda config: config["recipes"]["closed_set"].update(epochs=3))
    copy.edit_config(lambda config: config["tables"]["rooms"]["methods"]["closed_set"].append("margin"))
    said = copy.snakemake("--dry-run").stdout
    assert len(said.splitlines()) <= 40
    reasons = said.split("Why:\n")[1].split("Job stats")[0].splitlines()
    assert "    1 training: recipes.closed_set.epochs 1 -> 3" in reasons
    assert "    1 scoring: new" in reasons


def test_run_says_when_jobs_of_minutes_start_and_end(finished: Project) -> None:
    started, done = STARTED.findall(finished.first_run), DONE.findall(finished.first_run)
    assert sorted(started) == sorted(done)
    assert (TRAINING, "train") in done
    rules = {rule for _, rule in done}
    assert {"generate_rooms", "prepare", "train", "infer", "sample_training"} <= rules
    assert not rules & {"score", "measure", "export_clouds", "make_table", "check_environment"}
    assert len(finished.first_run.encode()) < 9000
    assert "it/s" not in finished.first_run


def test_table_is_printed_once_by_the_call_that_makes_it(finished: Project) -> None:
    table = finished.read("results/tables/rooms.md")
    assert finished.first_run.count(table) == 1
    assert table not in finished.snakemake().stdout


def test_run_ends_with_where_to_look(finished: Project) -> None:
    said = finished.first_run.split(finished.read("results/tables/rooms.md"))[1].strip().splitlines()
    assert said[:6] == [
        "table:   results/tables/rooms.csv, .md, .tex",
        "report:  results/reports/rooms.html",
        "figures: results/figures/rooms.*",
        "pages:   results/protocols/",
        "clouds:  results/runs/sofa/stratified_small/closed_set/seed0/current/single/msp/clouds/ and 1 more",
        "logs:    logs/",
    ]


def test_list_says_what_each_rule_does(finished: Project) -> None:
    listed = finished.snakemake("--list").stdout
    rules = re.findall(r"^(\w+)( \(.+\))?$", listed, re.MULTILINE)
    assert {"all", "train", "generate_rooms"} <= {name for name, _ in rules}
    assert [name for name, said in rules if not said] == []


@pytest.mark.parametrize(("options", "printed"), [((), True), (("--quiet",), True), (("--quiet", "all"), False)])
def test_table_that_was_damaged_is_printed_again(copy: Project, options: tuple[str, ...], printed: bool) -> None:
    table = copy.read("results/tables/rooms.md")
    Path(copy.folder / "results/tables/rooms.md").resolve().write_text("damaged")
    said = copy.snakemake(*options).stdout
    assert said.count(table) == printed
    if options:
        assert "started: " not in said


def test_failure_is_told_with_the_end_of_its_log(copy: Project) -> None:
    file = "workflow_scripts/openworld3d/scores/energy.py"
    copy.write(
        file,
        copy.read(file) + "\nfor number in range(99):\n    print('line', number, flush=True)\nassert False, 'why'\n",
    )
    said = copy.snakemake().stdout
    assert re.search(r"FAILED after \d+ s: scoring \(.*score energy.*\), log logs/score/", said)
    assert "AssertionError: why" in said
    assert "The end of logs/score/" in said
    assert "line 50\n" not in said  # the log has a hundred lines before its last ones


def test_options_of_snakemake_print_what_it_documents(finished: Project) -> None:
    everything = finished.snakemake("--dry-run", "--forcerun", "make_table", *EVERYTHING).stdout
    assert "rule make_table:\n    input: " in everything
    assert "Building DAG of jobs" in finished.snakemake("--verbose").stdout
    assert finished.snakemake("--quiet", "all").stdout.splitlines()[1:] == []


def test_call_that_ends_before_the_table_prints_none(copy: Project) -> None:
    copy.edit_config(lambda config: config["scores"]["energy"].update(temperature=2.0))
    done = copy.snakemake("--until", "score")
    assert done.returncode == 0, done.stdout
    assert "| dataset |" not in done.stdout
