"""Time and memory of the metrics of a ranking: the library beside three calls of scikit-learn, on the CPU.

    python benchmarks/ranking.py [--points 1000000 20000000] [--unknown 0.02 0.25] [--rounds 3] [--threads 2]

The score is the float32 sigmoid of two overlapping Gaussians. Each measurement is one call after a small one to warm
up, in a process of its own, and the ways take turns; "extra" is what the call adds to the process's peak memory.
scikit-learn computes AUROC, average precision and the ROC curve that FPR95 is read from; the library, all five
metrics. With --large, 100 million points too, for the library alone. Prints a Markdown table of medians.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
from sklearn import metrics

from benchmarks.own_process import in_own_process, medians, peak
from openworld3d.metrics.ranking import ranking

LARGE = 100_000_000
CHUNK = 100_000
HEADER = (
    "| points | unknown | way | seconds | extra MB | peak MB | times as fast | extra |\n"
    "|---:|---:|---|---:|---:|---:|---:|---:|"
)


def three_calls(score: np.ndarray, unknown: np.ndarray) -> None:
    """Compute with scikit-learn what papers print."""
    metrics.roc_auc_score(unknown, score)
    metrics.average_precision_score(unknown, score)
    metrics.roc_curve(unknown, score)


WAYS: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {"scikit-learn": three_calls, "library": ranking}


def data(points: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return score (N,) float32 and unknown (N,) bool, made in chunks, so that making them leaves no peak."""
    generator = np.random.default_rng(0)
    score, unknown = np.empty(points, np.float32), np.empty(points, bool)
    for start in range(0, points, CHUNK):
        part = slice(start, start + CHUNK)
        unknown[part] = generator.random(len(unknown[part]), np.float32) < share
        logit = generator.standard_normal(len(unknown[part]), np.float32) + np.float32(1.1) * unknown[part]
        score[part] = 1 / (1 + np.exp(-logit))
    return score, unknown


def measure(way: str, points: int, share: float) -> dict[str, float]:
    """Return the seconds of one call, and the peak memory in GB, of all and of what the call added."""
    WAYS[way](*data(1000, share))
    score, unknown = data(points, share)
    before = peak()
    began = time.perf_counter()
    WAYS[way](score, unknown)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "extra": peak() - before, "peak": peak()}


def compare(ways: list[str], points: int, share: float, rounds: int, threads: int) -> list[str]:
    """Let the ways take turns, and return a row for each."""

    def measured(way: str) -> dict[str, float]:
        options = "--one", way, "--points", points, "--unknown", share
        return in_own_process(__file__, *options, OMP_NUM_THREADS=str(threads))

    middle = medians(ways, rounds, measured)
    first = middle[ways[0]]
    return [
        f"| {points:,} | {share:.0%} | {way} | {row['seconds']:.3f} | {1000 * row['extra']:,.0f} | "
        f"{1000 * row['peak']:,.0f} | "
        + (
            "| |"
            if row is first
            else f"{first['seconds'] / row['seconds']:.0f} | {row['extra'] / first['extra']:.0%} |"
        )
        for way, row in middle.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[1_000_000, 20_000_000])
    parser.add_argument("--unknown", type=float, nargs="+", default=[0.02, 0.25])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--large", action="store_true", help="100 million points too, for the library alone")
    parser.add_argument("--one", choices=WAYS, help="measure one way here, and print JSON")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.points[0], args.unknown[0])))
        return
    print(HEADER, flush=True)
    sizes = [(points, list(WAYS)) for points in args.points] + [(LARGE, ["library"])] * args.large
    for points, ways in sizes:
        for share in args.unknown:
            print("\n".join(compare(ways, points, share, args.rounds, args.threads)), flush=True)


if __name__ == "__main__":
    main()
