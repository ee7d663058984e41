"""Write the parts of the pages that the code knows: which GPU runs what, what each message asks for, all metrics."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from openworld3d.environment import devices
from openworld3d.environment.card import Card, Driver, unfit_cards
from openworld3d.environment.finding import Rule
from openworld3d.environment.page import RULES, table
from openworld3d.metrics.table import METRICS
from openworld3d.scenes import scene

# Where the rule is asked by something else than the environment's check.
LATER = [
    Rule("E10", devices.LATE, devices.REMEDY),
    Rule("E11", scene.STRANGE_LABEL, scene.STRANGE_LABEL_REMEDY),
]
CARDS = [
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
    """Say whether builds for a CUDA have kernels for a card."""
    driver = Driver(cuda=(99, 0), cards=(Card("", capability),))
    return "no" if list(unfit_cards(driver, cuda)) else "yes"


def cards() -> list[str]:
    """Return the table of cards."""
    rows = [
        (name, "{}.{}".format(*capability), *(runs(capability, cuda) for cuda in CUDA_OF.values()))
        for name, capability in CARDS
    ]
    return table(("card", "compute capability", *CUDA_OF), rows)


def troubleshooting() -> list[str]:
    """Return the table of messages, with the names of what is found in capitals."""
    rules = sorted([*RULES, *LATER], key=lambda rule: int(rule.key[1:]))
    rows = [(rule.key, shown(rule.message), shown(rule.remedy), "yes" if rule.stops else "no") for rule in rules]
    return table(("rule", "message", "what to do", "stops jobs"), rows)


def metrics() -> list[str]:
    """Return the table of metrics."""
    rows = [
        (f"`{name}`", metric.definition, "higher" if metric.higher_is_better else "lower")
        for name, metric in METRICS.items()
    ]
    return table(("metric", "what it is", "better"), rows)


def shown(template: str) -> str:
    """Return a template as a reader sees it."""
    return re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), template)


# The generated parts of each page.
PAGES = {
    "installation.md": {"cards": cards, "troubleshooting": troubleshooting},
    "metrics.md": {"metrics": metrics},
}


def generated(page: str, text: str) -> str:
    """Return a page whose marked parts are what the code says today."""
    for name, lines in PAGES[page].items():
        begin, end = f"<!-- {name}: make docs -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join(lines()) + "\n" + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    for page in PAGES:
        file = ROOT / "docs" / page
        file.write_text(generated(page, file.read_text()))
