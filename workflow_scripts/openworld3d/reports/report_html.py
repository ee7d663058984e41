"""The HTML of a report that needs no script: sentences, a figure, tables, notes, and how the numbers came about."""

from __future__ import annotations

import base64
from html import escape
from typing import Any, Mapping, Sequence

import numpy as np

from openworld3d.metrics.table import METRICS
from openworld3d.reports.counting import pooled
from openworld3d.reports.numbers import MISSING
from openworld3d.reports.origins import Record, configs, origins
from openworld3d.reports.picture import draw, of_errors, of_level, of_truth, png, view_of
from openworld3d.reports.printed import COVERAGES, OF_RELEASE
from openworld3d.reports.report_data import Report
from openworld3d.reports.report_scenes import COORDINATE_LEVELS, FLAGGED
from openworld3d.reports.report_table import label_of, tables
from openworld3d.reports.summary import asked, came_out, listed, notes

COSTS = {
    "train": "Training",
    "infer": "Inference",
    "score": "Scoring",
    "points_per_second": "Points per second",
    "megabytes": "Peak memory",
}
GROUND = (
    "The unknown is the positive class, void points are left out, and every number is {pooled}. In percent but for "
    "counts; the arrow is the better direction. Intervals are 95 % bootstrap intervals over evaluation scenes. Bold: "
    "the best of its protocol, upper bounds aside. †: the interval of the difference from the best contains 0."
)


def html_parts(report: Report, checks: Mapping[str, Mapping[str, Any]], records: Sequence[Record]) -> dict[str, str]:
    """Return the parts of the page's HTML, by name."""
    config, rows = report.config, report.rows
    definitions = {label_of(name): METRICS[name].definition for name in dict.fromkeys(config["metrics"])}
    return {
        "asked": escape(asked(config, rows)),
        "came_out": escape(came_out(config, rows)),
        "picture": picture(report),
        "tables": tables(rows, config["metrics"], config["published"]["rows"]),
        "ground": escape(GROUND.format(pooled=pooled(config))),
        "definitions": "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in definitions.items()),
        "costs": cost_table(report),
        "notes": list_of(notes(config, rows, checks)),
        "sampling": escape(sampling(report)),
        "protocols": protocol_list(config),
        "origins": origin_list(records, rows),
        "configs": "".join(
            f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>"
            for name, text in configs(records)
        ),
    }


def picture(report: Report) -> str:
    """Return a figure of the median scene as HTML: its unknown points, the best method's scores, and its errors."""
    scenes = report.data["scenes"]
    scene = next((scene for scene in scenes if scene["role"] == "median"), scenes[0] if scenes else None)
    if scene is None or scene["best_row"] not in scene["scores"]:
        return ""
    row = report.data["rows"][scene["best_row"]]
    classes = report.data["protocols"][scene["protocol"]]
    data, shown = report.blob.bytes(), scene["shown"]
    coord = np.frombuffer(data, "<u2", 3 * shown, scene["coord"]).reshape(-1, 3) / COORDINATE_LEVELS * scene["side"]
    scanned = np.frombuffer(data, np.uint8, 3 * shown, scene["colour"]).reshape(-1, 3)
    truth = np.frombuffer(data, np.uint8, shown, scene["truth"])
    level = np.frombuffer(data, np.uint8, shown, scene["scores"][scene["best_row"]])
    kept = coord[:, 2] <= scene["cut"] * coord[:, 2].max()
    is_unknown = np.isin(truth, [classes["classes"].index(name) for name in classes["unknown"]])
    flagged = level >= FLAGGED
    view = view_of(coord[kept])
    panels = [
        ("Truth", "the unknown in magenta", of_truth(scanned, is_unknown)),
        ("Score", f"{row['name']}: blue as known, yellow as unknown", of_level(level % FLAGGED)),
        ("At 95 % recall", "magenta found, orange missed, blue false alarms", of_errors(is_unknown, flagged)),
    ]
    images = [
        f"<div><img alt='{escape(title)}: {escape(said)}' src='data:image/png;base64,"
        f"{base64.b64encode(png(draw(view, colours[kept]))).decode()}'><p><b>{title}</b> {escape(said)}</p></div>"
        for title, said, colours in panels
    ]
    role = {"median": "the median scene", "only": "a scene"}.get(scene["role"], f"the {scene['role']} scene")
    return (
        f"<figure class='hero'>{''.join(images)}<figcaption>{escape(scene['name'])}, {role} by AUPR of the best "
        f"method.</figcaption></figure>"
    )


