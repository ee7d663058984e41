"""The folder of a trained run: its network, how its training clouds were read, and what scores are fitted on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping

from openworld3d.errors import UserError
from openworld3d.inference.config import InferenceConfig, read_inference_config
from openworld3d.plugins import declared
from openworld3d.provenance.records import SUFFIX, chain
from openworld3d.raw.unlabelled import Sensing

Record = Dict[str, Any]
WEIGHTS, SAMPLE, CURRENT, RESULTS = "weights.npz", "sample.npz", "current", "results"
# The intensity of full brightness where a layout has no key that says it.
INTENSITY_FULL = {"nuscenes": 255.0}
# As config.yaml has them; about 5 GB.
BOUNDS = {"inference_voxels": 100_000, "inference_pairs": 20_000_000}


@dataclass(frozen=True)
class RunFolder:
    """A folder such as results/runs/PROTOCOL/BACKBONE/RECIPE/seed0/current, or that above it."""

    path: Path

    @cached_property
    def place(self) -> Path:
        """Return the folder that the weights lie in; raises UserError where there are none."""
        for place in (self.path, self.path / CURRENT):
            if (place / WEIGHTS).is_file():
                # The folder of a key has the weights alone; what the run's other jobs made is linked beside them.
                linked = place.parent / CURRENT
                is_same = (linked / WEIGHTS).is_file() and (linked / WEIGHTS).samefile(place / WEIGHTS)
                return linked if is_same else place
        raise UserError(
            f"{self.path}: has no {WEIGHTS}, nor has {CURRENT} in it; give the folder of a trained run, such as "
            "results/runs/PROTOCOL/BACKBONE/RECIPE/seed0"
        )

    @property
    def weights(self) -> Path:
        return self.place / WEIGHTS

    @property
    def sample(self) -> list[Path]:
        """Return the training sample, none where the run has none."""
        return [file for file in [self.place / SAMPLE] if file.is_file()]

    @cached_property
    def prepared(self) -> Record:
        """Return the record of how a split of the training scenes was prepared.

        Raises UserError where the folder is not where the run was made.
        """
        record = (self.place / WEIGHTS).with_suffix(SUFFIX)
        for found in chain(str(record.resolve()), self.root):
            if found["step"] == "prepare" and all((self.root / output).is_file() for output in found["outputs"]):
                return found
        raise UserError(
            f"{record}: leads to no training scenes that are there, which say how clouds are to be read; give the "
            "run's folder below results/ of the checkout that trained it"
        )

    @property
    def root(self) -> Path:
        """Return the checkout that the run was made in, which its records are relative to, by a link too."""
        folders = (*self.place.absolute().parents, *self.place.resolve().parents)
        found = (folder.parent for folder in folders if folder.name == RESULTS and (folder / "runs").is_dir())
        return next(found, Path())

    @property
    def classes(self) -> list[str]:
        """Return the classes of the dataset that the network was trained on, in the order of their labels."""
        classes: list[str] = self.prepared["parts"]["config"]["classes"]
        return classes

    @property
    def groups(self) -> dict[str, list[str]]:
        """Return the groups of classes of the layout, {} where it has none."""
        groups: dict[str, list[str]] = declared("datasets", self.prepared["parts"]["config"]["layout"], "GROUPS")
        return groups

    def sensing(self) -> Sensing:
        """Return how clouds are read: as the training scenes were."""
        config = self.prepared["parts"]["config"]
        (manifest,) = self.prepared["outputs"]
        scenes = json.loads((self.root / manifest).read_text(encoding="utf-8"))["scenes"]
        appearance, keys = scenes[0]["appearance"], config["keys"]
        full = keys.get(f"{appearance}_full") or (
            INTENSITY_FULL.get(config["layout"]) if appearance == "intensity" else None
        )
        names = {name: keys[name] for name in ("coord", "color", "intensity") if keys.get(name)}
        is_sensor = declared("datasets", config["layout"], "ORIGIN_IS_SENSOR")
        return Sensing(appearance, is_sensor, full, names, keys.get("element"))

    def inference(self, recipe: Mapping[str, Any]) -> InferenceConfig:
        """Return how the network is run: as it was before, which records say, else by the defaults of its recipe."""
        for config in self.configs():
            if BOUNDS.keys() <= config.keys():
                return read_inference_config(config)
        keys = declared("recipes", recipe["kind"], "INFERENCE_KEYS")
        defaults = {name: key["default"] for name, key in keys.items()}
        return read_inference_config({**BOUNDS, "recipe": {"kind": recipe["kind"], **defaults}})

    def configs(self) -> Iterator[dict[str, Any]]:
        """Yield the configs of the records that lie in the folder, that of the training sample first."""
        for file in [(self.place / SAMPLE).with_suffix(SUFFIX), *sorted(self.place.glob(f"*/outputs/*{SUFFIX}"))]:
            if file.is_file():
                yield json.loads(file.read_text(encoding="utf-8"))["parts"]["config"]
