"""The folder of saved outputs: which files are there, by name alone, which decides what scores run.

```
meta.json                        classes: of the columns, in order; kind: logits; all files but one array are optional
scenes/SCENE/logits.npy          (R, K)  SCENE is the name of our scene, or SEQUENCE/FRAME for SEQUENCE_FRAME
scenes/SCENE/features.npy        (R, F)  input of the last layer
scenes/SCENE/score.npy           (R,)    a score computed elsewhere, higher means more unknown
scenes/SCENE/instance.npy        (R,)    the unknown object that the network predicts, 0 where none
scenes/SCENE/inverse.npy         (N,)    the row of each raw point; without it, R = N
train_sample/logits.npy          (S, K)  of training points of known classes
train_sample/features.npy        (S, F)
train_sample/label.npy           (S,)    the column of each one's class
train_sample/weight.npy          (S,)    how many training points each stands for; without it, 1
train_sample/range.npy           (S,)    metres from the sensor
classifier.npz                   weight (K, F), bias (K,): logits = features @ weight.T + bias
```
In place of `scenes`, SCENE.npy or SCENE.txt may lie in the folder itself: logits (N, K), or a score (N,), as STU's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, Sequence

from openworld3d.errors import UserError, nearest
from openworld3d.protocols.columns import check_columns
from openworld3d.saved_outputs.arrays import ENDINGS, axes_of

META, SCENES, SAMPLE, CLASSIFIER = "meta.json", "scenes", "train_sample", "classifier.npz"
# The files of a scene and of the training sample, by what scores call the array.
OF_SCENE = {"logits": "logits", "features": "features", "saved_score": "score"}
INVERSE, INSTANCE = "inverse", "instance"
OF_SAMPLE = {"logits": "logits", "features": "features", "target": "label", "weight": "weight", "range": "range"}
OF_CLASSIFIER = ("last_weight", "last_bias")
LOGITS = "logits"
# What else meta.json may say: notes for people.
NOTES = ("precision", "seed", "preprocessing")

Files = Dict[str, Path]


@dataclass(frozen=True)
class SavedFolder:
    """What a folder of saved outputs has.

    classes: of the columns of the logits, [] where meta.json does not say; scenes: the files of each scene, by a name
    of `OF_SCENE`, `INVERSE` or `INSTANCE`; sample: those of the training sample, by a name of `OF_SAMPLE`.
    """

    root: Path
    classes: list[str] = field(default_factory=list)
    scenes: dict[str, Files] = field(default_factory=dict)
    sample: Files = field(default_factory=dict)
    classifier: Path | None = None
    meta: Path | None = None

    @cached_property
    def outputs(self) -> set[str]:
        """Return the outputs that every scene has: some of `logits`, `features` and `saved_score`."""
        of_scenes = [set(files) for files in self.scenes.values()]
        return set.intersection(*of_scenes) & set(OF_SCENE) if of_scenes else set()

    @cached_property
    def has_instances(self) -> bool:
        """Tell whether there are instances that a network predicts, be it of one scene."""
        return any(INSTANCE in files for files in self.scenes.values())

    @property
    def fits(self) -> set[str]:
        """Return the arrays of the training sample that scores can be fitted on, with those of the last layer."""
        always = {"weight"} if self.sample else set()
        return {*self.sample, *always, *(OF_CLASSIFIER if self.classifier else ())}

    @property
    def files(self) -> list[Path]:
        """Return all files that are read, sorted."""
        of_scenes = [file for files in self.scenes.values() for file in files.values()]
        return sorted([*of_scenes, *self.files_of_sample])

    @property
    def files_of_sample(self) -> list[Path]:
        """Return the files that the training sample and the last layer are read from, sorted."""
        return sorted([*self.sample.values(), *(file for file in (self.classifier, self.meta) if file is not None)])

    def files_of(self, scene: str) -> Files:
        """Return the files of a scene; raises UserError with the nearest name where it has none."""
        if scene not in self.scenes:
            raise UserError(
                f"{self.root}: has nothing of scene {scene}{nearest(scene, self.scenes)}; save the arrays of each "
                f"evaluation scene, as {SCENES}/{scene}/{LOGITS}.npy, or {scene}.npy in a folder without {SCENES}"
            )
        return self.scenes[scene]


def open_saved(root: Path) -> SavedFolder:
    """Return what a folder has, nothing where it does not exist.

    Raises UserError where meta.json is wrong, or two files are of the same scene.
    """
    if not root.is_dir():
        return SavedFolder(root)
    meta, classifier = root / META, root / CLASSIFIER
    said = read_meta(meta) if meta.exists() else {}
    return SavedFolder(
        root,
        said.get("classes", []),
        files_of_scenes(root / SCENES) if (root / SCENES).is_dir() else flat_files(root),
        {name: file for name, stem in OF_SAMPLE.items() if (file := root / SAMPLE / f"{stem}.npy").exists()},
        classifier if classifier.exists() else None,
        meta if meta.exists() else None,
    )


def read_meta(path: Path) -> dict[str, Any]:
    """Return what meta.json says; raises UserError where it is of another form, or says that there are no logits."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = sorted({name for name, _ in pairs if [key for key, _ in pairs].count(name) > 1})
        if twice:
            raise UserError(
                f"{path}: the key {twice[0]} stands twice, of which JSON would keep the last; make it one"
            )
        return dict(pairs)

    try:
        said = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except RecursionError:
        raise UserError(f"{path}: nests lists or keys hundreds deep, which cannot be read; correct it") from None
    except ValueError as error:
        raise UserError(f"{path}: is not JSON ({error}); correct it") from None
    if not isinstance(said, dict):
        raise UserError(f'{path}: holds {json.dumps(said)[:60]}, expected an object such as {{"classes": [...]}}')
    known = ("classes", "kind", *NOTES)
    for key in said:
        if key not in known:
            raise UserError(
                f"{path}: has the key {key}, which does not exist{nearest(key, known)}; expected some of "
                f"{', '.join(known)}"
            )
    classes = said.get("classes", [])
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise UserError(f"{path}: classes is {json.dumps(classes)[:60]}, expected the name of each column's class")
    twice = sorted({name for name in classes if classes.count(name) > 1})
    if twice:
        raise UserError(f"{path}: classes has {', '.join(twice)} twice; name the class of each column once")
    if said.get("kind", LOGITS) != LOGITS:
        raise UserError(
            f"{path}: kind is {json.dumps(said['kind'])}, expected logits, which the scores here are computed from; "
            "save what goes into the softmax, or compute a score of these outputs yourself and save it as score.npy"
        )
    return said


