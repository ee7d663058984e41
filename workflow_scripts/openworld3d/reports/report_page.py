"""Put a report together: one HTML file with its style, its scripts and its data, which loads nothing."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from string import Template

from openworld3d.reports.report_data import Report

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


def page(report: Report, parts: dict[str, str]) -> str:
    """Return the page; parts: its HTML, by name."""
    scripts = [(PAGE / name).read_text(encoding="utf-8") for name in SCRIPTS]
    styles = [(PAGE / name).read_text(encoding="utf-8") for name in STYLES]
    return Template((PAGE / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(report.data["table"]),
        style="\n".join(styles),
        scripts="\n".join(f"<script>{closed(script)}</script>" for script in scripts),
        data=closed(json.dumps(report.data, separators=(",", ":"), allow_nan=False)),
        blob=base64.b64encode(report.blob.bytes()).decode(),
        **parts,
    )


def closed(text: str) -> str:
    """Return a script or JSON that cannot end the element which holds it."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")
