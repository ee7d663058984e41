"""Write what is generated of docs/: pages of recipes and scores, tables of GPUs, messages, metrics, protocols."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from openworld3d.environment import devices
from openworld3d.environment.finding import Rule
from openworld3d.environment.gpu import GPU, Driver, unfit_gpus
from openworld3d.environment.page import RULES, table
from openworld3d.metrics.table import METRICS
from openworld3d.plugins import load, names_in
from openworld3d.published.page import entries, overview, pairs, raw_id_table
from openworld3d.reports.method_page import described, name_of, recipe_page, score_page
from openworld3d.scenes import scene
from openworld3d.workflow.schema import Schema, named, read_schema

# Rules that something other than the environment's check applies.
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


def has_kernels(capability: tuple[int, int], cuda: str) -> str:
    """Return whether builds for a CUDA have kernels for a GPU: yes or no."""
    driver = Driver(cuda=(99, 0), gpus=(GPU("", capability),))
    return "no" if list(unfit_gpus(driver, cuda)) else "yes"


def gpu_table() -> list[str]:
    """Return the table of GPUs."""
    rows = [
        (name, "{}.{}".format(*capability), *(has_kernels(capability, cuda) for cuda in CUDA_OF.values()))
        for name, capability in GPUS
    ]
    return table(("GPU", "compute capability", *CUDA_OF), rows)


def message_table() -> list[str]:
    """Return the table of error messages, with placeholders in capitals."""
    rows = [
        (rule.key, capitalised(rule.message), capitalised(rule.remedy), "yes" if rule.stops else "no")
        for rule in sorted([*RULES, *LATER], key=lambda rule: int(rule.key[1:]))
    ]
    return table(("rule", "message", "what to do", "stops jobs"), rows)


def capitalised(template: str) -> str:
    """Return a template with its placeholders in capitals."""
    return re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), template)


def recipe_table() -> list[str]:
    """Return the table of recipes."""
    rows = [(link(file), described(file).summary, ", ".join(file.OUTPUTS)) for file in modules_of("recipes")]
    return table(("kind", "what it is", "outputs"), rows)


def score_table() -> list[str]:
    """Return the table of scores."""
    rows = [
        (link(file), described(file).summary, ", ".join(file.READS), ", ".join(file.FITS), ", ".join(file.KEYS))
        for file in modules_of("scores")
    ]
    return table(("kind", "what it is", "reads", "is fitted on", "options"), rows)


def metric_table() -> list[str]:
    """Return the table of metrics."""
    rows = [
        (f"`{name}`", metric.definition, "higher" if metric.higher_is_better else "lower")
        for name, metric in METRICS.items()
    ]
    return table(("metric", "definition", "better"), rows)


def modules_of(kind: str) -> list[ModuleType]:
    """Import the plug-ins of a kind, in alphabetical order."""
    return [load(kind, name) for name in names_in(ROOT / "workflow_scripts/openworld3d" / kind)]


def link(module: ModuleType) -> str:
    """Return what the config calls a module, as a link to its page."""
    kind, name = module.__name__.split(".")[1:]
    return f"[`{name}`]({kind}/{name}.md)"


PAGES: dict[Path, dict[str, Callable[[], list[str]]]] = {
    ROOT / "docs/installation.md": {"gpus": gpu_table, "messages": message_table},
    ROOT / "docs/methods.md": {"recipes": recipe_table, "scores": score_table},
    ROOT / "docs/metrics.md": {"metrics": metric_table},
    ROOT / "docs/protocols.md": {
        "protocols": overview,
        "raw_ids": raw_id_table,
        "differences": pairs,
        "entries": entries,
    },
}


def generated(page: Path) -> str:
    """Return a page with its generated tables as the code has them now."""
    text = page.read_text()
    for name, lines in PAGES[page].items():
        begin, end = f"<!-- {name}: make docs -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join(lines()) + "\n" + end + rest.split(end)[1]
    return text


def method_pages() -> dict[Path, str]:
    """Return the page of each score and recipe, by where it lies."""
    definitions = read_schema(ROOT / "schemas/config.schema.yaml")["$defs"]
    scores = {f"scores/{name_of(file)}.md": score_page(file) for file in modules_of("scores")}
    recipes = {
        f"recipes/{name_of(file)}.md": recipe_page(file, own_keys(file, definitions))
        for file in modules_of("recipes")
    }
    return {ROOT / "docs" / name: text for name, text in {**scores, **recipes}.items()}


def own_keys(recipe: ModuleType, definitions: Schema) -> Schema:
    """Return the keys of a recipe's own, each with its schema and what that refers to."""
    keys = {**recipe.TRAINING_KEYS, **recipe.INFERENCE_KEYS}
    return {key: {**named(schema, definitions), **schema} for key, schema in keys.items()}


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page))
    for page, text in method_pages().items():
        page.parent.mkdir(exist_ok=True)
        page.write_text(text)
