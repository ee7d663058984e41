"""Networks with known answers, in float32 and under autocast, and losses on the GPU beside those on the CPU.

The answers are those of reference implementations, in $GOLDEN_DIR or shared/golden; without them, the one in
tests/networks.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.gpu.paths import choose, paths_of
from benchmarks.gpu.rows import Row, Setting
from openworld3d.backbones import point_transformer, stratified_transformer
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import make_recipe, recipe_module
from openworld3d.training.optimizer import autocast

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (os.environ.get("GOLDEN_DIR", ""), ROOT / "shared/golden", ROOT / "../shared/golden")
COPY = ROOT / "tests/networks/s3dis_style.npz"
PRECISIONS = ("float32", "bfloat16", "float16")
# The README.md beside the answers says how near a re-implementation comes in float32: logits, loss, gradient norms.
NEAR = {"float32": (2e-4, 1e-5, 1e-3)}
# Under autocast, which no reference has, at least such a share of points must keep its class.
SAME_CLASS = 0.95


def run(setting: Setting) -> Iterator[Row]:
    """Compare each network in each precision, then each loss."""
    paths = ["plain"] if setting.dry else paths_of(setting)  # the interpreter takes hours for a network
    for kind, file in networks():
        for path in paths if kind == "network" else [""]:
            choose(path)
            for precision in PRECISIONS:
                yield {**of_network(setting, kind, file, precision), "attention": path}
    for name, loss in losses().items():
        yield of_loss(setting, name, loss)


def networks() -> Iterator[tuple[str, Path]]:
    """Yield the kind and file of each network with known answers."""
    folder = next((Path(folder) for folder in FOLDERS if folder and (Path(folder) / "network").is_dir()), None)
    if folder is None:
        yield "network", COPY
        return
    for kind in ("network", "point_transformer"):
        for file in sorted((folder / kind).glob("*.npz")):
            yield kind, file


def network_of(kind: str, golden: dict[str, np.ndarray]) -> tuple[Backbone, Tensor]:
    """Return a network with the file's weights, in evaluation mode, and the features of the points."""
    config = json.loads(str(golden["config"]))
    places = [golden["coord"], golden["color"]]
    network: Backbone
    if kind == "network":
        network = stratified_transformer.build({"initialisation": "reference", **config}, 6, config["classes"])
        places.reverse()
    else:
        network = point_transformer.build(config, config["in_channels"], config["classes"])
    state = {name[6:]: torch.from_numpy(value) for name, value in golden.items() if name.startswith("state/")}
    network.load_state_dict(state, strict=True)
    return network.eval(), torch.from_numpy(np.concatenate(places, 1))


def of_network(setting: Setting, kind: str, file: Path, precision: str) -> Row:
    """Compare a network's logits, loss and gradients with its known answers."""
    with np.load(file) as arrays:
        golden = dict(arrays)
    network, feature = network_of(kind, golden)
    network.to(setting.device)
    geometry = network.geometry(golden["coord"], golden["offset"].astype(np.int64)).to(setting.device)
    target = torch.from_numpy(golden["label"].astype(np.int64)).to(setting.device)
    with autocast(setting.device, precision):
        logits = network(feature.to(setting.device), geometry)
        loss = F.cross_entropy(logits.float(), target, ignore_index=IGNORED)
    loss.backward()
    found = logits.detach().float().cpu().numpy()
    expected = json.loads(str(golden["grad_norm"]))
    gradients = {name: value.grad for name, value in network.named_parameters() if value.grad is not None}
    norms = {name: float(gradients[name].norm()) for name in expected}
    off = {
        "logits": float(np.abs(found - golden["logits"]).max()),
        "loss": abs(loss.item() - float(golden["loss"])),
        "gradients": max(abs(norms[name] - norm) / max(norm, 1e-12) for name, norm in expected.items()),
    }
    same = float((found.argmax(1) == golden["logits"].argmax(1)).mean())
    agrees = all(map(np.less, off.values(), NEAR[precision])) if precision in NEAR else same > SAME_CLASS
    return {
        "network": f"{kind}/{file.stem}",
        "precision": precision,
        **off,
        "same class": same,
        "agrees": bool(agrees),
    }


class Given(Backbone):
    """A network whose first features are the logits of known classes, and whose last are those of the unknown."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.classifier = torch.nn.Sequential(Columns(slice(0, classes)))
        self.redundancy = torch.nn.Sequential(Columns(slice(classes, None)))
        self.second_decoder = Columns(slice(classes, classes + 1))

    def geometry(self, coord: np.ndarray, offset: np.ndarray) -> None:
        return None

    def decode(self, feature: Tensor, geometry: Any) -> Tensor:
        return feature

    def pyramid(self, feature: Tensor, geometry: Any) -> list[Tensor]:
        """Return the features for both decoders."""
        return [feature]


class Columns(torch.nn.Module):
    """Some columns of the features."""

    def __init__(self, columns: slice) -> None:
        super().__init__()
        self.columns = columns

    def forward(self, value: Any, *_: Any) -> Tensor:
        return (value[-1] if isinstance(value, list) else value)[:, self.columns]


def losses() -> dict[str, Callable[[Backbone, Batch, Tensor], tuple[Tensor, Tensor]]]:
    """Return the losses of recipes with all of their terms."""

    def loss_of(kind: str, **keys: Any) -> Callable[[Backbone, Batch, Tensor], tuple[Tensor, Tensor]]:
        defaults = {name: key.get("default") for name, key in recipe_module(kind).TRAINING_KEYS.items()}
        return make_recipe({"kind": kind, **defaults, **keys}).loss

    return {
        "cross-entropy and Lovász-softmax": loss_of("closed_set", lovasz_weight=1.0),
        "REAL": loss_of("real", redundancy=3, calibration_weight=0.1, unknown_weight=1.0),
        "PDF": loss_of("pdf", pseudo_labels="oracle", pseudo_weight=0.008),
    }


def of_loss(setting: Setting, name: str, loss: Callable[[Backbone, Batch, Tensor], tuple[Tensor, Tensor]]) -> Row:
    """Compare a loss and its gradient on random logits with those on the CPU."""
    points, classes = setting.pick(50000, 500), 13
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(points, classes + 3, generator=generator)
    target = torch.randint(0, classes, (points,), generator=generator)
    target[::10] = IGNORED
    unknown = np.arange(points) % 10 == 0
    weight = torch.rand(classes, generator=generator)
    results = []
    for device in (torch.device("cpu"), setting.device):
        feature = logits.to(device).requires_grad_()
        coord, offset = np.zeros((points, 3), np.float32), np.array([points])
        batch = Batch(feature, None, target.to(device), coord, unknown, offset, [[0]], [None], 0)
        value, _ = loss(Given(classes).to(device), batch, weight.to(device))
        value.backward()
        assert feature.grad is not None
        results.append((float(value.detach()), feature.grad.cpu()))
    (on_cpu, wanted), (found, gradient) = results
    off = float((gradient - wanted).abs().max() / wanted.abs().max())
    of_value = abs(found - on_cpu) / abs(on_cpu)
    return {
        "network": f"loss: {name}",
        "precision": "float32",
        "loss": of_value,
        "gradients": off,
        "agrees": max(of_value, off) < 1e-4,
    }
