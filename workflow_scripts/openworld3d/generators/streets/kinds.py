"""Kinds of things and their raw ids in SemanticKITTI, static and moving; that of an anomaly is STU's."""

from __future__ import annotations

UNLABELED, OUTLIER, ANOMALY_ID = 0, 1, 2

ID_OF_THING: dict[str, tuple[int, int]] = {
    "car": (10, 252),
    "bicycle": (11, 11),
    "bus": (13, 257),
    "motorcycle": (15, 15),
    "truck": (18, 258),
    "other-vehicle": (20, 259),
    "person": (30, 254),
    "bicyclist": (31, 253),
    "motorcyclist": (32, 255),
    "anomaly": (ANOMALY_ID, ANOMALY_ID),
}

ID_OF_STUFF: dict[str, int] = {
    "unlabeled": UNLABELED,
    "road": 40,
    "parking": 44,
    "sidewalk": 48,
    "other-ground": 49,
    "building": 50,
    "fence": 51,
    "other-structure": 52,
    "lane-marking": 60,
    "vegetation": 70,
    "trunk": 71,
    "terrain": 72,
    "pole": 80,
    "traffic-sign": 81,
    "other-object": 99,
}

THING_KINDS = frozenset(ID_OF_THING)


def raw_id(kind: str, moving: bool) -> int:
    """Return the raw id of a kind; stuff has the same id, moving or not."""
    return ID_OF_THING[kind][moving] if kind in ID_OF_THING else ID_OF_STUFF[kind]
