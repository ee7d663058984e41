"""One file per architecture; each is an implementation of `BackboneModule`."""

from __future__ import annotations

from typing import Any, Protocol

from openworld3d.networks.backbone import Backbone

# Whether its last features are multiplied by gates that MC-Dropout can drop: whether it is a `GatedBackbone`.
HAS_GATES: bool = False


class BackboneModule(Protocol):
    """What a file of this folder declares, beside those of the literals above that it needs.

    KEYS: the architecture's own keys in an entry of `backbones`, as JSON schemas. `description` says what is
    expected; `$ref` may name a definition of schemas/config.schema.yaml. Planning reads the literal by its syntax,
    without importing the file.
    """

    KEYS: dict[str, Any]

    def build(self, config: dict[str, Any], in_channels: int, classes: int) -> Backbone:
        """Return an untrained network for points of so many input features, with so many logits.

        `config` is the entry of `backbones`: the file's own keys, and those that every backbone has, of which
        `grid_size` is the size of a voxel in metres. Weights are drawn from torch's global random state. Raises
        UserError where the architecture cannot be built.
        """
