"""What Snakemake does before any job: each job of a cluster does it again."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.pipeline.conftest import Project

WATCHED = """
import json, sys
from snakemake.cli import main
opened = set()
sys.addaudithook(lambda event, arguments: opened.add(str(arguments[0])) if event == "open" else None)
try:
    main({arguments!r})
except SystemExit as end:
    assert not end.code
modules = sorted(name for name in sys.modules if name in ("torch", "openworld3d.scenes.scene", "scipy"))
print(json.dumps([modules, sorted(path for path in opened if "results/" in path)]))
"""


def test_planning_imports_no_torch_and_reads_no_scene(finished: Project) -> None:
    """Of results it reads those that are asked for, small ones whose checksums tell whether they are as they were."""
    code = WATCHED.format(arguments=["--dry-run", "--quiet", "all"])
    done = subprocess.run([sys.executable, "-c", code], cwd=finished.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules, results = json.loads(done.stdout.splitlines()[-1])
    assert modules == []
    assert [path for path in results if path.endswith((".npz", ".npy", ".ply"))] == []
