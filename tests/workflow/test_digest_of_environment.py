"""The digest of an environment is of the files that Snakemake reads, and of nothing beside them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.configs import ROOT
from tests.forgetting import forget

from openworld3d.errors import UserError
from openworld3d.workflow.keys import digest_of_environment


def test_environment_is_what_snakemake_reads_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "envs", tmp_path / "envs")
    monkeypatch.chdir(tmp_path)
    forget()
    before, file = digest_of_environment("cpu"), tmp_path / "envs/cpu.yaml"
    for beside in ("cpu.yaml~", "cpu.yaml.orig", ".#cpu.yaml"):
        (tmp_path / "envs" / beside).write_text("numpy")
        forget()
        assert digest_of_environment("cpu") == before
    for broken, said in ((b"a: [", r"valid YAML .*; correct it"), (b"\xff", "text in UTF-8; save it so")):
        file.write_bytes(broken)
        forget()
        with pytest.raises(UserError, match=f"envs/cpu.yaml: is not {said}"):
            digest_of_environment("cpu")
    forget()
