"""A config with a text in every place where one can stand, and what of it is no name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import configs

ROOT = Path(__file__).resolve().parents[2]

HOSTILE = "-$(touch owned)`touch owned`;touch owned|touch owned& 'it\\'s' \"{key}{0}\" %s *[é] ~"

GENERATORS = ("generate_rooms", "generate_streets", "generate_street_anomalies")

# A config in which every key stands that may hold a text, each text once but for what refers to it.
TRAINED = {**configs.read()["recipes"]["closed_set"], "epochs": 9}

CONFIG: dict[str, Any] = {
    "table": "everything",
    "this": "thiskey",
    "that": "thatkey",
    "container": "image.sif",
    "datasets": {
        "mine": {
            "layout": "folder",
            "root": "clouds",
            "label": "attribute",
            "classes": {"ground": [2], "tree": [5], "roof": [6]},
            "things": ["tree"],
            "groups": {"low": ["ground"], "high": ["tree", "roof"]},
            "intensity": "reflectance",
            "intensity_full": 255,
            "element": "cloud",
            "splits": {"west": ["w*.npz"], "v1.0": ["e*.npz"]},
        },
    },
    "protocols": {
        "roofs": {
            "dataset": "mine",
            "unknown": ["roof"],
            "unknown_points": "ignore",
            "train": ["west"],
            "evaluate": ["v1.0"],
            "class_map": {"tree": "inlier"},
        }
    },
    "backbones": configs.read()["backbones"],
    "recipes": {
        "trained": {**TRAINED, "keep_epochs": [9], "backbones": ["stratified_small"]},
        "theirs": {"kind": "closed_set", "pretrained": "model.pth", "pretrained_classes": ["tree", "ground"]},
        "their_outputs": {"kind": "saved_outputs", "folder": "outputs_folder"},
        "joined": {"kind": "ensemble", "network_of": "trained", "members": 2},
        "placeholders": {
            **{key: value for key, value in TRAINED.items() if key != "keep_epochs"},
            "kind": "real",
            "start_from": "trained",
            "redundancy": 3,
            "calibration_weight": 0.1,
            "synthesis_share": 0.5,
            "synthesis_classes": ["tree"],
        },
        "step": {
            **{key: value for key, value in TRAINED.items() if key != "keep_epochs"},
            "kind": "incremental",
            "start_from": "placeholders",
            "teaches": ["roof"],
        },
    },
    "scores": {
        "sure": {"kind": "msp"},
        "grouped": {"kind": "group_msp"},
        "saved": {"kind": "saved_score"},
        "redundant": {"kind": "redundancy"},
    },
    "evaluation": {"stored_precision": "float32", "bits": 16, "exact": True, "replicates": 10},
    "tables": {
        "everything": {
            "protocols": ["roofs"],
            "backbones": ["stratified_small"],
            "coverage": "single",
            "methods": {
                "trained": ["sure", "grouped"],
                "theirs": ["sure"],
                "their_outputs": ["saved"],
                "joined": ["sure"],
                "placeholders": ["redundant"],
                "step": ["redundant"],
            },
            "seeds": [0],
            "metrics": ["aupr"],
        }
    },
}

FOLDERS = {"clouds", "outputs_folder"}

FILES = {"model.pth", "clouds/west.npz", "clouds/east.npz", "outputs_folder/scenes/east/score.npy"}

PATTERNS = {"w*.npz", "e*.npz"}

# What may be any text, as jobs alone read it, classes on one line; everything else is a name.
CLASSES = {"ground", "tree", "roof"}

GROUPS = {"low", "high"}

FREE = {"attribute", "reflectance", "cloud", "model.pth", *CLASSES, *GROUPS, *FOLDERS, *PATTERNS}
