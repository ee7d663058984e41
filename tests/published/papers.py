"""Papers of a few rows, in a folder with the registry."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def paper_of(*rows: dict[str, Any], protocol: str = "pdf_scannet", **of_table: Any) -> dict[str, Any]:
    """Return a paper with a table of some rows."""
    table = {
        "protocol": protocol,
        "backbone": "Any",
        "rows": [{"method": "MSP", **row} for row in rows],
        **of_table,
    }
    columns = {"aupr": ["aupr"], "miou": ["miou_known"]}
    return {"title": "Any", "venue": "Any 2024", "arxiv": "2404.00979", "columns": columns, "tables": [table]}


def write_papers(folder: Path, **papers: dict[str, Any]) -> Path:
    """Write papers beside the registry; return the folder."""
    shutil.copy(ROOT / "published/protocols.yaml", folder)
    for name, paper in papers.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(paper, sort_keys=False))
    return folder
