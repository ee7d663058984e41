"""Damage done to raw files, and what a reader may do with them: scenes as documented, or one sentence."""

from __future__ import annotations

import json
import re
import resource
import struct
import time
import tracemalloc
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, Callable, Iterator, NamedTuple

import numpy as np
from hypothesis import HealthCheck, settings

from openworld3d.errors import FILE_SYSTEM_ERRORS, UserError
from openworld3d.raw.labels import Reading, class_of_raw_id
from openworld3d.scenes.scene import VOID

FUZZ = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MOST_MEMORY = 64 << 20
MOST_SECONDS = 20
LONGEST_SENTENCE = 2000
WHOLE = (0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 10**8, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1)
BROKEN = (float("nan"), float("inf"), -float("inf"), 1e30, -1e30, 1e300, -0.0, 1e-320, 1e7, 0.5, -1.0)
NUMBERS = (
    "-1",
    "0.5",
    "1e7",
    "1e400",
    "nan",
    "NaN",
    "Infinity",
    "1_0",
    "٣",
    "4294967296",
    "18446744073709551616",
    "9" * 5000,
)
JSON = ("", "null", "true", "[]", "{}", '"x"', "../x", "/", "\\ud800", "\\u0000", "\\n", "[" * 5000, '{"a":' * 3000)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    7,
    0.5,
    10**12,
    2**64,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../x",
    "\ud800",
    "\0\n",
)
VALUES += ([], [[]], [1], {}, {"token": "a"})


class Layout(NamedTuple):
    """A small dataset for a reader: what writes it, its files below the root, the split to read, and the keys."""

    write: Callable[[Path], object]
    files: tuple[str, ...]
    split: str
    keys: dict[str, Any]


def read(dataset: ModuleType, layout: Layout, root: Path) -> Iterator[Reading]:
    """Read all scenes, as a process does that has read nothing before."""
    for value in vars(dataset).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    for name in dataset.scenes_of_split(root, layout.split, **layout.keys):
        yield dataset.read_scene(root, name, **layout.keys)


def damage(content: bytes, random: Random) -> bytes:
    """Return a file's bytes with one to four things done to them, or bytes in their place that were never a file."""
    if random.random() < 0.1:
        return random.choice([b"", content[:4]]) + bytes(random.choices(range(256), k=random.randrange(600)))
    for _ in range(random.randint(1, 4)):
        content = random.choice(DAMAGES)(content, random)
    return content


def damage_json(content: bytes, random: Random) -> bytes:
    """Return a JSON file with one of its values replaced by another kind of value, or left out."""
    document = json.loads(content)
    inner: Any = document
    while True:
        place = random.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
        if not isinstance(inner[place], (dict, list)) or not inner[place] or random.random() < 0.2:
            break
        inner = inner[place]
    if random.random() < 0.1:
        del inner[place]
    else:
        inner[place] = random.choice(VALUES)
    return json.dumps(document).encode()


def place_in(content: bytes, random: Random) -> int:
    """Return a place, half the time one near the start, where headers are."""
    return random.randrange((min(len(content), 400) if random.random() < 0.5 else len(content)) + 1)


def flip(content: bytes, random: Random) -> bytes:
    place = place_in(content, random)
    return (
        content[:place]
        + bytes(byte ^ 1 << random.randrange(8) for byte in content[place : place + 1])
        + content[place + 1 :]
    )


def overwrite(content: bytes, random: Random) -> bytes:
    place, size = place_in(content, random), random.randint(1, 12)
    return content[:place] + bytes(random.choices(range(256), k=size)) + content[place + size :]


def insert(content: bytes, random: Random) -> bytes:
    place = place_in(content, random)
    return content[:place] + bytes(random.choices(range(256), k=random.randint(1, 40))) + content[place:]


def delete(content: bytes, random: Random) -> bytes:
    place = place_in(content, random)
    return content[:place] + content[place + random.randint(1, 40) :]


def truncate(content: bytes, random: Random) -> bytes:
    return content[: place_in(content, random)]


def repeat(content: bytes, random: Random) -> bytes:
    place, size = place_in(content, random), random.randint(1, 200)
    return content[: place + size] + content[place : place + size] * random.randint(1, 5) + content[place + size :]


def claim(content: bytes, random: Random) -> bytes:
    """Put an extreme number where a binary one may be."""
    code = random.choice("BHIQ")
    number = random.choice(WHOLE) & (1 << 8 * struct.calcsize(code)) - 1
    return put(content, struct.pack(random.choice("<>") + code, number), random)


def break_number(content: bytes, random: Random) -> bytes:
    """Put a strange float where a binary one may be."""
    type = random.choice(["<f4", "<f8", ">f4", ">f8"])
    with np.errstate(over="ignore"):
        return put(content, np.array(random.choice(BROKEN), type).tobytes(), random)


def put(content: bytes, value: bytes, random: Random) -> bytes:
    place = place_in(content, random) // len(value) * len(value) + random.choice([0, 0, 1, 2, 3])
    return content[:place] + value + content[place + len(value) :]


