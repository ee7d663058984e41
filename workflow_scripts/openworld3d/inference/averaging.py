"""Means of a network's outputs over the visits of each point, accumulated in place."""

from __future__ import annotations

import numpy as np


class Means:
    """Outputs of `rows` points: logits so that probabilities are averaged, anything else plainly; float32.

    Logits become log(mean_v softmax(z_v)) + mean_v logsumexp(z_v) over visits v: their softmax is the mean
    probability, their logsumexp the mean of the visits', which energy negates, and of one visit they are the logits.
    Probabilities are summed as logarithms, so that none is lost, whatever the scale.
    """

    def __init__(self, rows: int) -> None:
        self.visits = np.zeros(rows, np.int32)
        self.total: dict[str, np.ndarray] = {}
        self.log_probability: np.ndarray | None = None
        self.log_sum = np.zeros((rows, 1), np.float32)

    def add(self, row: np.ndarray, outputs: dict[str, np.ndarray]) -> None:
        """Count one visit of each row: row (M,) without repetition, outputs (M, C) float32 each."""
        self.visits[row] += 1
        for name, value in outputs.items():
            if name == "logits":
                self.add_logits(row, value)
                continue
            if name not in self.total:
                self.total[name] = np.zeros((len(self.visits), *value.shape[1:]), np.float32)
            self.total[name][row] += value

    def add_logits(self, row: np.ndarray, logits: np.ndarray) -> None:
        """Add the probabilities and the logsumexp of logits (M, K)."""
        if self.log_probability is None:
            self.log_probability = np.full((len(self.visits), logits.shape[1]), -np.inf, np.float32)
        largest = logits.max(axis=1, keepdims=True)
        log_sum = largest + np.log(np.exp(logits - largest).sum(axis=1, keepdims=True))  # (M, 1)
        self.log_probability[row] = np.logaddexp(self.log_probability[row], logits - log_sum)
        self.log_sum[row] += log_sum

    def result(self) -> dict[str, np.ndarray]:
        """Return the mean of each output, (rows, C) float32, of rows that were visited at least once."""
        visits = self.visits[:, None].astype(np.float32)
        means = {name: value / visits for name, value in self.total.items()}
        if self.log_probability is not None:
            means["logits"] = self.log_probability - np.log(visits) + self.log_sum / visits
        return means
