"""Datasets: one module per raw layout, named by `datasets.NAME.layout` of the config, each a `Dataset`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from openworld3d.raw.labels import Reading


class Dataset(Protocol):
    """What a module of this package defines.

    The names in capitals are literals, annotated with their types, or imported from a module beside it: the Snakefile
    reads them without importing the module. `keys` are the values of `KEYS` that the config gives, or their defaults.
    """

    CLASSES: list[str]
    """Class names in the order of their labels; [] where `KEYS` has `classes` and the config names them."""

    THINGS: list[str]
    """The classes that are countable, movable objects."""

    GROUPS: dict[str, list[str]]
    """The classes by group, each in one, for scores that sum over groups; {} where there are none."""

    KEYS: dict[str, Any]
    """What a dataset of this layout sets in the config besides `layout` and `root`, each with its JSON schema.

    Its `description` completes "expected ..."; a key with a `default` may be left out.
    """

    GENERATOR: str | None
    """The rule that generates raw scans of this layout by the key `generate`, None where none does."""

    TABLES: list[str]
    """Patterns, below the root, of tables from which listing scenes takes long; [] where there are none.

    The list is kept until one of these files or the module changes.
    """

    ORIGIN_IS_SENSOR: bool
    """Whether one sensor saw each scene, from the origin of its coordinates: a point's norm is its range."""

    HAS_INSTANCES: bool
    """Whether labels tell the objects of a class from one another, if its files are complete."""

    CLASS_OF_RAW_ID: dict[int, str | None]
    """The class of each raw id, None where the official map has none: the ids of `raw` in its scenes.

    {} where names, tables or the config say the classes; scenes then have no `raw`.
    """

    def scenes_of_split(self, root: Path, split: str, **keys: Any) -> list[str]:
        """Return the names of a split's scenes in an order that does not depend on the machine.

        Raises UserError where the split or one of its files does not exist.
        """

    def files_of_scene(self, root: Path, name: str, **keys: Any) -> list[Path]:
        """Return every file that a scene is read from: a change to one of them prepares the scene again.

        Raises UserError where one does not exist.
        """

    def read_scene(self, root: Path, name: str, **keys: Any) -> Reading:
        """Read one scene, in the order of its raw file; Scene says in which units and ranges.

        `raw.labels.map_labels` maps raw ids and rejects those that are neither a class nor void. Raises UserError, in
        one sentence: the file, the place, what was found, what was expected, what to do.
        """
