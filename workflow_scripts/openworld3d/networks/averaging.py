"""Averages of a network's outputs: over the visits of each point, and over the passes of a stochastic network."""

from __future__ import annotations

import math
from typing import Any, Callable, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

Array = TypeVar("Array", np.ndarray, Tensor)


class MeanLogits(Generic[Array]):
    """Average the probabilities of several logits z_t as log(mean_t softmax(z_t)) + mean_t logsumexp(z_t), in place.

    The softmax of these logits is the mean probability, and their logsumexp, which the score `energy` negates, is the
    mean of the summands'. Equal logits average to themselves. Probabilities are summed as logarithms, so that none
    underflows, whatever the scale.
    """

    def __init__(self, zeros: Array, zero_sums: Array, logaddexp: Callable[[Array, Array], Array]) -> None:
        """Start from zeros of the logits' shape (N, K) and of their sums' (N, 1), and their library's `logaddexp`."""
        self.log_probability: Array = zeros - math.inf
        self.log_sum: Array = zero_sums
        self.logaddexp: Callable[[Array, Array], Array] = logaddexp

    def add(self, row: Any, log_probability: Array, log_sum: Array) -> None:
        """Add logits to some rows: log softmax(z) (M, K) and logsumexp(z) (M, 1)."""
        self.log_probability[row] = self.logaddexp(self.log_probability[row], log_probability)
        self.log_sum[row] += log_sum

    def log_mean(self, log_count: Any) -> Array:
        """Return log(mean_t softmax(z_t)), (N, K), given the logarithm of how many logits were added to each row."""
        return self.log_probability - log_count

    def result(self, count: Any, log_count: Any) -> Array:
        """Return the averaged logits (N, K), given how many were added to each row and the logarithm of that."""
        return self.log_mean(log_count) + self.log_sum / count


class Means:
    """Average the outputs of `rows` points over their visits: logits by `MeanLogits`, others plainly; float32."""

    def __init__(self, rows: int) -> None:
        self.visits = np.zeros(rows, np.int32)
        self.total: dict[str, np.ndarray] = {}
        self.logits: MeanLogits[np.ndarray] | None = None

    def add(self, row: np.ndarray, outputs: dict[str, np.ndarray]) -> None:
        """Add one visit of each row: row (M,) without repetition, outputs (M, C) float32 each."""
        self.visits[row] += 1
        for name, value in outputs.items():
            if name == "logits":
                self.add_logits(row, value)
                continue
            if name not in self.total:
                self.total[name] = np.zeros((len(self.visits), *value.shape[1:]), np.float32)
            self.total[name][row] += value

    def add_logits(self, row: np.ndarray, logits: np.ndarray) -> None:
        """Add the logits (M, K) of one visit."""
        if self.logits is None:
            shape = (len(self.visits), logits.shape[1])
            self.logits = MeanLogits(np.zeros(shape, np.float32), np.zeros((shape[0], 1), np.float32), np.logaddexp)
        largest = logits.max(axis=1, keepdims=True)
        log_sum = largest + np.log(np.exp(logits - largest).sum(axis=1, keepdims=True))  # (M, 1)
        self.logits.add(row, logits - log_sum, log_sum)

    def result(self) -> dict[str, np.ndarray]:
        """Return the mean of each output, (rows, C) float32, of rows that were visited at least once."""
        visits = self.visits[:, None].astype(np.float32)
        means = {name: value / visits for name, value in self.total.items()}
        if self.logits is not None:
            means["logits"] = self.logits.result(visits, np.log(visits))
        return means


class Passes:
    """Running sums over passes t = 1..T with logits z_t (N, K) and probabilities p_t = softmax(z_t), in float64.

    Their size grows with the points, not with the passes. Mutual information and variance of points that the network
    is sure of are differences far below float32's resolution.
    """

    def __init__(self) -> None:
        zero = torch.zeros((), dtype=torch.float64)
        self.count = 0
        self.logits: MeanLogits[Tensor] | None = None
        self.entropy = self.mean = self.squares = zero

    def add(self, logits: Tensor) -> None:
        """Add the logits of one pass, (N, K)."""
        logits = logits.double()
        log_probability = torch.log_softmax(logits, 1)
        probability = log_probability.exp()
        if self.logits is None:
            self.logits = MeanLogits(torch.zeros_like(logits), torch.zeros_like(logits[:, :1]), torch.logaddexp)
        self.count += 1
        self.logits.add(..., log_probability, (logits - log_probability)[:, :1])  # equal in each column
        self.entropy = self.entropy + entropy(probability, log_probability)
        # Welford's sums (Technometrics 1962): a small variance is not the difference of two large numbers.
        step = probability - self.mean
        self.mean = self.mean + step / self.count
        self.squares = self.squares + (step * (probability - self.mean)).sum(1, keepdim=True)  # (N, K) -> (N, 1)

    def outputs(self) -> dict[str, Tensor]:
        """Return the outputs of two or more passes, float32, entropies in nats.

        logits (N, K): `MeanLogits`, so that the score `entropy` on them is the predictive entropy.
        mutual_information (N, 1), 0 or more: H(mean_t p_t) - mean_t H(p_t) (Houlsby et al., arXiv 1112.5745; Gal et
        al., ICML 2017).
        class_variance (N, 1), 0 or more: mean over classes of sum_t (p_t - mean_t p_t)^2 / (T - 1), which REAL's code
        (Cen et al., ECCV 2022) takes of its passes.
        """
        assert self.logits is not None
        log_count = math.log(self.count)
        log_mean = self.logits.log_mean(log_count)
        disagreement = entropy(log_mean.exp(), log_mean) - self.entropy / self.count
        variance = self.squares / (self.count - 1) / log_mean.shape[1]
        return {
            "logits": self.logits.result(self.count, log_count).float(),
            "mutual_information": disagreement.clamp(min=0).float(),
            "class_variance": variance.float(),
        }


def entropy(probability: Tensor, log_probability: Tensor) -> Tensor:
    """Return -sum_k p_k log p_k: (N, K) -> (N, 1)."""
    return -(probability * log_probability).sum(1, keepdim=True)
