"""A backbone with what its recipe adds to it."""

from __future__ import annotations

from typing import Any, Callable

from openworld3d.networks.backbone import Backbone
from openworld3d.plugins import load


def build_network(
    backbone: dict[str, Any],
    in_channels: int,
    classes: int,
    adapt: Callable[[Backbone], None],
    untaught: int = 0,
) -> Backbone:
    """Return an untrained network with so many logits of the backbone's own, adapted by the recipe that trains it.

    untaught: how many of its columns follow those of the classes, see `untaught_names`.
    """
    network: Backbone = load("backbones", backbone["network"]).build(backbone, in_channels, classes + untaught)
    network.untaught = untaught
    adapt(network)
    return network
