"""Check a protocol against its scenes before anything is trained, and report what its splits hold."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Sequence

from openworld3d.errors import run_command
from openworld3d.files import write_json, write_text
from openworld3d.protocols.check import (
    Contents,
    check_apart,
    check_measurable,
    scenes_without_unknown,
    total,
    unknown_share,
    warnings,
    without_training,
)
from openworld3d.reports.protocol_page import page
from openworld3d.scenes.manifests import read_manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: protocol, unknown, inliers")
    parser.add_argument(
        "--train", type=Path, nargs="*", required=True, help="manifests of the training splits, or none"
    )
    parser.add_argument("--evaluate", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--out", type=Path, required=True, help="the report, .json")
    parser.add_argument("--page", type=Path, required=True, help="the report as a page, .md")
    arguments = parser.parse_args()
    protocol, unknown, inliers = (arguments.config[key] for key in ("protocol", "unknown", "inliers"))
    classes = read_manifest(arguments.evaluate[0], ["classes"])["classes"]
    contents = Contents(
        protocol, classes, unknown, inliers, scenes_of(arguments.train), scenes_of(arguments.evaluate)
    )
    check_apart(contents)
    check_measurable(contents)
    report = {
        "train_points": total(contents.train, "class_points"),
        "evaluate_points": total(contents.evaluate, "class_points"),
        "without_training": without_training(contents),
        "unknown_share": {scene["name"]: unknown_share([scene], unknown) for scene in contents.evaluate},
        "scenes_without_unknown": scenes_without_unknown(contents),
    }
    write_text(arguments.page, page(contents))
    write_json(arguments.out, report)
    for sentence in warnings(contents):
        print(f"protocol {protocol}: {sentence}")
    print(f"protocol {protocol}: see {arguments.page}")


def scenes_of(manifests: Sequence[Path]) -> list[dict[str, Any]]:
    """Return the entries of the scenes of some manifests, each with its dataset."""
    found = [read_manifest(path, ["dataset", "scenes"]) for path in manifests]
    return [{**scene, "dataset": manifest["dataset"]} for manifest in found for scene in manifest["scenes"]]


if __name__ == "__main__":
    run_command(main)
