"""Random edits, kills, deletions and damages, then calls until one ends well: what people open is that of the config.

    OPENWORLD3D_ROUNDS=300 pytest tests/pipeline/test_property.py

Each round begins where the last one ended. What it must come to is made of the same config in a folder on which
nothing falls, and after some rounds once more in an empty one.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any, Callable

import pytest
from tests.pipeline.conftest import Project
from tests.pipeline.disturbed import DAMAGES, calls_until_well, contents, run_and_kill

ROUNDS = int(os.environ.get("OPENWORLD3D_ROUNDS", 5))
SEED = int(os.environ.get("OPENWORLD3D_SEED", 0))
ROUNDS_OF_ONE_EMPTY = 5
LIBRARY = "workflow_scripts/openworld3d"
# Values of the config, few of each so that a round often goes back to one of before.
EDITS: dict[str, list[Any]] = {
    "recipes.closed_set.epochs": [1, 2],
    "recipes.closed_set.learning_rate": [0.006, 0.003],
    "protocols.sofa.unknown": [["sofa"], ["chair"]],
    "tables.rooms.seeds": [[0], [0, 1], [1]],
    "tables.rooms.methods": [{"closed_set": names} for names in (["msp", "energy"], ["msp", "knn"], ["entropy"])],
    "tables.rooms.metrics": [["aupr", "auroc"], ["aupr", "fpr95", "miou_known"]],
    "scores.energy.temperature": [1.0, 2.0],
    "scores.knn.k": [50, 5],
    "evaluation.replicates": [100, 50],
    "evaluation.exact": [True, False],
    "evaluation.stored_precision": ["float32", "float16"],
    "datasets.rooms.shards": [1, 2],
}
CODE = [
    f"{LIBRARY}/{name}.py"
    for name in (
        "scores/msp",
        "scores/energy",
        "scoring/apply",
        "reports/clouds",
        "inference/crops",
        "metrics/ranking",
    )
]
SCRIPTS = [
    "generate_rooms",
    "prepare",
    "train",
    "infer",
    "sample_training",
    "score",
    "measure",
    "export_clouds",
]


class Round:
    """What befalls one pipeline, and the same edits on another on which nothing else falls."""

    def __init__(self, project: Project, undisturbed: Project, draw: random.Random) -> None:
        self.project = project
        self.undisturbed = undisturbed
        self.draw = draw
        self.told: list[str] = []

    def edit(self) -> None:
        """Change a value of the config."""
        place = self.draw.choice(list(EDITS))
        value = self.draw.choice(EDITS[place])
        self.told.append(f"{place} = {value}")
        *parents, last = place.split(".")

        def change(config: dict[str, Any]) -> None:
            for parent in parents:
                config = config[parent]
            config[last] = value

        for project in (self.project, self.undisturbed):
            project.edit_config(change)

    def edit_code(self) -> None:
        """Change a file of code, or take that back."""
        file, mark = self.draw.choice(CODE), "\nEDITED = True\n"
        text = self.project.read(file)
        text = text[: -len(mark)] if text.endswith(mark) else text + mark
        self.told.append(f"code of {file}")
        for project in (self.project, self.undisturbed):
            project.write(file, text)

    def damage(self) -> None:
        """Damage a result."""
        file, damage = self.result(), self.draw.choice(DAMAGES)
        self.told.append(f"{damage.__name__} {file.relative_to(self.project.folder)}")
        damage(file)

    def move_time(self) -> None:
        """Let a result seem older or newer than all."""
        file = self.result()
        self.told.append(f"time of {file.relative_to(self.project.folder)}")
        os.utime(file, (self.draw.choice([0, 4 * 10**9]),) * 2)

    def delete_folder(self) -> None:
        """Delete a folder of results."""
        folder = self.draw.choice(sorted({file.parent for file in self.results()}))
        self.told.append(f"without {folder.relative_to(self.project.folder)}")
        shutil.rmtree(folder)

    def forget(self) -> None:
        """Lose what Snakemake remembers."""
        self.told.append("without .snakemake")
        shutil.rmtree(self.project.folder / ".snakemake", ignore_errors=True)

    def kill(self) -> None:
        """Run, and kill a job if one of the drawn script runs."""
        script = self.draw.choice(SCRIPTS)
        self.told.append(f"killed {script}")
        run_and_kill(self.project, script)

    def result(self) -> Path:
        """Return a file of the results."""
        return self.draw.choice(self.results())

    def results(self) -> list[Path]:
        """Return all files of the results that lie there themselves, in the order of their names."""
        files = (self.project.folder / "results").rglob("*")
        return sorted(file for file in files if file.is_file() and not file.is_symlink())


WHAT: list[Callable[[Round], None]] = [
    *[Round.edit] * 4,
    Round.edit_code,
    *[Round.damage] * 3,
    Round.move_time,
    Round.delete_folder,
    Round.forget,
    *[Round.kill] * 2,
]


@pytest.mark.parametrize("seed", [SEED])
def test_results_are_those_of_the_config_whatever_befell_them(finished: Project, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    project, undisturbed = (Project.copy_of(finished, tmp_path / name) for name in ("disturbed", "undisturbed"))
    for number in range(ROUNDS):
        this = Round(project, undisturbed, draw)
        for _ in range(draw.randint(1, 4)):
            what = draw.choice(WHAT)
            if this.results() or what in (Round.edit, Round.edit_code, Round.kill):
                what(this)
        told = f"seed {seed}, round {number}: {'; '.join(this.told)}"
        print(told, flush=True)
        calls = calls_until_well(project)
        assert undisturbed.snakemake().returncode == 0, told
        assert contents(project) == contents(undisturbed), f"{told}; {calls} calls"
        if number % ROUNDS_OF_ONE_EMPTY == ROUNDS_OF_ONE_EMPTY - 1:
            empty = Project.copy_of(undisturbed, tmp_path / f"empty{number}")
            for part in ("results", ".snakemake"):
                shutil.rmtree(empty.folder / part)
            assert empty.snakemake().returncode == 0
            # Links to what this config does not ask for may stand beside.
            assert contents(empty).items() <= contents(project).items(), told
