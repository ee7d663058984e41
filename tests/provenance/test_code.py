"""The code of a command: the files that it imports, and what does not count."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest
from tests.forgetting import forget

from openworld3d.files import sha256_of
from openworld3d.provenance.code import code_of, digest_of
from openworld3d.workflow.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "workflow_scripts/openworld3d"


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(ROOT)
    yield
    forget()  # files by the same names elsewhere


def test_imports_are_followed_through_packages() -> None:
    files = code_of("measure.py")
    for name in ("errors", "files", "metrics/__init__", "metrics/ranking", "metrics/statistics"):
        assert f"{LIBRARY}/{name}.py" in files
    assert "workflow_scripts/measure.py" in files
    assert not [file for file in files if "scores" in file or "backbones" in file]


def test_module_loaded_by_name_brings_what_it_imports() -> None:
    files = code_of("infer.py", ("backbones.stratified_transformer",))
    assert f"{LIBRARY}/networks/layers/kpconv.py" in files
    assert f"{LIBRARY}/networks/layers/segment.py" in files


def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> Path:
    """Write a project of some files of its library and of one script, go there, and return the folder of scripts."""
    for name, text in files.items():
        file = tmp_path / "workflow_scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "workflow_scripts"


def code_now(*asked: Any) -> dict[str, str]:
    """Return the code of a command as another call would find it."""
    forget()
    return code_of(*asked)


def test_code_is_that_of_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("__init__", "errors", "other", "scores/__init__", "scores/msp")
    files = {f"openworld3d/{name}.py": "" for name in names}
    files["score.py"] = "from openworld3d.errors import UserError\n"
    scripts = project(tmp_path, monkeypatch, files)
    before = code_now("score.py", ("scores.msp",))
    read = ("__init__", "errors", "scores/__init__", "scores/msp")
    assert list(before) == [*(f"{LIBRARY}/{name}.py" for name in read), "workflow_scripts/score.py"]
    assert all(digest == sha256_of(Path(file)) for file, digest in before.items())
    for name in ("openworld3d/errors", "openworld3d/scores/msp", "score"):
        with open(scripts / f"{name}.py", "a") as file:
            file.write("# changed")
        after = code_now("score.py", ("scores.msp",))
        assert [file for file in after if after[file] != before[file]] == [f"workflow_scripts/{name}.py"]
        assert digest_of(after) != digest_of(before)
        before = after
    (scripts / "openworld3d/other.py").write_text("# changed")
    assert code_now("score.py", ("scores.msp",)) == before


def test_relative_imports_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"openworld3d/{name}.py": "" for name in ("__init__", "arrays", "scores/__init__", "scores/energy")}
    files["openworld3d/scores/msp.py"] = ""
    files["openworld3d/scores/mine.py"] = "from . import msp\nfrom .energy import score\nfrom ..arrays import load\n"
    files["score.py"] = ""
    project(tmp_path, monkeypatch, files)
    assert set(code_now("score.py", ("scores.mine",))) == {f"workflow_scripts/{name}" for name in files}


def test_what_is_ignored_does_not_count_nor_what_it_alone_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"openworld3d/{name}.py": "" for name in ("__init__", "batches", "curves")}
    files["openworld3d/monitor.py"] = "from openworld3d import batches, curves\n"
    files["train.py"] = "from openworld3d import batches\nfrom openworld3d.monitor import RunWatch\n"
    project(tmp_path, monkeypatch, files)
    everything = [f"{LIBRARY}/{name}.py" for name in ("__init__", "batches", "curves", "monitor")]
    assert list(code_now("train.py")) == [*everything, "workflow_scripts/train.py"]
    kept = [f"{LIBRARY}/{name}.py" for name in ("__init__", "batches")]
    assert list(code_now("train.py", (), ("monitor",))) == [*kept, "workflow_scripts/train.py"]


def test_code_of_a_training_leaves_out_what_watches_it() -> None:
    train = STEPS["train"]
    assert train.ignores == ("training.monitor",)
    watched, files = code_of(train.script), code_of(train.script, (), train.ignores)
    for name in ("training/monitor", "metrics/ranking", "inference/model"):
        assert f"{LIBRARY}/{name}.py" in watched
        assert f"{LIBRARY}/{name}.py" not in files
    for name in ("training/loop", "networks/inputs", "training/checkpoint", "training/optimizer", "networks/weights"):
        assert f"{LIBRARY}/{name}.py" in files


def test_check_of_environments_shares_no_file_with_other_commands() -> None:
    files = [file for file in code_of("check_environment.py") if file.startswith(LIBRARY)]
    assert [file for file in files if not file.startswith(f"{LIBRARY}/environment/")] == [f"{LIBRARY}/__init__.py"]
    for command in ("train", "prepare", "score", "make_table", "make_report", "draw_figures"):
        of_command = {file for file in code_of(f"{command}.py") if file.startswith(f"{LIBRARY}/environment")}
        assert of_command <= {f"{LIBRARY}/environment/{name}.py" for name in ("__init__", "devices")}


def test_imports_inside_functions_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"openworld3d/__init__.py": "", "openworld3d/late.py": ""}
    project(tmp_path, monkeypatch, {**files, "x.py": "def f():\n    from openworld3d import late\n"})
    assert list(code_now("x.py")) == [f"{LIBRARY}/__init__.py", f"{LIBRARY}/late.py", "workflow_scripts/x.py"]


def test_files_of_a_folder_that_a_module_names_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "openworld3d/__init__.py": "",
        "openworld3d/drawn.py": 'DATA_FOLDER: str = "page"\n',
        "openworld3d/page/style.css": "a",
        "openworld3d/page/three/three.js": "b",
        "draw.py": "from openworld3d import drawn\n",
        "other.py": "import openworld3d\n",
    }
    scripts = project(tmp_path, monkeypatch, files)
    of_page = {f"{LIBRARY}/page/style.css", f"{LIBRARY}/page/three/three.js"}
    before = code_now("draw.py")
    assert of_page <= set(before)
    assert not of_page & set(code_now("other.py"))
    (scripts / "openworld3d/page/style.css").write_text("c")
    assert digest_of(code_now("draw.py")) != digest_of(before)
