"""The scans that a protocol evaluates in a folder of a dataset."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

from openworld3d.errors import UserError
from openworld3d.plugins import load
from openworld3d.workflow import protocols, slices


class Scan(NamedTuple):
    """A scan of a split: the folder of its dataset, its name, and the keys by which its layout is read."""

    root: Path
    split: str
    name: str
    keys: dict[str, Any]


def scans_of(config: dict[str, Any], root: Path) -> list[Scan]:
    """Return the scans of all splits that a config's one protocol evaluates and that are there.

    Splits that are missing are named on standard error; raises UserError where none is there.
    """
    (protocol,) = config["protocols"]
    dataset, splits = protocols.evaluated(config, protocol)
    if not root.is_dir():
        raise UserError(f"{root}: is not a folder; give that of the {dataset} dataset, as --labels")
    found: list[Scan] = []
    missing: dict[str, UserError] = {}
    for split in splits:
        keys = slices.prepare_slice(config, dataset, split)["keys"]
        try:
            names = load("datasets", dataset).scenes_of_split(root, split, **keys)
        except UserError as error:
            missing[split] = error
            continue
        found += [Scan(root, split, name, keys) for name in names]
    if missing and not found:
        raise next(iter(missing.values()))
    if missing:
        names, reason = ", ".join(missing), next(iter(missing.values()))
        print(f"not evaluated: {len(missing)} of {len(splits)} splits, {names}, as {reason}", file=sys.stderr)
    return found
