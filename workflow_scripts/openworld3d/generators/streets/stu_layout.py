"""Turn a scan into one of STU's: a row for each ray, zeros where it has no return, and STU's raw ids."""

from __future__ import annotations

import numpy as np

from openworld3d.generators.streets.kinds import ANOMALY_ID, OUTLIER, UNLABELED
from openworld3d.generators.streets.sensor import GRID, Scan

VOID, INLIER = 0, 1
# Generated streets without anomalies are 0 to 99: no street, of whatever seed, is in both.
FIRST_SEQUENCE = 100
ROWS = len(GRID.elevations) * GRID.columns


def as_stu(scan: Scan) -> Scan:
    """Return a scan with a row for each ray, in their order, and labels as STU has them.

    Instances are those of anomalies alone.
    """
    raw_id = scan.labels & 0xFFFF
    known = np.where(np.isin(raw_id, (UNLABELED, OUTLIER)), VOID, INLIER)
    label = np.where(raw_id == ANOMALY_ID, scan.labels, known)
    points, labels = np.zeros((ROWS, 4), np.float32), np.full(ROWS, VOID, np.uint32)
    points[scan.ray], labels[scan.ray] = scan.points, label
    return Scan(points, labels, np.arange(ROWS))
