"""Take the recipe kinds `saved_logits` and `saved_scores` for what they are: forms of `saved_outputs`."""

from __future__ import annotations

from dataclasses import replace

from openworld3d.workflow.places import Given

# The key that names the folder of each.
FOLDERS = {"saved_logits": "logits", "saved_scores": "scores"}


def with_saved_outputs(config: Given) -> Given:
    """Return a config in which all recipes of saved outputs have one kind and one key."""
    entries = config.value.get("recipes")
    if entries is None or not isinstance(entries.value, dict):
        return config
    found = {name: as_saved_outputs(entry) for name, entry in entries.value.items()}
    return replace(config, value={**config.value, "recipes": replace(entries, value=found)})


def as_saved_outputs(entry: Given) -> Given:
    """Return a recipe of a kind that is a form of `saved_outputs` as that, and any other as it is."""
    kind = entry.value.get("kind") if isinstance(entry.value, dict) else None
    if kind is None or not isinstance(kind.value, str) or kind.value not in FOLDERS:
        return entry
    keys = {"folder" if name == FOLDERS[kind.value] else name: value for name, value in entry.value.items()}
    return replace(entry, value={**keys, "kind": replace(kind, value="saved_outputs")})
