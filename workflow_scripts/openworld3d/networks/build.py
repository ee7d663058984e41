"""A backbone with what its recipe adds to it."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Mapping

from openworld3d.networks.backbone import Backbone
from openworld3d.plugins import load


def build_network(
    backbone: dict[str, Any], in_channels: int, columns: int, recipe_module: ModuleType, recipe: Mapping[str, Any]
) -> Backbone:
    """Return an untrained network with so many logits, adapted where the recipe that trains it does.

    Classes that a recipe teaches one step after another have logits of its own making, not the backbone's.
    """
    of_backbone = columns - len(recipe.get("taught", ()))
    network = load("backbones", backbone["network"]).build(backbone, in_channels, of_backbone)
    if hasattr(recipe_module, "adapt"):
        recipe_module.adapt(network, recipe)
    return network
