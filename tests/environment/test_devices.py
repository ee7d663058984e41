"""CUDA_VISIBLE_DEVICES that is set too late: in the code before it runs, and in the process while it does."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openworld3d.environment.devices import late_setting, refuse_late_settings
from openworld3d.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
SET = 'os.environ["CUDA_VISIBLE_DEVICES"] = "1"'

CASES = [
    ("before torch", f"import os\n{SET}\nimport torch", False, None),
    ("after torch", f"import os\nimport torch\n{SET}", False, 3),
    ("after torch_scatter", f"import os\nfrom torch_scatter import scatter\n{SET}", False, 3),
    ("after a module of ours", f"import os\nfrom openworld3d.training.loop import train\n{SET}", False, 3),
    ("in a function", f"import torch, os\ndef main():\n    {SET}", False, 3),
    ("no torch at all", f"import os\n{SET}", False, None),
    ("in a module that torch's importers load", f"import os\n{SET}", True, 2),
    ("by setdefault", "import torch, os\nos.environ.setdefault('CUDA_VISIBLE_DEVICES', '0')", False, 2),
    ("by putenv", "import torch, os\nos.putenv('CUDA_VISIBLE_DEVICES', '0')", False, 2),
    ("by update", "import torch, os\nos.environ.update(CUDA_VISIBLE_DEVICES='0')", False, 2),
    ("read only", "import torch, os\nprint(os.environ['CUDA_VISIBLE_DEVICES'])", False, None),
    ("read with a default", "import torch, os\nprint(os.environ.get('CUDA_VISIBLE_DEVICES', '0'))", False, None),
    ("another variable", "import torch, os\nos.environ['OMP_NUM_THREADS'] = '1'", False, None),
]


@pytest.mark.parametrize(
    ("code", "loaded_late", "line"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_late_setting_by_hand(code: str, loaded_late: bool, line: int | None) -> None:
    assert late_setting(ast.parse(code), loaded_late) == line


def test_own_code_sets_nothing_late() -> None:
    refuse_late_settings((ROOT / "workflow_scripts").rglob("*.py"))


def test_late_setting_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "openworld3d/recipes/mine.py"
    file.parent.mkdir(parents=True)
    file.write_text(f"import os\n\n{SET}\n")
    with pytest.raises(
        UserError, match=r"mine\.py, line 3: .* which has no effect; set it before Python starts: CUDA_"
    ):
        refuse_late_settings([file])


@pytest.mark.parametrize(
    ("given", "then", "refused"), [("0", "0", False), ("0", "1", True), (None, "1", True), (None, None, False)]
)
def test_process_that_changed_its_devices_is_refused(given: str | None, then: str | None, refused: bool) -> None:
    code = (
        "import os; from openworld3d.environment.devices import refuse_late_devices\n"
        "from openworld3d.errors import run_command\n"
        f"if {then!r}: os.environ['CUDA_VISIBLE_DEVICES'] = {then!r}\n"
        "run_command(refuse_late_devices)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow_scripts")}
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    if given is not None:
        environment["CUDA_VISIBLE_DEVICES"] = given
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == int(refused)
    if refused:
        assert f"error: CUDA_VISIBLE_DEVICES was {given!r} when Python started and is now '1'" in done.stderr
