"""What no table reaches is listed with the room that it takes, and deleted where that is meant; nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

OLD, NEW, OTHER = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"
RUN = "results/runs/sofa/small/closed_set/seed0"
FILES = {
    f"{RUN}/{OLD}/weights.npz": 2000,
    f"{RUN}/{OLD}/tensorboard/events": 500,
    f"{RUN}/{NEW}/weights.npz": 3000,
    f"{RUN}/{NEW}/history.csv.damaged": 7,
    f"{RUN}/{NEW}/old.damaged/hall.npz": 40,
    f"{RUN}/single/{OLD}/outputs/1of1/manifest.json": 20,
    f"{RUN}/single/{NEW}/outputs/1of1/manifest.json": 30,
    f"results/scenes/mine/val/{OTHER}/hall.npz": 1_500_000,
    "results/scenes/mine/val/identities.json": 9,
    "results/scenes/mine/notakeyatall/x": 9,
    "results/.plan.json": 9,
}
LINKS = {
    f"{RUN}/current/weights.npz": f"../{NEW}/weights.npz",
    f"{RUN}/current/history.csv": f"../{OLD}/history.csv",
    "results/scenes/mine/val/current": OTHER,
}
UNREACHED = {
    f"{RUN}/{OLD}": "2.5 kB",
    f"{RUN}/{NEW}/old.damaged": "40 B",
    f"{RUN}/single/{OLD}": "20 B",
    f"{RUN}/{NEW}/history.csv.damaged": "7 B",
}
SCENES = "results/scenes/mine/val"
Prune = Callable[..., str]


@pytest.fixture
def prune(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> Prune:
    """Return a function that prunes results, of which one key of a run is reached, and returns what is printed."""
    monkeypatch.chdir(tmp_path)
    for name, size in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(bytes(size))
    for name, target in LINKS.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).symlink_to(target)

    def run(*options: str, folders: tuple[str, ...] = (), kept: tuple[str, ...] = ()) -> str:
        reached = {"folders": [f"{RUN}/{NEW}", f"{RUN}/single/{NEW}", *folders], "kept": list(kept)}
        Path("reached.json").write_text(json.dumps(reached))
        command("prune", "--reached", "reached.json", *options)
        return capsys.readouterr().out

    return run


def files() -> set[str]:
    """Return the files and links of the results."""
    return {str(path) for path in Path("results").rglob("*") if path.is_symlink() or path.is_file()}


def test_what_is_not_reached_is_listed_the_largest_first(prune: Prune) -> None:
    before = files()
    *lines, last = prune(folders=(f"{SCENES}/{OTHER}",)).splitlines()
    assert [line.split(maxsplit=2) for line in lines] == [[*size.split(), path] for path, size in UNREACHED.items()]
    assert last == (
        "2.6 kB in 4 results that no table reaches: would be deleted by snakemake prune --config really=true"
    )
    assert files() == before


def test_what_is_listed_is_deleted_and_links_to_it(prune: Prune) -> None:
    before = files()
    last = prune("--really", folders=(f"{SCENES}/{OTHER}",)).splitlines()[-1]
    assert last == "2.6 kB in 4 results that no table reaches: deleted"
    gone = {name for name in FILES if any(name == path or name.startswith(f"{path}/") for path in UNREACHED)}
    assert before - files() == {*gone, f"{RUN}/current/history.csv"}
    assert Path(f"{RUN}/current/weights.npz").exists()
    assert prune(folders=(f"{SCENES}/{OTHER}",)).splitlines() == [
        "0 B in 0 results that no table reaches: would be deleted by snakemake prune --config really=true"
    ]


def test_place_whose_raw_files_are_not_there_is_kept(prune: Prune) -> None:
    *_, kept, last = prune("--really", kept=(SCENES,)).splitlines()
    assert kept.startswith(f"{SCENES}: kept: its raw files are missing")
    assert "2.6 kB in 4 results" in last
    assert Path(f"{SCENES}/{OTHER}/hall.npz").exists()
    assert "1.5 MB" in prune("--really")
    assert not Path(f"{SCENES}/{OTHER}").exists()
    assert not Path(f"{SCENES}/current").is_symlink()


def test_place_beside_a_kept_one_is_none_of_it(prune: Prune) -> None:
    prune("--really", kept=("results/scenes/mine/va",))
    assert not Path(f"{SCENES}/{OTHER}").exists()


def test_nothing_is_listed_where_there_are_no_results(prune: Prune, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    assert prune().startswith("0 B in 0 results")