def replace_word(content: bytes, random: Random) -> bytes:
    """Put a strange word where a number or a name is in a text."""
    words = list(re.finditer(rb"-?[0-9.]+|[A-Za-z_]+|\"[^\"]*\"|[\[\]{},]", content))
    if not words:
        return content
    word = random.choice(words)
    return content[: word.start()] + random.choice(NUMBERS + JSON).encode() + content[word.end() :]


def end_line_otherwise(content: bytes, random: Random) -> bytes:
    """End a line as another system or editor does."""
    lines = [place for place, byte in enumerate(content) if byte == ord("\n")]
    if not lines:
        return content
    place = random.choice(lines[:20] if random.random() < 0.5 else lines)
    return content[:place] + random.choice([b"\r\n", b"\r", b" \n", b"\n\n", b"\n\t", b"\n\0"]) + content[place + 1 :]


OF_BYTES = (flip, overwrite, insert, delete, truncate, repeat, claim, claim, break_number)
DAMAGES = (*OF_BYTES, replace_word, replace_word, end_line_otherwise)


def leave_behind(root: Path) -> None:
    """Put into every folder what macOS, a server and a file manager leave there."""
    for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
        names = [path.name for path in folder.iterdir()]
        for place in (folder, folder / "__MACOSX", folder / "@eaDir", folder / ".Trash"):
            place.mkdir(exist_ok=True)
            for name in (".DS_Store", *(f"._{name}" for name in names)):
                (place / name).write_bytes(bytes.fromhex("0005160700020000"))
            for name in names if place != folder else []:
                (place / name).write_bytes(b"SYNOINDEX")


def check_answer(dataset: ModuleType, layout: Layout, root: Path) -> str:
    """Check that reading gives scenes as documented or one sentence, in bounded memory and time; return which."""
    started, before = time.monotonic(), most_memory()
    tracemalloc.start()
    try:
        answer = answer_of(dataset, layout, root)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    # Python's tracer does not see what laz-rs allocates.
    assert most_memory() - before < MOST_MEMORY
    assert time.monotonic() - started < MOST_SECONDS
    return answer


def most_memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def answer_of(dataset: ModuleType, layout: Layout, root: Path) -> str:
    """Return `scenes`, or why there are none."""
    classes = len(layout.keys.get("classes", dataset.CLASSES))
    try:
        for reading in read(dataset, layout, root):
            check_reading(reading, classes)
            check_contract(reading, dataset)
    except UserError as error:
        check_sentence(str(error), root)
        return str(error)
    except OSError as error:
        if error.errno not in FILE_SYSTEM_ERRORS:
            raise
        return FILE_SYSTEM_ERRORS[error.errno]
    return "scenes"


def check_sentence(sentence: str, root: Path) -> None:
    assert sentence.startswith(f"{root}")
    assert ": " in sentence
    assert sentence.isprintable()
    assert len(sentence) < LONGEST_SENTENCE


def check_reading(reading: Reading, classes: int) -> None:
    """Check a scene's arrays against what `Scene` and `Reading` say of them."""
    scene = reading.scene
    points = len(scene)
    assert points > 0
    assert (scene.coord.shape, scene.coord.dtype) == ((points, 3), np.float32)
    assert np.isfinite(scene.coord).all()
    assert (scene.label.shape, scene.label.dtype) == ((points,), np.uint8)
    assert ((scene.label < classes) | (scene.label == VOID)).all()
    assert (scene.instance.shape, scene.instance.dtype) == ((points,), np.int32)
    assert (scene.instance >= -1).all()
    if scene.color is not None:
        assert (scene.color.shape, scene.color.dtype) == ((points, 3), np.uint8)
    if scene.intensity is not None:
        assert (scene.intensity.shape, scene.intensity.dtype) == ((points,), np.float32)
        assert ((scene.intensity >= 0) & (scene.intensity <= 1)).all()
    assert len(reading.shift) == 3
    assert np.isfinite(reading.shift).all()
    assert sum(reading.void_ids.values()) == (scene.label == VOID).sum()


def check_contract(reading: Reading, dataset: ModuleType) -> None:
    """Check a scene against what its layout declares: raw ids and their classes, and where the sensor is."""
    scene = reading.scene
    assert scene.origin_is_sensor == dataset.ORIGIN_IS_SENSOR
    assert (scene.raw is not None) == bool(dataset.CLASS_OF_RAW_ID)
    if scene.raw is not None:
        assert (scene.raw.shape, scene.raw.dtype) == (scene.label.shape, np.uint16)
        index_of = class_of_raw_id(dataset.CLASS_OF_RAW_ID, dataset.CLASSES)
        assert scene.label.tolist() == [index_of[raw_id] for raw_id in scene.raw.tolist()]
    if scene.is_point is not None:
        assert scene.is_point.dtype == bool
        assert scene.is_point.sum() == len(scene) < len(scene.is_point)
