"""Manifests: the JSON files that say which scenes a folder holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

from openworld3d.errors import UserError, nearest


@dataclass(frozen=True)
class SceneFile:
    """The file of a scene, its number of points, and the file of its labels where a protocol gives it others."""

    path: Path
    points: int
    labels: Path | None = None


@dataclass(frozen=True)
class Scenes:
    """The scenes of one dataset over some splits: its classes, the file of each scene, the points of each class.

    skipped: further scenes, which do not count in an evaluation.
    """

    classes: list[str]
    files: dict[str, SceneFile]
    class_points: dict[str, int]
    skipped: frozenset[str] = frozenset()

    @property
    def paths(self) -> list[Path]:
        """Return the scenes' files, in the order of the manifests."""
        return [file.path for file in self.files.values()]

    def find(self, name: str) -> SceneFile:
        """Return a scene by name; raises UserError with the nearest name."""
        if name not in self.files:
            raise UserError(
                f"scene {name!r} is in none of the scenes manifests{nearest(name, self.files)}; "
                "give the manifest of every split that is evaluated"
            )
        return self.files[name]


def read_manifest(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """Read a manifest; raises UserError where it is not a JSON object with these keys."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: does not exist; run the step that writes it") from None
    except ValueError as error:
        raise UserError(f"{path}: is not JSON ({error}); delete the folder and run again") from None
    missing = [key for key in keys if not isinstance(manifest, dict) or key not in manifest]
    if missing:
        raise UserError(f"{path}: expected the keys {', '.join(keys)}, missing {', '.join(missing)}")
    return manifest


def scene_names(path: Path) -> list[str]:
    """Return the names of the scenes that a manifest lists."""
    return [scene["name"] for scene in read_manifest(path, ["scenes"])["scenes"]]


def read_scenes(paths: Sequence[Path]) -> Scenes:
    """Read the manifests of splits of one dataset; scene files lie beside their manifest."""
    classes: list[str] = []
    files: dict[str, SceneFile] = {}
    class_points: Counter[str] = Counter()
    for path in paths:
        manifest = read_manifest(path, ["classes", "scenes"])
        classes = classes or manifest["classes"]
        if manifest["classes"] != classes:
            raise UserError(
                f"{path}: its classes are {', '.join(manifest['classes'])}, but {paths[0]} has "
                f"{', '.join(classes)}; give manifests of one dataset"
            )
        for scene in manifest["scenes"]:
            name = scene["name"]
            if name in files:
                raise UserError(
                    f"{path}: scene {name!r} is also in {files[name].path.parent}; a scene belongs to one split"
                )
            class_points.update(scene.get("class_points", {}))
            files[name] = SceneFile(path.parent / f"{name}.npz", scene["points"])
    return Scenes(classes, files, dict(class_points))


def read_evaluation(scenes: Sequence[Path], labels: Sequence[Path]) -> Scenes:
    """Read the scenes that are evaluated, with the labels that a protocol gives them where there are some.

    scenes, labels: manifests of splits, the latter as label_evaluation.py writes them.
    """
    found = read_scenes(scenes)
    if not labels:
        return found
    given = read_scenes(labels)
    files = {name: replace(found.find(name), labels=file.path) for name, file in given.files.items()}
    skipped = [name for path in labels for name in read_manifest(path, ["skipped"])["skipped"]]
    return Scenes(given.classes, files, given.class_points, frozenset(skipped))
