"""The slice of the config that each kind of job sees: a change to anything else cannot re-run it."""

from __future__ import annotations

from typing import Any, Dict

from openworld3d.plugins import declared
from openworld3d.saved_outputs.folder import SavedFolder
from openworld3d.workflow import protocols
from openworld3d.workflow.outside import saved_outputs

Config = Dict[str, Any]
Slice = Dict[str, Any]

ONLY_INFERENCE = ("environment", "inference_voxels", "inference_pairs")


def generator_of(config: Config, dataset: str) -> str | None:
    """Return the rule that generates raw scans of a dataset's layout, None where none does."""
    return declared("datasets", config["datasets"][dataset]["layout"], "GENERATOR")


def generate_slice(config: Config, dataset: str) -> Slice:
    """Return what the generator of a dataset's layout sees."""
    return config["datasets"][dataset]["generate"]


def prepare_slice(config: Config, dataset: str, split: str) -> Slice:
    """Return what `prepare` sees: of a layout's keys none that another split alone has."""
    chosen = config["datasets"][dataset]
    declared_keys = {**declared("datasets", chosen["layout"], "KEYS")}
    for unseen in ("generate", "groups"):
        declared_keys.pop(unseen, None)
    keys = {name: chosen.get(name, key.get("default")) for name, key in declared_keys.items()}
    if "classes" in keys:
        keys["classes"] = [[name, raw_ids] for name, raw_ids in keys["classes"].items()]  # JSON would lose the order
    if "splits" in keys:
        keys["splits"] = {split: keys["splits"][split]}
    return {
        "dataset": dataset,
        "layout": chosen["layout"],
        "split": split,
        "classes": protocols.classes_of(config, dataset),
        "keys": keys,
    }


def import_slice(config: Config, protocol: str, backbone: str, recipe: str) -> Slice:
    """Return what `import_weights` sees, of training and import alike; unknown classes are a set without order."""
    network = {key: value for key, value in config["backbones"][backbone].items() if key not in ONLY_INFERENCE}
    return {**unknown_slice(config, protocol), "backbone": network, "recipe": training_keys(config, protocol, recipe)}


def training_keys(config: Config, protocol: str, recipe: str) -> Slice:
    """Return the training settings of a recipe by key, with the defaults of its kind.

    Where a checkpoint lies is not among them: its content is.
    """
    chosen, others = config["recipes"][recipe], {*inference_keys(config, recipe), "pretrained", "backbones"}
    keys = declared("recipes", chosen["kind"], "TRAINING_KEYS")
    shaping = declared("recipes", chosen["kind"], "PRETRAINED_KEYS")
    if "pretrained" in chosen and shaping is not None:
        keys = {name: keys[name] for name in shaping}
    defaults = {name: key["default"] for name, key in keys.items() if "default" in key}
    settings = {**defaults, **{name: value for name, value in chosen.items() if name not in others}}
    for key in keys_with_role(config, recipe, "sources"):
        settings[key] = sorted(settings[key] or known_things(config, protocol))
    if "teaches" in settings:
        settings["taught"] = novel_classes(config, recipe)
        settings.update(classifiers_of(config, protocol, recipe))
    return settings


def keys_with_role(config: Config, recipe: str, role: str) -> list[str]:
    """Return the keys of a recipe to which its kind's file gives a role."""
    keys = declared("recipes", config["recipes"][recipe]["kind"], "TRAINING_KEYS")
    return [name for name, key in keys.items() if key.get("role") == role]


def classifiers_of(config: Config, protocol: str, recipe: str) -> dict[str, int]:
    """Return how many classifiers of the unknown the network has that the first of a recipe's steps starts from.

    By its key, which the steps take over; empty where it has none.
    """
    while "teaches" in config["recipes"][recipe]:
        recipe = config["recipes"][recipe]["start_from"]
    keys = keys_with_role(config, recipe, "classifiers")
    trained = training_keys(config, protocol, recipe) if keys else {}
    return {key: trained[key] for key in keys}


