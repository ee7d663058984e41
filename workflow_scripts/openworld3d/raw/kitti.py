"""Read the scans of a sequence as KITTI stores them: `velodyne/<frame>.bin` and `labels/<frame>.label`.

A .bin holds float32 x, y, z in metres (origin at the sensor) and intensity; a .label one uint32 per point, its lower
16 bits the raw id, its upper 16 bits the instance.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.files import entries, read_whole, require
from openworld3d.raw.labels import Reading, check_length, check_scan, map_labels, number_instances
from openworld3d.scenes.scene import Scene

BYTES_PER_POINT = 16
BYTES_PER_LABEL = 4
# What a sensor counts in 16 bits.
BRIGHTEST = 65535
# Lines of the protocol's page.
CLIPPED = "Intensities above intensity_full, {full:g}, are clipped to it"
UNSEEN = "Raw id {inserted} is an inserted object, as the code of LIDO (7035368) has it; the set itself was not seen"


def scenes_of_sequence(folder: Path, sequence: str) -> list[str]:
    """Return the scenes of a sequence in a folder, `<sequence>_<frame>`, in order of the frames."""
    scans = require(folder / "velodyne", f"split {sequence}")
    files = entries(scans, "*.bin")
    if not files:
        raise UserError(f"{scans}: holds no .bin file, expected one for each scan of sequence {sequence}")
    for file in files:
        if "_" in file.stem:
            raise UserError(f"{file}: has a _ in its name, expected the number of a frame; rename or remove the file")
    return [f"{sequence}_{file.stem}" for file in files]


def sequence_of(name: str) -> str:
    """Return the sequence of a scene."""
    return name.rsplit("_", 1)[0]


def files_of_scan(folder: Path, name: str) -> list[Path]:
    """Return the files of a scene in the folder of its sequence: points, labels."""
    frame = name.rsplit("_", 1)[1]
    return [require(folder / file, f"scene {name}") for file in (f"velodyne/{frame}.bin", f"labels/{frame}.label")]


def read_scan(
    files: list[Path], index_of: dict[int, int], intensity_full: float | None = None, inserted: int | None = None
) -> Reading:
    """Read one scan: coord (N, 3) float32 in metres, intensity (N,) float32 in 0..1, label, raw, instance.

    index_of: the class of each raw id; intensity_full: the intensity from which on a point counts as brightest, None
    where the file has a share of it; inserted: the raw id that LIDO's set of this dataset gives to its objects.
    """
    points_file, label_file = files
    points = read_whole(points_file, np.dtype("<f4"), BYTES_PER_POINT).reshape(-1, 4)
    ids = read_whole(label_file, np.dtype("<u4"), BYTES_PER_LABEL)
    check_length(len(ids), len(points), label_file, points_file)
    check_scan(points, 1 if intensity_full is None else BRIGHTEST, points_file)
    share = points[:, 3] / np.float32(intensity_full or 1)
    raw = (ids & 0xFFFF).astype(np.uint16)
    label, void_ids = map_labels(raw, index_of, label_file)
    scene = Scene(
        coord=np.ascontiguousarray(points[:, :3]),
        intensity=np.minimum(share, np.float32(1)),
        label=label,
        raw=raw,
        instance=number_instances(ids, ids >> 16 > 0),
        origin_is_sensor=True,
    )
    notes = [
        *([CLIPPED.format(full=intensity_full)] if (share > 1).any() else []),
        *([UNSEEN.format(inserted=inserted)] if inserted is not None and (raw == inserted).any() else []),
    ]
    return Reading(scene, void_ids, notes=tuple(notes))
