"""Give each protocol of a config that is `named` the keys that the registry has for it, below its own."""

from __future__ import annotations

from dataclasses import replace

from openworld3d.errors import UserError
from openworld3d.published.reading import FOLDER
from openworld3d.published.registry import FILE, read_registry
from openworld3d.workflow.merging import over
from openworld3d.workflow.places import Given, wrong
from openworld3d.workflow.protocols import ROLES
from openworld3d.workflow.reading import given_values

NAMED = "named"


def with_named(config: Given) -> Given:
    """Return a config whose named protocols say all that they mean; raises ConfigError for one that does not exist.

    Datasets have the names of their layouts there; the key `dataset` of a protocol says another for all its splits.
    """
    entries = config.value.get("protocols")
    if entries is None or not isinstance(entries.value, dict):
        return config
    found = {name: with_keys(name, entry) for name, entry in entries.value.items()}
    return replace(config, value={**config.value, "protocols": replace(entries, value=found)})


def with_keys(name: str, entry: Given) -> Given:
    """Return a protocol with the keys of the registry where it has a name there."""
    named = entry.value.get(NAMED) if isinstance(entry.value, dict) else None
    if named is None or not isinstance(named.value, str):
        return entry
    try:
        said = read_registry().protocol(named.value, "it").said
    except UserError as error:
        raise wrong(("protocols", name, NAMED), str(error).replace("it says", "says", 1)) from None
    keys = dict(given_values(said, str(FOLDER / FILE)).value)
    dataset = entry.value.get("dataset")
    for role in ROLES:
        if dataset is not None and role in keys:
            keys[role] = replace(keys[role], value={**keys[role].value, "dataset": dataset})
    return over(replace(entry, value=keys), entry)
