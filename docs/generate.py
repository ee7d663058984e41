"""Write the parts of installation.md that the code knows: which GPU runs where, and what each message asks for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from openworld3d.environment import devices
from openworld3d.environment.finding import Rule
from openworld3d.environment.gpu import GPU, Driver, unfit_gpus
from openworld3d.environment.page import RULES, table
from openworld3d.scenes import scene

PAGE = ROOT / "docs/installation.md"
# Where the rule is asked by something else than the environment's check.
LATER = [
    Rule("E10", devices.LATE, devices.REMEDY),
    Rule("E11", scene.STRANGE_LABEL, scene.STRANGE_LABEL_REMEDY),
]
GPUS = [
    ("GTX 10, P100", (6, 0)),
    ("V100", (7, 0)),
    ("RTX 20, T4", (7, 5)),
    ("A100", (8, 0)),
    ("RTX 30, A40", (8, 6)),
    ("RTX 40, L4, L40", (8, 9)),
    ("H100, H200", (9, 0)),
    ("B200", (10, 0)),
    ("RTX 50", (12, 0)),
]
CUDA_OF = {"stratified_transformer, real_cylinder3d": "11.1", "cuda_current": "13.0"}


def runs(capability: tuple[int, int], cuda: str) -> str:
    """Say whether builds for a CUDA have kernels for a GPU."""
    driver = Driver(cuda=(99, 0), gpus=(GPU("", capability),))
    return "no" if list(unfit_gpus(driver, cuda)) else "yes"


def gpus() -> list[str]:
    """Return the table of GPUs."""
    rows = [
        (name, "{}.{}".format(*capability), *(runs(capability, cuda) for cuda in CUDA_OF.values()))
        for name, capability in GPUS
    ]
    return table(("GPU", "compute capability", *CUDA_OF), rows)


def troubleshooting() -> list[str]:
    """Return the table of messages, with the names of what is found in capitals."""
    rules = sorted([*RULES, *LATER], key=lambda rule: int(rule.key[1:]))
    rows = [(rule.key, shown(rule.message), shown(rule.remedy), "yes" if rule.stops else "no") for rule in rules]
    return table(("rule", "message", "what to do", "stops jobs"), rows)


def shown(template: str) -> str:
    """Return a template as a reader sees it."""
    return re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), template)


def generated(text: str) -> str:
    """Return a page whose marked parts are what the code says today."""
    for name, lines in (("GPUs", gpus()), ("troubleshooting", troubleshooting())):
        begin, end = f"<!-- {name}: make docs -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join(lines) + "\n" + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text()))
