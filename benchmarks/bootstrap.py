"""Time of a method's bootstrap intervals from its statistics, without touching a point.

    python benchmarks/bootstrap.py [--scenes 100 300 1000] [--points 20000] [--replicates 1000]

Scenes with points of 20 classes drawn at random, one of them unknown, in bins of 16 bits; every metric of every draw.
Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np

from openworld3d.metrics.bootstrap import replicate
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.statistics import Points, Statistics, merge, of_scene
from openworld3d.metrics.table import measured

CLASSES = [f"class {number}" for number in range(20)]
UNKNOWN = 5
HEADER = """| scenes | points | rows of statistics | merging s | all metrics s | {replicates} draws s |
|---:|---:|---:|---:|---:|---:|"""


def scene(number: int, points: int) -> Statistics:
    """Return the statistics of a scene of random points, the unknown ones with higher scores."""
    generator = np.random.default_rng(number)
    label = generator.integers(0, len(CLASSES), points).astype(np.uint8)
    guess = generator.integers(0, len(CLASSES) - 1, points)
    prediction = np.where((generator.random(points) < 0.6) & (label != UNKNOWN), label, guess + (guess >= UNKNOWN))
    score = (generator.normal(size=points) + 1.2 * (label == UNKNOWN)).astype(np.float32)
    known = [index for index in range(len(CLASSES)) if index != UNKNOWN]
    said = Points(label, prediction.astype(np.uint8), score, -score)
    return of_scene(f"{number:05d}", CLASSES, known, said, 16, 1.5)


def measure(scenes: int, points: int, replicates: int) -> str:
    """Return a row of the table."""
    parts = [scene(number, points) for number in range(scenes)]
    seconds = [time.perf_counter()]
    statistics = merge(parts)
    seconds.append(time.perf_counter())
    evaluation = Evaluation(statistics, [CLASSES[UNKNOWN]])
    measured(evaluation.of_all())
    seconds.append(time.perf_counter())
    replicate(lambda draws: measured(evaluation.of_draws(draws)), scenes, replicates)
    seconds.append(time.perf_counter())
    merging, all_metrics, draws = np.diff(seconds)
    rows = len(statistics.score.points)
    return f"| {scenes:,} | {scenes * points:,} | {rows:,} | {merging:.2f} | {all_metrics:.2f} | {draws:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, nargs="+", default=[100, 300, 1000])
    parser.add_argument("--points", type=int, default=20000, help="of each scene")
    parser.add_argument("--replicates", type=int, default=1000)
    arguments = parser.parse_args()
    print(HEADER.format(replicates=f"{arguments.replicates:,}"))
    for scenes in arguments.scenes:
        print(measure(scenes, arguments.points, arguments.replicates), flush=True)


if __name__ == "__main__":
    main()
