"""What the stochastic passes of one network say together: sums that grow with the points, not with the passes."""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Passes:
    """Running sums over passes t = 1..T with logits z_t (N, K) and probabilities p_t = softmax(z_t), in float64.

    Mutual information and variance of points that the network is sure of are differences far below float32.
    """

    def __init__(self) -> None:
        zero = torch.zeros((), dtype=torch.float64)
        self.count = 0
        self.log_probability = zero - math.inf
        self.log_sum = self.entropy = self.mean = self.squares = zero

    def add(self, logits: Tensor) -> None:
        """Count one pass: (N, K)."""
        logits = logits.double()
        log_probability = torch.log_softmax(logits, 1)
        probability = log_probability.exp()
        self.count += 1
        self.log_probability = torch.logaddexp(self.log_probability, log_probability)
        self.log_sum = self.log_sum + (logits - log_probability)[:, :1]  # in each column the same
        self.entropy = self.entropy + entropy(probability, log_probability)
        # Welford's sums (Technometrics 1962): a small variance is not the difference of two large numbers.
        step = probability - self.mean
        self.mean = self.mean + step / self.count
        self.squares = self.squares + (step * (probability - self.mean)).sum(1, keepdim=True)  # (N, K) -> (N, 1)

    def outputs(self) -> dict[str, Tensor]:
        """Return what two passes or more say, float32, entropies in nats.

        logits (N, K): log(mean_t p_t) + mean_t logsumexp(z_t), whose softmax is the mean probability, so that the
        score `entropy` on them is the predictive entropy; one pass's logits where all are equal.
        mutual_information (N, 1), 0 or more: H(mean_t p_t) - mean_t H(p_t) (Houlsby et al., arXiv 1112.5745; Gal et
        al., ICML 2017).
        class_variance (N, 1), 0 or more: mean over classes of sum_t (p_t - mean_t p_t)^2 / (T - 1), which REAL's code
        (Cen et al., ECCV 2022) takes of its passes.
        """
        log_mean = self.log_probability - math.log(self.count)
        disagreement = entropy(log_mean.exp(), log_mean) - self.entropy / self.count
        variance = self.squares / (self.count - 1) / log_mean.shape[1]
        return {
            "logits": (log_mean + self.log_sum / self.count).float(),
            "mutual_information": disagreement.clamp(min=0).float(),
            "class_variance": variance.float(),
        }


def entropy(probability: Tensor, log_probability: Tensor) -> Tensor:
    """Return -sum_k p_k log p_k: (N, K) -> (N, 1)."""
    return -(probability * log_probability).sum(1, keepdim=True)
