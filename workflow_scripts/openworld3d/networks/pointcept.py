"""Checkpoints of Pointcept, and of PDF's released code, which is built on it: their names and input channels."""

from __future__ import annotations

import re
from typing import Mapping

import torch
from torch import Tensor

BACKBONE = "backbone."
# Of PDF's recogniser, our second decoder: its coarsest level is `upsamples.0` on Stratified Transformer and `dec5` on
# Point Transformer. It has no prefix where it was saved without the module around it.
RECOGNIZER = re.compile(r"(?:recognizer\.)?(?:(upsamples\.|confidence\.)|dec([1-5])\.)")
SECOND_DECODER = {"upsamples.": "second_decoder.upsamples.", "confidence.": "second_decoder.head."}
LEVELS = 5
COORDINATES = 3


def from_pointcept(state: Mapping[str, Tensor], first_layer: str) -> dict[str, Tensor]:
    """Return a checkpoint of Pointcept by our names, and any other as it is.

    first_layer: the weight that takes the points' features, coordinates before colours in Pointcept, after them here.
    """
    if not any(name.startswith(BACKBONE) for name in state):
        return dict(state)
    ours = {our_name(name): value for name, value in state.items()}
    if first_layer in ours and ours[first_layer].dim() > 1:
        ours[first_layer] = coordinates_last(ours[first_layer])
    return ours


def our_name(name: str) -> str:
    """Return the name of a parameter in our networks, one that is of neither part as it is."""
    if name.startswith(BACKBONE):
        return name[len(BACKBONE) :]
    found = RECOGNIZER.match(name)
    if not found:
        return name
    part, level = found.groups()
    return (SECOND_DECODER[part] if part else f"second_decoder.upsamples.{LEVELS - int(level)}.") + name[
        found.end() :
    ]


def coordinates_last(weight: Tensor) -> Tensor:
    """Move the input channels of the coordinates from the first to the last: (a, C, ...) -> (a, C, ...)."""
    return torch.cat([weight[:, COORDINATES:], weight[:, :COORDINATES]], 1)
