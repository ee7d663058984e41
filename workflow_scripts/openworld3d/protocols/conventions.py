"""What the papers of a protocol mean by AUPR, AUROC and FPR95."""

from __future__ import annotations

CALLED = ("aupr", "auroc", "fpr95")
PLAIN = {"aupr": "step", "fpr95": "reached"}


def defined(metric: str, ap: str, fpr95: str, pool: str) -> str:
    """Return the metric that papers call by a name, for aupr, auroc and fpr95 another one than we do.

    ap: `step` or `trapezoid`; fpr95: `reached`, `strict` or `nearest`; pool: `points` or `scenes`.
    """
    if metric not in CALLED:
        return metric
    kind = {"aupr": ap, "fpr95": fpr95}.get(metric, "")
    ending = "_scenes" if pool == "scenes" else ""
    return metric + ("" if kind == PLAIN.get(metric, "") else f"_{kind}") + ending
