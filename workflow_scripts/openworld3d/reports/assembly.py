"""Put a report together: one HTML file with its style, its scripts and its data, which loads nothing."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Sequence

import numpy as np

from openworld3d.reports.picture import draw, of_errors, of_level, of_truth, png, view_of
from openworld3d.reports.report import Report
from openworld3d.reports.report_scenes import COORDINATE_LEVELS, FLAGGED

# The folder beside this file that is part of its code.
DATA_FOLDER: str = "page"
PAGE = Path(__file__).parent / DATA_FOLDER
SCRIPTS = (
    "three/three.js",
    "colours.js",
    "charts.js",
    "curves.js",
    "classes.js",
    "trainings.js",
    "scenes.js",
    "page.js",
)
STYLES = ("page.css",)


def page(report: Report, pieces: dict[str, str]) -> str:
    """Return the page; pieces: what stands in its HTML, by name."""
    scripts = [(PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    styles = [(PAGE / name).read_text(encoding="utf-8") for name in STYLES]
    text = Template((PAGE / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(report.data["table"]),
        style="\n".join(styles),
        scripts="\n".join(f"<script>{closed(script)}</script>" for script in scripts),
        data=closed(json.dumps(report.data, separators=(",", ":"), allow_nan=False)),
        blob=base64.b64encode(report.blob.bytes()).decode(),
        **pieces,
    )
    return text


def closed(text: str) -> str:
    """Return a script or JSON that cannot end the element which holds it."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


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
    is_unknown = np.isin(truth, [classes["classes"].index(name) for name in row_unknown(classes)])
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


def row_unknown(protocol: dict[str, Any]) -> Sequence[str]:
    """Return the unknown classes of a protocol."""
    return protocol["unknown"]


def list_of(sentences: Sequence[str]) -> str:
    """Return sentences as an HTML list."""
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in sentences)}</ul>" if sentences else ""
