"""The registry of protocols: what each named protocol of the field says, and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping

from openworld3d.errors import UserError, nearest
from openworld3d.published.reading import FOLDER, read_yaml

FILE = "protocols.yaml"
SCHEMA = "protocols.schema.yaml"
OBJECTS = {"eps": 1.0, "min_samples": 1}  # where a protocol does not say them


@dataclass(frozen=True)
class Data:
    """Some splits of a dataset, which is named by its layout."""

    dataset: str
    splits: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """What a protocol says, in the words of the config.

    train: None where outputs are somebody else's. data: what is evaluated, if not the dataset whose layout it has.
    class_map: the classes that are evaluated as other ones. range: in metres from the sensor, both ends included, or
    all points count. objects: None where none are counted.
    """

    evaluate: Data
    train: Data | None = None
    validate: Data | None = None
    data: str = ""
    unknown: tuple[str, ...] = ()
    unknown_raw_ids: tuple[int, ...] = ()
    inlier_raw_ids: tuple[int, ...] = ()
    void_raw_ids: tuple[int, ...] = ()
    class_map: Mapping[str, str] | None = None
    unknown_points: str = "ignore"
    range: tuple[float, ...] | None = None
    min_unknown_points: int | None = None
    ap: str = "step"
    fpr95: str = "reached"
    pool: str = "points"
    objects: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Source:
    """Where something is said: in a file of a repository at a commit, or elsewhere."""

    says: str
    repository: str = ""
    commit: str = ""
    file: str = ""


@dataclass(frozen=True)
class NamedProtocol:
    """An entry of the registry.

    keys: what a protocol of a config says that takes this one, None if what is unknown was not found.
    points: which points count; training: what becomes of unknown points in training. metrics: ours that its papers
    print. certainty: verified, stated, notes or not found. unclear: what nobody could verify.
    """

    name: str
    title: str
    points: str
    training: str
    certainty: str
    metrics: tuple[str, ...]
    papers: tuple[str, ...]
    source: tuple[Source, ...]
    unclear: tuple[str, ...] = ()
    data: str = ""
    keys: Mapping[str, Any] | None = None

    @property
    def said(self) -> Mapping[str, Any]:
        """Return the keys; raises UserError where what is unknown was not found."""
        if self.keys is None:
            raise UserError(
                f"{FOLDER / FILE}: protocol {self.name} has no keys, as what is unknown in it was not found; choose "
                "another"
            )
        return self.keys

    @property
    def spec(self) -> Spec:
        """Return what the protocol says; raises UserError where what is unknown was not found."""
        return spec_of(self.said, self.data)


@dataclass(frozen=True)
class Remark:
    """What a difference between two values of a field amounts to; dataset: the layout where it holds, or any."""

    field: str
    values: tuple[Any, Any]
    says: str
    dataset: str = ""


@dataclass(frozen=True)
class Registry:
    """All named protocols, remarks on how they differ, and the raw ids of a dataset as papers take them."""

    protocols: Mapping[str, NamedProtocol]
    remarks: tuple[Remark, ...] = ()
    raw_ids: Mapping[str, Any] = field(default_factory=dict)

    def protocol(self, name: str, place: str) -> NamedProtocol:
        """Return a protocol; raises UserError, which begins with the place of its name, where there is none."""
        if name not in self.protocols:
            raise UserError(
                f"{place} says {name}, but there is no such protocol{nearest(name, self.protocols)}; choose one of "
                f"{', '.join(self.protocols)}"
            )
        return self.protocols[name]


def spec_of(keys: Mapping[str, Any], data: str = "") -> Spec:
    """Return what the keys of a protocol say; `dataset` in them is a layout."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in keys.items()
    }
    for role in ("train", "validate", "evaluate"):
        if values.get(role) is not None:
            values[role] = Data(keys[role]["dataset"], tuple(keys[role]["splits"]))
    if values.get("objects"):
        values["objects"] = {**OBJECTS, **values["objects"]}
    return Spec(**values, data=data)


@lru_cache(maxsize=None)
def read_registry(folder: Path = FOLDER) -> Registry:
    """Return the registry in a folder; raises UserError where it has not the form of its schema."""
    read = read_yaml(folder / FILE, SCHEMA)
    protocols = {name: named_protocol(name, entry) for name, entry in read["protocols"].items()}
    remarks = tuple(Remark(**{**entry, "values": tuple(entry["values"])}) for entry in read["remarks"])
    return Registry(protocols, remarks, read["raw_ids"])


def named_protocol(name: str, entry: Mapping[str, Any]) -> NamedProtocol:
    """Return an entry of the registry."""
    lists = {key: tuple(entry.get(key, ())) for key in ("metrics", "papers", "unclear")}
    source = tuple(Source(**one) for one in entry["source"])
    return NamedProtocol(**{**entry, **lists, "source": source, "name": name})
