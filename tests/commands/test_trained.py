"""The folder of a trained run, wherever it is given from."""

from __future__ import annotations

from pathlib import Path

from tests.commands.run_folder import write_run

from openworld3d.commands.trained import RunFolder


def test_checkout_of_a_run_is_found_through_links(tmp_path: Path) -> None:
    """Where the folder of results is a link, and where the run is given by one from elsewhere."""
    run = write_run(tmp_path / "checkout", "color")
    checkout, elsewhere = run.parents[5], tmp_path / "elsewhere/results"
    assert RunFolder(run).root == checkout
    elsewhere.mkdir(parents=True)
    (elsewhere / "best").symlink_to(run)
    assert RunFolder(elsewhere / "best").root == checkout
    (checkout / "results").rename(tmp_path / "stored")
    (checkout / "results").symlink_to(tmp_path / "stored")
    assert RunFolder(run).root == checkout
    assert RunFolder(run).prepared["step"] == "prepare"
