"""Check a protocol against its scenes before anything is trained, and write what its splits hold."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from openworld3d.errors import UserError, run_command
from openworld3d.files import write_json
from openworld3d.manifests import read_manifest
from openworld3d.protocol import make_protocol


def class_points(scenes: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many points each class has in these scenes."""
    total: Counter[str] = Counter()
    for scene in scenes:
        total.update(scene["class_points"])
    return dict(total)


def unknown_share(scene: dict[str, Any], unknown: list[str]) -> float:
    """Return the share of unknown points among a scene's labelled points, in 0..1."""
    labelled = sum(scene["class_points"].values())
    return sum(scene["class_points"].get(name, 0) for name in unknown) / max(1, labelled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: protocol, unknown")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="manifests of the training splits")
    parser.add_argument("--evaluate", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    protocol, unknown = arguments.config["protocol"], arguments.config["unknown"]
    train, evaluate = [
        [read_manifest(path, ["classes", "scenes"]) for path in paths]
        for paths in (arguments.train, arguments.evaluate)
    ]
    known = make_protocol(evaluate[0]["classes"], unknown).known
    train_scenes, evaluate_scenes = [
        [scene for manifest in manifests for scene in manifest["scenes"]] for manifests in (train, evaluate)
    ]
    taught, asked = class_points(train_scenes), class_points(evaluate_scenes)
    for name in unknown:
        if name not in asked:
            raise UserError(
                f"protocol {protocol}: no scene of {', '.join(map(str, arguments.evaluate))} has a point of the "
                f"unknown class {name}; choose evaluation splits that contain it, or leave it out of unknown"
            )
    if not any(name in taught for name in known):
        raise UserError(f"protocol {protocol}: no training scene has a point of a known class; choose other splits")
    report = {
        "evaluate": [str(path) for path in arguments.evaluate],
        "train_points": taught,
        "evaluate_points": asked,
        "never_taught": sorted(name for name in known if name in asked and name not in taught),
        "unknown_share": {scene["name"]: unknown_share(scene, unknown) for scene in evaluate_scenes},
        "scenes_without_unknown": [scene["name"] for scene in evaluate_scenes if not unknown_share(scene, unknown)],
    }
    write_json(arguments.out, report)


if __name__ == "__main__":
    run_command(main)
