"""What a table asked and what came out, in sentences, and a note for each number that is not what it seems."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from openworld3d.metrics.bootstrap import TIED, Row, best, mark
from openworld3d.metrics.table import METRICS
from openworld3d.reports.counting import what_counts
from openworld3d.reports.numbers import shown
from openworld3d.reports.report_table import label_of, places_of, with_interval

FEW_SCENES = 20  # below which a bootstrap of scenes is rough
MOST_NAMED = 6
CONTRAST = "msp"  # the score that every other is held against


def listed(names: Sequence[str], joined: str = "and") -> str:
    """Return names as a sentence lists them, the first few where they are many."""
    shown_names = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        return f"{', '.join(shown_names)} {joined} {len(names) - MOST_NAMED} more"
    return f" {joined} ".join(filter(None, [", ".join(shown_names[:-1]), *shown_names[-1:]]))


def main_metric(metrics: Sequence[str]) -> str:
    """Return the metric that decides which method is best: AUPR, or the table's first."""
    return "aupr" if "aupr" in metrics else metrics[0]


def best_row(rows: Sequence[Row], metrics: Sequence[str]) -> Row | None:
    """Return the row that is best by the main metric, upper bounds aside unless there is nothing else."""
    competing = [row for row in rows if not row.identity["trains_on_unknown"]]
    return best(competing or rows, main_metric(metrics))


def asked(config: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the sentence on what the table asks."""
    methods = len({row.identity["method"] for row in rows})
    parts = []
    for name, protocol in config["protocols"].items():
        scenes = len(next(row.replicates["scenes"] for row in rows if row.identity["protocol"] == name))
        what = "generated " if protocol["generated"] else ""
        parts.append(
            f"{listed(protocol['unknown'])} in {scenes} {what}scene{'s' * (scenes != 1)} of "
            f"{protocol['evaluate']['dataset']}"
        )
    which = f"Which of {methods} methods notices" if methods > 1 else "Does the method notice"
    return f"{which} what its network was not trained on: {'; '.join(parts)}?"


def came_out(config: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the sentence on what came out, for each protocol."""
    metric = main_metric(config["metrics"])
    return " ".join(of_protocol(name, rows, config, metric) for name in config["protocols"])


def of_protocol(name: str, rows: Sequence[Row], config: Mapping[str, Any], metric: str) -> str:
    """Return the sentence on the best method of a protocol."""
    mine = [row for row in rows if row.identity["protocol"] == name]
    top = best_row(mine, config["metrics"])
    where = f"On {name}, " if len(config["protocols"]) > 1 else ""
    if top is None:
        return f"{where or 'Here '}no method has a defined {label_of(metric)}."
    places = places_of(mine, metric)
    said = f"{where}the best is {top.identity['method']}: {label_of(metric)} {with_interval(top, metric, places)}"
    if metric == "aupr":
        said += f", where a random score has {shown('prevalence', top.metrics['prevalence'], places)} %"
    contrast = [row for row in mine if row.identity["score"] == CONTRAST and row.metrics[metric] is not None]
    if contrast and contrast[0] is not top:
        said += f" and {contrast[0].identity['method']} {with_interval(contrast[0], metric, places).split(' (')[0]}"
    near = [row for row in mine if mark(row, mine, metric) == TIED]
    if near:
        said += f"; {len(near)} of the other {len(mine) - 1} cannot be told from it with these scenes"
    return f"{said[0].upper()}{said[1:]}."


def notes(config: Mapping[str, Any], rows: Sequence[Row], checks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a note for each thing by which numbers are not what they seem."""
    found: list[str] = []
    for name, protocol in config["protocols"].items():
        mine = [row for row in rows if row.identity["protocol"] == name]
        if protocol["generated"]:
            found.append(
                f"Protocol {name}: its scenes are generated, not scanned. The numbers compare methods with one "
                "another and are not those of a benchmark."
            )
        found += of_scenes(name, mine, checks.get(name, {}))
    if len({row.identity["seed"] for row in rows}) == 1 and rows[0].identity["seed"] != "n/a":
        found.append(
            "Each network was trained with one seed: intervals cover the variation between scenes, not between "
            "trainings."
        )
    uppers = sorted({row.identity["recipe"] for row in rows if row.identity["trains_on_unknown"]})
    if uppers:
        found.append(f"{listed(uppers)}: trained on the unknown classes; an upper bound that does not compete.")
    undefined = sorted({label_of(name) for row in rows for name in config["metrics"] if row.metrics[name] is None})
    if undefined:
        found.append(f"{listed(undefined)}: n/a where not defined, as without predictions or without a threshold.")
    found += what_counts(config["counting"], config["metrics"], rows)
    for name, called in config["conventions"].items():
        found += [
            f"Protocol {name}: {label_of(column)} is {METRICS[other].definition}." for column, other in called.items()
        ]
    return [*found, *config["published"]["notes"]]


def of_scenes(name: str, rows: Sequence[Row], check: Mapping[str, Any]) -> list[str]:
    """Return notes on the evaluation scenes of a protocol."""
    scenes, found = len(rows[0].replicates["scenes"]), []
    if scenes == 1:
        found.append(f"Protocol {name}: one evaluation scene, so that there is no interval.")
    elif scenes < FEW_SCENES:
        found.append(
            f"Protocol {name}: {scenes} evaluation scenes, so that intervals are rough and probably too narrow."
        )
    without = check.get("scenes_without_unknown", [])
    if without:
        found.append(f"Protocol {name}: no unknown point in {listed(without)}; they count as known points alone.")
    untaught = check.get("without_training", [])
    if untaught:
        found.append(f"Protocol {name}: {listed(untaught)} counts as known, but no training scene has it.")
    return found