def cost_table(report: Report) -> str:
    """Return what each row cost as a table, a sentence where nothing was measured."""
    rows = [row for row in report.data["rows"] if row["cost"]]
    if not rows:
        return "<p>No benchmark file of these jobs is there, so that nothing is known of their cost.</p>"
    heads = "".join(f"<th scope='col' class='number'>{name}</th>" for name in COSTS.values())
    lines = []
    for row in rows:
        cells = "".join(f"<td class='number'>{cost_shown(key, row['cost'].get(key))}</td>" for key in COSTS)
        where = f" · {row['protocol']}" if len(report.config["protocols"]) > 1 else ""
        lines.append(f"<tr><th scope='row'>{escape(row['name'])}{escape(where)}</th>{cells}</tr>")
    return (
        "<div class='scroll' tabindex='0' role='region' aria-label='Costs'><table class='costs'>"
        f"<thead><tr><th scope='col'>Method</th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def cost_shown(key: str, value: float | None) -> str:
    """Return a cost with its unit."""
    if value is None:
        return "n/a"
    if key == "megabytes":
        return f"{value / 1000:.1f} GB" if value >= 1000 else f"{value:.0f} MB"
    if key == "points_per_second":
        return f"{value:,.0f}"
    if value < 60:
        return f"{value:.1f} s"
    return f"{value / 60:.1f} min" if value < 3600 else f"{value / 3600:.1f} h"


def sampling(report: Report) -> str:
    """Return the sentence on which scenes and points are shown."""
    scenes = report.data["scenes"]
    if not scenes:
        return "No scene is shown."
    total = sum(len(rows[0].replicates["scenes"]) for rows in rows_by_protocol(report).values())
    most = max(scene["shown"] for scene in scenes)
    whole = all(scene["shown"] == scene["points"] for scene in scenes)
    said = f"{len(scenes)} of {total} evaluation scenes"
    points = "with all their points" if whole else f"with up to {most:,} of their points each, drawn at random"
    return f"{said}, {points}; where the unknown are few, all of them are kept. The numbers above are of all points."


def rows_by_protocol(report: Report) -> dict[str, list[Any]]:
    """Return the rows of each protocol."""
    found: dict[str, list[Any]] = {}
    for row in report.rows:
        found.setdefault(str(row.identity["protocol"]), []).append(row)
    return found


def protocol_list(config: Mapping[str, Any]) -> str:
    """Return what each protocol trains on, evaluates and holds back."""
    items = []
    for name, protocol in config["protocols"].items():
        train, evaluate = protocol["train"], protocol["evaluate"]
        trained = f"trained on {train['dataset']} ({listed(train['splits'])})" if train else "trained elsewhere"
        if train and protocol["unknown_points"]:
            how = {"ignore": "kept without a label", "remove": "removed"}.get(protocol["unknown_points"], "")
            trained += f", where points of the unknown classes are {how}" if how else ""
        named = f", after {protocol['named']} of the registry" if protocol["named"] else ""
        items.append(
            f"{name}{named}: unknown {listed(protocol['unknown'])}; {trained}; evaluated on {evaluate['dataset']} "
            f"({listed(evaluate['splits'])})."
        )
    return list_of(items)


def origin_list(records: Sequence[Record], rows: Sequence[Any]) -> str:
    """Return code, machines, software, seeds and coverage of the jobs behind a table."""
    seeds = sorted({str(row.identity["seed"]) for row in rows})
    coverage = sorted({str(row.identity["coverage"]) for row in rows})
    found = [
        *(origins(records) or [("Records", ["no job behind these numbers left one"])]),
        ("Seeds", [listed(seeds)]),
        ("Coverage", [f"{name}: {COVERAGES.get(name, OF_RELEASE)}" for name in coverage if name != MISSING]),
    ]
    return "".join(f"<dt>{escape(name)}</dt><dd>{'<br>'.join(map(escape, said))}</dd>" for name, said in found)


def list_of(sentences: Sequence[str]) -> str:
    """Return sentences as an HTML list."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>" if sentences else ""
