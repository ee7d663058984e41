"""Losses over the labelled rows of a batch, shared by processes: cross-entropy, and Lovász-softmax."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.protocols.protocol import IGNORED


def mean_cross_entropy(logits: Tensor, target: Tensor, class_weight: Tensor) -> Tensor:
    """Return the weighted mean cross-entropy over labelled points, 0 where a batch has none.

    logits (N, C), of which class_weight (K,) float32 weighs the first K columns, K <= C; the rest are of no class.
    target (N,) int64, 255 where the point has no label.
    """
    untaught = class_weight.new_ones(logits.shape[1] - len(class_weight))
    total = F.cross_entropy(
        logits, target, torch.cat([class_weight, untaught]), ignore_index=IGNORED, reduction="sum"
    )
    weight = class_weight[target[target != IGNORED]].sum()
    return distributed.mean(total, weight)


def lovasz_softmax(logits: Tensor, target: Tensor) -> Tensor:
    """Return the Lovász extension of the Jaccard loss, averaged over the classes that the batch has; 0 without any.

    logits (N, C), target (N,) int64, 255 where the point has no label. For a class, the errors are |[y = c] - p_c|
    with p = softmax(z), and the loss is their sum, the n-th largest weighted by how much the class's Jaccard index
    falls with it. The weights are those of the errors of all processes, whose share of the loss this process returns.
    Source: Berman, Triki and Blaschko, The Lovász-Softmax loss, CVPR 2018, arXiv 1705.08790; over the whole batch, as
    Cylinder3D trains.
    """
    labelled = target != IGNORED
    probability, target = torch.softmax(logits[labelled].float(), 1), target[labelled]
    of_all, mine = distributed.gather_rows(probability)
    targets, _ = distributed.gather_rows(target)
    losses = [
        torch.dot((of_class[mine] - probability[:, label]).abs(), jaccard_steps(of_all[:, label], of_class)[mine])
        for label, of_class in ((int(label), (targets == label).float()) for label in torch.unique(targets))
    ]
    total = torch.stack(losses).mean() if losses else probability.sum()
    return total * distributed.processes()


def jaccard_steps(probability: Tensor, of_class: Tensor) -> Tensor:
    """Return how much the Jaccard loss of a class grows with each point's error, in the order of falling errors.

    probability (M,) of the class, of_class (M,), 1 where the point is of it and 0 elsewhere; returns (M,).
    """
    order = (of_class - probability).abs().argsort(descending=True)
    hit = of_class[order]
    missed = hit.sum() - hit.cumsum(0)
    loss = 1 - missed / (hit.sum() + (1 - hit).cumsum(0))
    steps = torch.empty_like(loss)
    steps[order] = torch.cat([loss[:1], loss[1:] - loss[:-1]])
    return steps
