"""Batch normalisation over the batch of all processes, on CPU and GPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from openworld3d.networks import distributed


class BatchNorm(nn.BatchNorm1d):
    """y = (x - mean) / sqrt(variance + eps) * weight + bias, statistics over all points of all processes.

    torch's SyncBatchNorm does the same, but on GPUs only.
    """

    def forward(self, feature: Tensor) -> Tensor:
        """Normalise (N, C) in the precision of the statistics; in training, also update the running statistics.

        A single point has no variance: it is normalised by the running statistics and does not update them.
        """
        feature = feature.to(self.weight.dtype)
        alone = distributed.processes() == 1
        if not self.training or (alone and len(feature) < 2):
            return self.by_running_statistics(feature)
        if alone and feature.is_cuda:
            return super().forward(feature)
        # Nor torch's kernel for the CPU, which adds up rows one by one: of 600,000, it is wrong by a thousandth.
        count = distributed.total(feature.new_tensor(float(len(feature))))
        mean = distributed.total(feature.sum(0)) / count  # (C,)
        centred = feature - mean
        variance = distributed.total((centred * centred).sum(0)) / count  # (C,)
        self.update_running(mean, variance * count / (count - 1))
        return torch.addcmul(self.bias, centred, torch.rsqrt(variance + self.eps) * self.weight)

    def by_running_statistics(self, feature: Tensor) -> Tensor:
        """Normalise (N, C) as in evaluation mode."""
        return F.batch_norm(feature, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)

    @torch.no_grad()
    def update_running(self, mean: Tensor, variance: Tensor) -> None:
        """Update the running statistics by those of a batch: mean (C,) and unbiased variance (C,)."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.momentum is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
