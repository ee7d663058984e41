"""The memory cell of the prototype that PDF grew out of: a gated step from an initial state, on each level."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from openworld3d.networks.layers.upsample import interpolate, normalised_linear

MEAN, DEVIATION = 1.0, 0.1  # of the random state; the learned one starts at the mean


class RandomState(nn.Module):
    """h0 of N(1, 0.1^2), each value drawn anew in each forward pass, in training and at inference."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, feature: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return a state like feature (n, C), drawn from the generator, or from torch's global state if None."""
        drawn = torch.randn(feature.shape, generator=generator, device=feature.device)
        return (MEAN + DEVIATION * drawn).to(feature.dtype)


class ZeroState(nn.Module):
    """h0 = 0."""

    def __init__(self, channels: int) -> None:
        super().__init__()

    def forward(self, feature: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return a state like feature (n, C)."""
        return torch.zeros_like(feature)


class LearnedState(nn.Module):
    """h0 of C parameters that start at 1, the same for all points."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.full((channels,), MEAN))

    def forward(self, feature: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return a state like feature (n, C)."""
        return self.value.expand_as(feature)  # (C,) -> (n, C)


INITIAL_STATES: dict[str, type[nn.Module]] = {"random": RandomState, "zero": ZeroState, "learned": LearnedState}


class MemoryCell(nn.Module):
    """One level of the memory decoder, fed by the semantic decoder's x and the coarser level's a':

        x^ = W_p LN(x),  [r, u] = sigmoid(W_g [x^, h0]),  c = tanh(W_c [x^, r * h0]),  h = u * h0 + (1 - u) * c,
        a = W_1 LN(h) + interpolation of W_2 LN(a'), the second term absent at the coarsest cell.

    Known as a gated recurrent unit (Cho et al., EMNLP 2014), of which it takes a single step: h0 is no memory, as
    nothing of h is carried over.
    """

    def __init__(self, in_channels: int, out_channels: int, coarsest: bool, initial_state: str) -> None:
        super().__init__()
        self.initial_state = INITIAL_STATES[initial_state](in_channels)
        self.project = normalised_linear(in_channels, in_channels)
        self.gates = nn.Linear(2 * in_channels, 2 * in_channels)
        self.candidate = nn.Linear(2 * in_channels, in_channels)
        self.linear1 = normalised_linear(in_channels, out_channels)
        if not coarsest:
            self.linear2 = normalised_linear(in_channels, out_channels)

    def forward(
        self,
        feature: Tensor,
        coarse: Tensor | None,
        neighbor: Tensor,
        weight: Tensor,
        generator: torch.Generator | None,
    ) -> Tensor:
        """Return a: feature (n, in), coarse (n', in) or None at the coarsest cell -> (n, out)."""
        fused = self.linear1(self.step(feature, generator))
        return fused if coarse is None else fused + interpolate(self.linear2(coarse), neighbor, weight)

    def step(self, feature: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return h: (n, in) -> (n, in)."""
        state = self.initial_state(feature, generator)
        projected = self.project(feature)
        reset, update = torch.sigmoid(self.gates(torch.cat([projected, state], 1))).chunk(2, 1)  # (n, in) each
        candidate = torch.tanh(self.candidate(torch.cat([projected, reset * state], 1)))
        return update * state + (1 - update) * candidate
