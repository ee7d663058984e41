"""The names of Cylinder3D's layers in released checkpoints, its own and REAL's (github.com/xinge008/Cylinder3D)."""

from __future__ import annotations

from typing import Mapping, Sequence

from torch import Tensor

# Of a block's layers: the released names, and those here of the block that runs across first, and of one along first.
BLOCK = (("conv1", "bn0"), ("conv1_2", "bn0_2"), ("conv2", "bn1"), ("conv3", "bn2"))
ACROSS_FIRST = ("across_first.0", "across_first.1", "along_first.0", "along_first.1")
ALONG_FIRST = ("along_first.0", "along_first.1", "across_first.0", "across_first.1")
UP = {"trans_dilao": "before.conv", "trans_bn": "before.norm", "up_subm": "up"}
LEVELS = 4
CONTEXT, DROPPED_CONTEXT = "ReconNet", "ReconNet_dropout"
POINTS, VOXELS = "cylinder_3d_generator.", "cylinder_3d_spconv_seg."


def layer_names(drops_gates: bool) -> dict[str, str]:
    """Return the name here of each released layer.

    REAL's networks have the context block twice, and train one of them: the second where its gates are dropped.
    """
    names = {f"{POINTS}PPmodel": "points", f"{POINTS}fea_compression": "compress"}
    names.update(block_names("downCntx", "voxels.first", ACROSS_FIRST))
    for level in range(LEVELS):
        names.update(block_names(f"resBlock{level + 2}", f"voxels.downs.{level}.block", ALONG_FIRST))
        names[f"{VOXELS}resBlock{level + 2}.pool"] = f"voxels.downs.{level}.pool"
        up = f"{VOXELS}upBlock{level}"
        names.update({f"{up}.{released}": f"voxels.ups.{level}.{ours}" for released, ours in UP.items()})
        for place in range(3):
            names[f"{up}.conv{place + 1}"] = f"voxels.ups.{level}.after.{place}.conv"
            names[f"{up}.bn{place + 1}"] = f"voxels.ups.{level}.after.{place}.norm"
    context = f"{VOXELS}{DROPPED_CONTEXT if drops_gates else CONTEXT}"
    for axis, (conv, norm) in enumerate((("conv1", "bn0"), ("conv1_2", "bn0_2"), ("conv1_3", "bn0_3"))):
        names[f"{context}.{conv}"] = f"voxels.context.convs.{axis}"
        names[f"{context}.{norm}"] = f"voxels.context.norms.{axis}"
    return names


def block_names(released: str, ours: str, order: Sequence[str]) -> dict[str, str]:
    """Return the name here of each released layer of an asymmetric block, whose layers are in this order here."""
    names = {}
    for (conv, norm), place in zip(BLOCK, order):
        names[f"{VOXELS}{released}.{conv}"] = f"{ours}.{place}.conv"
        names[f"{VOXELS}{released}.{norm}"] = f"{ours}.{place}.norm"
    return names


def renamed(state: Mapping[str, Tensor], drops_gates: bool) -> dict[str, Tensor]:
    """Return a released state by the names here, without the context block that was not trained.

    A name that no released network has stays as it is.
    """
    layers = layer_names(drops_gates)
    heads = {"logits": "classifier.0", "logits2": "redundancy.0"}
    names = {f"{VOXELS}{head}.bias": f"{ours}.bias" for head, ours in heads.items()}
    names.update({f"{VOXELS}{head}.weight": f"{ours}.conv.weight" for head, ours in heads.items()})
    twin = f"{VOXELS}{CONTEXT if drops_gates else DROPPED_CONTEXT}."
    found = {}
    for name, value in state.items():
        layer, _, rest = name.rpartition(".")
        # Of the point network's layers, the name ends in a number.
        stem, _, number = layer.rpartition(".")
        if name in names:
            found[names[name]] = value
        elif layer in layers:
            found[f"{layers[layer]}.{rest}"] = value
        elif stem in layers and number.isdigit():
            found[f"{layers[stem]}.{number}.{rest}"] = value
        elif not name.startswith(twin):
            found[name] = value
    return found
