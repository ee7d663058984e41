"""Files and folders appear whole, whatever lies in their place and whatever a file system does to what is removed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from openworld3d.errors import UserError, run_command
from openworld3d.files import check_folder, temporary_sibling, whole_folder, write_json


def write(path: Path, text: str) -> None:
    with whole_folder(path) as folder:
        (folder / "file").write_text(text, encoding="utf-8")


def test_folder_replaces_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "outputs"
    for text in ("first", "second"):
        write(path, text)
        assert (path / "file").read_text(encoding="utf-8") == text
    path.joinpath("file").unlink()
    path.rmdir()
    path.symlink_to("elsewhere")
    write(path, "third")
    assert [entry.name for entry in tmp_path.iterdir()] == ["outputs"]


def test_what_a_killed_process_of_the_same_number_left_is_replaced(tmp_path: Path) -> None:
    left = temporary_sibling(tmp_path / "outputs")
    left.mkdir()
    (left / "half").touch()
    write(tmp_path / "outputs", "whole")
    assert [file.name for file in tmp_path.rglob("*")] == ["outputs", "file"]


def test_folder_that_nfs_does_not_let_go_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS renames a file that somebody has open, in place of removing it, and refuses to remove its folder."""
    write(tmp_path / "outputs", "first")

    def busy(path: str, **given: object) -> None:
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), path)

    monkeypatch.setattr(os, "rmdir", busy)
    for text in ("second", "third"):
        write(tmp_path / "outputs", text)
        assert (tmp_path / "outputs/file").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("target", ["nowhere", "results"])
def test_link_that_leads_nowhere_is_a_sentence(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the link to a scratch folder that was purged."""
    monkeypatch.chdir(tmp_path)
    Path("results").symlink_to(target)
    with pytest.raises(UserError, match=r"results: is neither a folder nor a link to one; remove it, or make it"):
        check_folder(Path("results"))
    with pytest.raises(SystemExit, match="1"):
        run_command(lambda: write_json(Path("results/.plan.json"), {}))
    assert capsys.readouterr().err.startswith("error: results")


def test_folder_or_none_is_right(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "none")
    (tmp_path / "link").symlink_to(tmp_path)
    check_folder(tmp_path / "link")