def novel_classes(config: Config, recipe: str) -> list[str]:
    """Return the unknown classes that a recipe and those it starts from were trained on, step by step."""
    chosen = config["recipes"][recipe]
    before = novel_classes(config, chosen["start_from"]) if "start_from" in chosen else []
    return [*before, *chosen.get("teaches", [])]


def relabel_slice(config: Config, backbone: str, recipe: str) -> Slice:
    """Return what `relabel` sees beside the weights of the step before."""
    chosen = config["recipes"][recipe]
    old_labels = declared("recipes", chosen["kind"], "OLD_LABELS")
    settings = inference_slice(config, backbone, chosen["start_from"]) if old_labels == "predicted" else {}
    return {"teaches": chosen["teaches"], "old_labels": old_labels, **settings}


def known_things(config: Config, protocol: str) -> list[str]:
    """Return the classes of a protocol's dataset that are countable objects and not unknown."""
    dataset = config["datasets"][protocols.network_dataset(config, protocol)]
    things = dataset.get("things", []) if "classes" in dataset else declared("datasets", dataset["layout"], "THINGS")
    return [name for name in things if name not in protocols.unlabelled(config, protocol)]


def train_slice(config: Config, protocol: str, backbone: str, recipe: str, seed: str) -> Slice:
    """Return what `train` sees: what an import sees, and the settings of training alone."""
    return {
        **import_slice(config, protocol, backbone, recipe),
        "unknown_points": config["protocols"][protocol]["unknown_points"],
        "seed": int(seed),
    }


def infer_slice(config: Config, backbone: str, recipe: str, coverage: str) -> Slice:
    """Return what `infer` sees beside the weights, which carry the rest."""
    return {"coverage": coverage, **stored_slice(config), **inference_slice(config, backbone, recipe)}


def stored_slice(config: Config) -> Slice:
    """Return how the outputs of networks are stored, all that `ensemble` sees."""
    return {"stored_precision": config["evaluation"]["stored_precision"]}


def sample_slice(config: Config, protocol: str, backbone: str, recipe: str, seed: str) -> Slice:
    """Return what `sample_training` and `export_pseudo_masks` see beside the weights."""
    unknown_points = config["protocols"][protocol]["unknown_points"]
    return {**inference_slice(config, backbone, recipe), "unknown_points": unknown_points, "seed": int(seed)}


def inference_slice(config: Config, backbone: str, recipe: str) -> Slice:
    """Return the inference settings of a trained network."""
    chosen = config["backbones"][backbone]
    bounds = {key: chosen[key] for key in ("inference_voxels", "inference_pairs")}
    return {**bounds, "recipe": {"kind": config["recipes"][recipe]["kind"], **inference_keys(config, recipe)}}


def saved_slice(config: Config, protocol: str) -> Slice:
    """Return what `import_outputs` and `import_sample` see beside the folder."""
    return {"classes": protocols.network_classes(config, protocol), **unknown_slice(config, protocol)}


def saved_folder(config: Config, recipe: str) -> SavedFolder:
    """Return what the folder of a recipe has whose outputs are saved already."""
    (key,) = keys_with_role(config, recipe, "folder")
    return saved_outputs(config["recipes"][recipe][key])


def inference_keys(config: Config, recipe: str) -> Slice:
    """Return the inference settings of a recipe by key, with the defaults of its kind."""
    chosen = config["recipes"][recipe]
    keys = declared("recipes", chosen["kind"], "INFERENCE_KEYS")
    return {name: chosen.get(name, key["default"]) for name, key in keys.items()}


