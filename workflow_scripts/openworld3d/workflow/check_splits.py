"""Check that no scene is in two splits of a protocol, as far as names tell before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from openworld3d.workflow.inputs import raw_files
from openworld3d.workflow.outside import scene_names
from openworld3d.workflow.places import wrong
from openworld3d.workflow.protocols import splits_of
from openworld3d.workflow.steps import STEPS

Config = Dict[str, Any]


def check_scenes(config: Config, name: str) -> None:
    """Check that what a protocol trains on and what it evaluates are different scenes, each in one split."""
    roles_of: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for role in ("train", "evaluate"):
        chosen = splits_of(config, name, role)
        if chosen is None:
            continue
        for split in chosen.splits:
            # What is twice in one split, the job that prepares it tells.
            for scene in dict.fromkeys(scenes_of(config, chosen.dataset, split)):
                root = config["datasets"][chosen.dataset].get("root", chosen.dataset)
                roles_of.setdefault((root, scene), []).append((role, split))
    twice = [scene for scene, roles in roles_of.items() if len(roles) > 1]
    if twice:
        (role, split), (other_role, other) = roles_of[twice[0]][:2]
        raise wrong(
            ("protocols", name),
            f"has scene {twice[0][1]} in {role} (split {split}) and in {other_role} (split {other}), expected each "
            f"scene once ({len(twice)} such scenes); choose other splits, or correct what is in them",
            *(("protocols", name, key) for key in dict.fromkeys((role, other_role))),
        )


def scenes_of(config: Config, dataset: str, split: str) -> list[str]:
    """Return the scenes of a split, none where they are generated or cannot be listed."""
    wildcards = {"dataset": dataset, "split": split}
    outside = raw_files(config, wildcards)
    return [] if outside is None else scene_names(outside, Path(STEPS["prepare"].folder.format(**wildcards)))
