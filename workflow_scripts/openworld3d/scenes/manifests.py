"""Manifests: the JSON files that say which scenes a folder holds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from openworld3d.errors import UserError, nearest


@dataclass(frozen=True)
class SceneFile:
    """Where a scene lies and how many points it has."""

    path: Path
    points: int


@dataclass(frozen=True)
class Scenes:
    """The scenes of one dataset over all its splits: the names of its classes, and scene name to file."""

    classes: list[str]
    files: dict[str, SceneFile]
    class_points: dict[str, int]

    @property
    def paths(self) -> list[Path]:
        """Return the scenes' files, in the order of the manifests."""
        return [file.path for file in self.files.values()]

    def find(self, name: str) -> SceneFile:
        """Return the scene of that name, or refuse with the nearest name."""
        if name not in self.files:
            raise UserError(
                f"scene {name!r} is in none of the scenes manifests{nearest(name, self.files)}; "
                "give the manifest of every split that is evaluated"
            )
        return self.files[name]


def read_manifest(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """Read a manifest and check that it is a JSON object with these keys."""
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run the step that makes it") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); delete the folder and make it again") from None
    missing = [key for key in keys if not isinstance(manifest, dict) or key not in manifest]
    if missing:
        raise UserError(f"{path}: expected the keys {', '.join(keys)}, missing {', '.join(missing)}")
    return manifest


def scene_names(path: Path) -> list[str]:
    """Return the names of the scenes that a manifest lists."""
    return [scene["name"] for scene in read_manifest(path, ["scenes"])["scenes"]]


def read_scenes(paths: Sequence[Path]) -> Scenes:
    """Read scenes manifests of one dataset; each scene file lies beside the manifest that names it."""
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
