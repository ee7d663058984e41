"""Scans and scores in the layout of STU's devkit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SEQUENCES = ("125", "137")


def write_scan(root: Path, sequence: str, frame: str, coord: np.ndarray, ids: np.ndarray) -> None:
    """Write a scan: coord (N, 3) in metres, ids (N,): class in the lower, instance in the upper bits."""
    for kind in ("velodyne", "labels"):
        (root / sequence / kind).mkdir(parents=True, exist_ok=True)
    np.column_stack([coord, np.zeros(len(coord))]).astype("<f4").tofile(root / sequence / f"velodyne/{frame}.bin")
    ids.astype("<u4").tofile(root / sequence / f"labels/{frame}.label")


def write_text_scores(root: Path, sequence: str, frame: str, score: np.ndarray) -> None:
    """Write scores (N,) as text, as the devkit reads them."""
    (root / sequence).mkdir(parents=True, exist_ok=True)
    np.savetxt(root / sequence / f"{frame}.txt", score)


def write_small(folder: Path) -> dict[str, np.ndarray]:
    """Write three scans, the last of them without an anomaly; return the scores of the points of each that count."""
    generator = np.random.default_rng(0)
    counted = {}
    for sequence, frame, anomalies in (("125", "000000", 30), ("137", "000004", 12), ("137", "000009", 0)):
        coord = generator.uniform(3, 20, (400, 3))
        ids = np.repeat([2, 1], [anomalies, 400 - anomalies])
        coord[-40:], ids[-40:] = 0, 0  # no return
        coord[-50:-40] = 60  # beyond the range
        score = generator.normal(0, 1, 400) + (ids == 2)
        write_scan(folder / "labels", sequence, frame, coord, ids)
        write_text_scores(folder / "scores", sequence, frame, score)
        counted[f"{sequence}_{frame}"] = score[:350]
    return counted


def as_array(folder: Path) -> None:
    """Replace text by arrays that numpy saved, named after the scans."""
    for file in sorted(folder.glob("*/*.txt")):
        np.save(folder / f"{file.parent.name}_{file.stem}.npy", np.loadtxt(file))
        file.unlink()


def values_of(table: str) -> dict[str, tuple[float, float, float]]:
    """Return each metric and the ends of its interval, of the lower table that `openworld3d evaluate` prints."""
    lines = [line.strip("| ").split(" | ") for line in table.split("| metric |")[1].splitlines()[2:]]
    return {name: (float(value), float(low), float(high)) for name, value, low, high in lines}