def score_slice(config: Config, protocol: str, score: str) -> Slice:
    """Return what `score` sees: the score's kind, neighbours and options with their defaults, bits of a bin, objects.

    An option has the type of its default, so that 1 for 1.0 is no change. A score of groups of classes sees them too.
    """
    entry = config["scores"][score]
    defaults = {name: key["default"] for name, key in declared("scores", entry["kind"], "KEYS").items()}
    options = {name: type(default)(entry.get(name, default)) for name, default in defaults.items()}
    resolved = {"kind": entry["kind"], "neighbors": entry.get("neighbors", 1), **options}
    groups = {"groups": protocols.groups(config, protocol)} if "group" in fits(config, score) else {}
    return {
        "score": resolved,
        "bits": config["evaluation"]["bits"],
        "objects": protocols.objects(config, protocol),
        **groups,
    }


def labelling_slice(config: Config, protocol: str) -> Slice:
    """Return what `label_evaluation` sees."""
    return protocols.labelling(config, protocol)


def protocol_slice(config: Config, protocol: str) -> Slice:
    """Return what `check_protocol` sees."""
    return {
        "protocol": protocol,
        "unknown": protocols.unknown(config, protocol),
        "inliers": protocols.inliers(config, protocol),
    }


def has_sample(config: Config, recipe: str) -> bool:
    """Tell whether the runs of a recipe have a training sample: those of a network without incremental steps.

    And those with one that is saved, or with the last layer.
    """
    if begins_with(config, recipe) == "import_outputs":
        return bool(saved_folder(config, recipe).fits)
    settings = begins_with(config, recipe) in ("train", "import_weights", "infer")
    return settings and "teaches" not in config["recipes"][recipe]


def has_pseudo_masks(config: Config, recipe: str) -> bool:
    """Tell whether the runs of a recipe mark points that they take for unknown in their training."""
    chosen = config["recipes"][recipe]
    return "pretrained" not in chosen and declared("recipes", chosen["kind"], "MARKS_UNKNOWN")


def measure_slice(config: Config, protocol: str, recipe: str) -> Slice:
    """Return what `measure` sees."""
    return {
        "unknown": protocols.unknown(config, protocol),
        "taught": novel_classes(config, recipe),
        "beyond": protocols.classes_beyond(config, protocol),
        "inliers": protocols.inliers(config, protocol),
        "replicates": config["evaluation"]["replicates"],
    }


def unknown_slice(config: Config, protocol: str) -> Slice:
    """Return which classes a network is not trained on."""
    return {"unknown": protocols.unlabelled(config, protocol)}


def begins_with(config: Config, recipe: str) -> str:
    """Return the rule that the runs of a recipe begin with."""
    chosen = config["recipes"][recipe]
    return "import_weights" if "pretrained" in chosen else declared("recipes", chosen["kind"], "BEGINS_WITH")


def network_of(config: Config, recipe: str) -> str:
    """Return the recipe whose trained networks the runs of a recipe use: another one, or itself."""
    return config["recipes"][recipe].get("network_of", recipe)


def is_for(config: Config, recipe: str, backbone: str) -> bool:
    """Tell whether a table has rows of a recipe with a backbone."""
    return backbone in config["recipes"][recipe].get("backbones", [backbone])


def members_of(config: Config, recipe: str, seed: str) -> list[int]:
    """Return the seeds of the runs that the ensemble of a seed joins."""
    members = config["recipes"][recipe]["members"]
    return list(range(int(seed) * members, (int(seed) + 1) * members))


def reads(config: Config, score: str) -> set[str]:
    """Return which outputs of a run a score reads."""
    return set(declared("scores", config["scores"][score]["kind"], "READS"))


def fits(config: Config, score: str) -> set[str]:
    """Return which arrays of a run's training sample a score is fitted on, none where it fits nothing."""
    return set(declared("scores", config["scores"][score]["kind"], "FITS"))


def outputs_of(config: Config, recipe: str) -> set[str]:
    """Return which outputs the runs of a recipe have, where saved ones those that every scene has."""
    if begins_with(config, recipe) == "import_outputs":
        return saved_folder(config, recipe).outputs
    return set(declared("recipes", config["recipes"][recipe]["kind"], "OUTPUTS"))
