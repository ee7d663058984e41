"""Check that a folder of saved outputs has what the scores of a table need, and the scenes that it evaluates."""

from __future__ import annotations

from typing import Any, Dict, Iterable

from openworld3d.errors import UserError
from openworld3d.protocols.columns import check_columns
from openworld3d.saved_outputs.folder import (
    CLASSIFIER,
    OF_CLASSIFIER,
    OF_SAMPLE,
    OF_SCENE,
    SAMPLE,
    SCENES,
    SavedFolder,
)
from openworld3d.workflow.check_scores import OF_CLASSES, OF_SCENES
from openworld3d.workflow.check_splits import scenes_of
from openworld3d.workflow.protocols import evaluated, network_classes, unlabelled
from openworld3d.workflow.slices import begins_with, fits, reads, saved_folder

Config = Dict[str, Any]

# What a sentence calls an array that is not called by its name, in the order of a sentence.
CALLED = {"logits": "logits", "features": "features", "saved_score": "a score", "target": "labels", "range": "ranges"}
CALLED.update(dict.fromkeys(OF_CLASSIFIER, "the last layer"))


def what_is_missing(config: Config, recipe: str, score: str) -> str | None:
    """Return what to say where a folder lacks what a score needs, None where it has that or does not exist."""
    folder = saved_folder(config, recipe)
    of_scenes, of_sample = reads(config, score) - OF_SCENES, fits(config, score) - OF_CLASSES
    never = of_scenes - set(OF_SCENE)
    if never:
        return (
            f"reads {', '.join(sorted(never))}, which saved outputs do not have; take the score out, or save one "
            "that is computed elsewhere as score.npy and name a score of kind saved_score"
        )
    if not folder.root.is_dir() or not (of_scenes - folder.outputs or of_sample - folder.fits):
        return None
    fitted = f" and is fitted on {called(of_sample)}" if of_sample else ""
    return (
        f"reads {called(of_scenes)} of each scene{fitted}, but {folder.root} has {described(folder)}; save "
        f"{', '.join(to_save(folder, of_scenes, of_sample))}, or take the score out"
    )


def called(names: Iterable[str]) -> str:
    """Return names of arrays as a sentence has them, each once."""
    found = list(dict.fromkeys(words for name, words in CALLED.items() if name in names))
    return enumerated(found or ["weights"])


def enumerated(words: list[str]) -> str:
    """Return words as a list in a sentence."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def described(folder: SavedFolder) -> str:
    """Return what a folder has."""
    total, of_scenes = len(folder.scenes), []
    for name in OF_SCENE:
        count = sum(name in files for files in folder.scenes.values())
        if count and name in CALLED:
            of_scenes.append(CALLED[name] if count == total else f"{CALLED[name]} of {count} of {total} scenes")
    sample = f"a training sample with {called(folder.sample)}" if folder.sample else "no training sample"
    layer = "the last layer" if folder.classifier else "no last layer"
    return enumerated([enumerated(of_scenes) if of_scenes else "no outputs of scenes", sample, layer])


def to_save(folder: SavedFolder, of_scenes: set[str], of_sample: set[str]) -> list[str]:
    """Return the files that are missing for a score.

    Once there are folders of scenes, what lies beside them counts no more.
    """
    is_flat = not (folder.root / SCENES).is_dir() and bool(of_scenes - folder.outputs)
    missing = {name for name in of_scenes if is_flat or name not in folder.outputs}
    lacks = of_sample - folder.fits - set(OF_CLASSIFIER)
    return [
        *(f"{SCENES}/SCENE/{stem}.npy" for name, stem in OF_SCENE.items() if name in missing),
        *(f"{SAMPLE}/{stem}.npy" for name, stem in OF_SAMPLE.items() if name in lacks - {"weight"}),
        *([CLASSIFIER] if of_sample & set(OF_CLASSIFIER) - folder.fits else []),
    ]


def check_saved(config: Config, table: str) -> None:
    """Check that the folders of a table have the columns and scenes of its protocols; raises UserError."""
    chosen = config["tables"][table]
    for recipe in chosen["methods"]:
        if begins_with(config, recipe) != "import_outputs":
            continue
        for protocol in chosen["protocols"]:
            folder = saved_folder(config, recipe)
            if folder.classes:
                place = f"{folder.meta}: classes, in protocol {protocol},"
                check_columns(place, folder.classes, network_classes(config, protocol), unlabelled(config, protocol))
            dataset, splits = evaluated(config, protocol)
            check_scenes_of(folder, [name for split in splits for name in scenes_of(config, dataset, split)])


def check_scenes_of(folder: SavedFolder, names: list[str]) -> None:
    """Check that a folder has each of some scenes; the sentence is of the first that is missing."""
    missing = [name for name in names if name not in folder.scenes]
    if missing:
        try:
            folder.files_of(missing[0])
        except UserError as error:
            raise UserError(f"{error} ({len(missing)} of {len(names)} scenes are missing)") from None