def columns_of(folder: SavedFolder, classes: Sequence[str], unknown: Sequence[str]) -> list[str]:
    """Return the class of each column of the logits: as meta.json says, or the known classes in their order.

    Raises UserError where a column is of an unknown class or of none, or a known class has none.
    """
    if not folder.classes:
        return [name for name in classes if name not in unknown]
    check_columns(f"{folder.meta}: classes", folder.classes, classes, unknown)
    return folder.classes


def files_of_scenes(folder: Path) -> dict[str, Files]:
    """Return the files of each scene below `scenes`."""
    every = list(folder.rglob("*.npy"))  # once, as there may be thousands
    found: dict[str, Files] = {}
    for name, stem in {**OF_SCENE, INVERSE: INVERSE, INSTANCE: INSTANCE}.items():
        for scene, parent in by_scene(folder, [file.parent for file in every if file.stem == stem]).items():
            found.setdefault(scene, {})[name] = parent / f"{stem}.npy"
    return found


def flat_files(root: Path) -> dict[str, Files]:
    """Return the array of each scene that lies in the folder itself: logits, or scores where it has one axis."""
    files = [file for file in root.rglob("*") if root / SAMPLE not in file.parents]
    every = [[file for file in files if file.suffix.lower() == ending] for ending in ENDINGS]
    found = by_scene(root, next(filter(None, every), []))  # text beside .npy is a note
    axes = next((count for file in found.values() if (count := axes_of(file)) is not None), 0)
    return {scene: {"saved_score" if axes == 1 else LOGITS: file} for scene, file in found.items()}


def by_scene(folder: Path, paths: list[Path]) -> dict[str, Path]:
    """Return files or folders by the scene they are of, in the order of names: `08/000000.npy` is of 08_000000."""
    found: dict[str, Path] = {}
    for path in sorted(paths):
        *folders, last = path.relative_to(folder).parts
        if any(part.startswith(".") for part in (*folders, last)):
            continue  # left behind by macOS or an editor
        scene = "_".join([*folders, path.stem if path.suffix.lower() in ENDINGS else last])
        if scene in found:
            raise UserError(f"{path}: is of scene {scene}, as is {found[scene]}; keep one of them")
        found[scene] = path
    return found
