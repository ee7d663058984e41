"""What each job reads: outputs of other steps, modules that it loads by name, and external files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple

from openworld3d.files import canonical_json
from openworld3d.inference.shards import shard_names
from openworld3d.workflow import protocols, rows, slices
from openworld3d.workflow.outside import Outside

Config = Dict[str, Any]
Wildcards = Mapping[str, str]


class Made(NamedTuple):
    """One output of one job: the step, the output's name, and the wildcards that identify the job."""

    step: str
    output: str
    wildcards: Wildcards


class Job(NamedTuple):
    """All that a job needs to know: what to run on what, and what its key says of it."""

    step: str
    wildcards: dict[str, str]
    key: str
    folder: str  # in which that of the key lies
    parts: dict[str, Any]  # of the key
    script: str
    modules: list[str]
    ignores: list[str]
    inputs: dict[str, list[str]]
    records: dict[str, str]  # the record of each input
    outputs: dict[str, str]
    outside: Outside | None
    record: str
    elsewhere: str  # the pattern of folders with the same key; empty where the result is not shared

    def as_json(self) -> str:
        """Return the job as JSON, equal jobs as equal text."""
        outside = None if self.outside is None else self.outside._asdict()
        return canonical_json({**self._asdict(), "outside": outside})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Return the job that `as_json` wrote."""
        given = json.loads(text)
        return cls(**{**given, "outside": None if given["outside"] is None else Outside(**given["outside"])})


Input = Callable[[Config, Wildcards], List[Made]]


def metrics_environment(config: Config, wildcards: Wildcards) -> str:
    return "metrics"


def cpu_environment(config: Config, wildcards: Wildcards) -> str:
    return "cpu"


def pretrained_environment(config: Config, wildcards: Wildcards) -> str:
    return "pretrained"


def backbone_environment(config: Config, wildcards: Wildcards) -> str:
    """Return the environment that trains a backbone."""
    return config["backbones"][wildcards["backbone"]]["environment"]


def layout_module(config: Config, wildcards: Wildcards) -> list[str]:
    """Return the module of a dataset's reader."""
    return [f"datasets.{config['datasets'][wildcards['dataset']]['layout']}"]


def network_modules(config: Config, wildcards: Wildcards) -> list[str]:
    """Return the modules of a network and of the recipe that trains or runs it."""
    network = config["backbones"][wildcards["backbone"]]["network"]
    return [f"backbones.{network}", f"recipes.{config['recipes'][wildcards['recipe']]['kind']}"]


def score_module(config: Config, wildcards: Wildcards) -> list[str]:
    """Return the module of a score."""
    return [f"scores.{config['scores'][wildcards['score']]['kind']}"]


def generated_scans(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the generated raw scans of a dataset, none where it has a root of its own."""
    name = wildcards["dataset"]
    generator = slices.generator_of(config, name) if "generate" in config["datasets"][name] else None
    return [Made(generator, "out", wildcards)] if generator else []


def raw_files(config: Config, wildcards: Wildcards) -> Outside | None:
    """Return the raw files of a split, None where they are generated."""
    dataset = config["datasets"][wildcards["dataset"]]
    if "generate" in dataset:
        return None
    split = wildcards["split"]
    keys = slices.prepare_slice(config, wildcards["dataset"], split)["keys"]
    return Outside("raw", dataset["root"], layout=dataset["layout"], split=split, keys=keys)


def checkpoint(config: Config, wildcards: Wildcards) -> Outside:
    """Return the file of a network that is already trained."""
    file = Path(config["recipes"][wildcards["recipe"]]["pretrained"])
    return Outside("checkpoint", str(file.parent), name=file.name)


def saved_files(config: Config, wildcards: Wildcards) -> Outside:
    """Return the outputs that somebody else saved."""
    return Outside("saved", str(slices.saved_folder(config, wildcards["recipe"]).root), part="all")


def saved_sample(config: Config, wildcards: Wildcards) -> Outside:
    """Return the training sample and last layer that somebody else saved."""
    return Outside("saved", str(slices.saved_folder(config, wildcards["recipe"]).root), part="sample")


def scenes_of(role: str) -> Input:
    """Return an input: the scenes that a protocol trains on, evaluates or validates on, if it says so."""

    def made(config: Config, wildcards: Wildcards) -> list[Made]:
        splits = protocols.splits_of(config, wildcards["protocol"], role)
        if splits is None:
            return []
        return [Made("prepare", "out", {"dataset": splits.dataset, "split": name}) for name in sorted(splits.splits)]

    return made


def split_of(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the prepared scenes of a split that a protocol evaluates."""
    dataset = protocols.evaluated(config, wildcards["protocol"]).dataset
    return [Made("prepare", "out", {"dataset": dataset, "split": wildcards["split"]})]


def evaluation_labels(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the labels by which a protocol evaluates its scenes, none where they are those of the dataset."""
    protocol = wildcards["protocol"]
    if not protocols.relabels(config, protocol):
        return []
    splits = sorted(protocols.evaluated(config, protocol).splits)
    return [Made("label_evaluation", "out", {"protocol": protocol, "split": split}) for split in splits]


def labelled_scenes(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return manifests of the scenes that a protocol evaluates, with the points of each class that count."""
    return evaluation_labels(config, wildcards) or EVALUATION_SCENES(config, wildcards)


def validation_scenes(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the scenes on which a training shows how it does: those to evaluate unless the protocol says others.

    None where these are of another dataset, whose classes the network does not know.
    """
    protocol = wildcards["protocol"]
    chosen = protocols.splits_of(config, protocol, "validate") or protocols.evaluated(config, protocol)
    if chosen.dataset != protocols.network_dataset(config, protocol):
        return []
    return [Made("prepare", "out", {"dataset": chosen.dataset, "split": name}) for name in sorted(chosen.splits)]


def scenes_of_network(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return scenes of the dataset whose classes networks know: those to evaluate, or else those to train on."""
    protocol = wildcards["protocol"]
    is_evaluated = protocols.evaluated(config, protocol).dataset == protocols.network_dataset(config, protocol)
    return (EVALUATION_SCENES if is_evaluated else TRAINING_SCENES)(config, wildcards)


def learnt_scenes(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return what a training reads: a protocol's scenes, or the relabelled ones of an incremental step."""
    if "teaches" in config["recipes"][wildcards["recipe"]]:
        return [Made("relabel", "out", wildcards)]
    return TRAINING_SCENES(config, wildcards)


def protocol_check(config: Config, wildcards: Wildcards) -> list[Made]:
    return [Made("check_protocol", "out", wildcards)]


def weights_of(config: Config, wildcards: Wildcards, recipe: str) -> list[Made]:
    """Return the weights of a recipe's run, trained or imported."""
    return [Made(slices.begins_with(config, recipe), "weights", {**wildcards, "recipe": recipe})]


def network_weights(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the weights of the network that a run uses: its own, or those of another recipe."""
    return weights_of(config, wildcards, slices.network_of(config, wildcards["recipe"]))


def initial_weights(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the weights that a training starts from, none where it starts anew."""
    recipe = config["recipes"][wildcards["recipe"]].get("start_from")
    return weights_of(config, wildcards, recipe) if recipe else []


def outputs_of(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the outputs of a run, of a shard."""
    begins = slices.begins_with(config, wildcards["recipe"])
    return [Made(begins if begins in ("ensemble", "import_outputs") else "infer", "out", wildcards)]


def members(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the outputs of the runs that an ensemble joins."""
    recipe = slices.network_of(config, wildcards["recipe"])
    seeds = slices.members_of(config, wildcards["recipe"], wildcards["seed"])
    runs = [{**wildcards, "recipe": recipe, "seed": str(seed)} for seed in seeds]
    return [made for run in runs for made in outputs_of(config, run)]


def sample_of(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return a run's training sample, on which scores are fitted and thresholds chosen, if it has one."""
    if not slices.has_sample(config, wildcards["recipe"]):
        return []
    is_saved = slices.begins_with(config, wildcards["recipe"]) == "import_outputs"
    return [Made("import_sample" if is_saved else "sample_training", "out", wildcards)]


def all_shards(config: Config, wildcards: Wildcards) -> list[dict[str, str]]:
    """Return the wildcards of each shard of a protocol's evaluation scenes."""
    dataset = protocols.evaluated(config, wildcards["protocol"]).dataset
    count = config["datasets"][dataset].get("shards", 1)
    return [{**wildcards, "shard": shard} for shard in shard_names(count)]


def of_all_shards(step: str, output: str = "out") -> Input:
    """Return an input: an output of a step for each shard."""
    return lambda config, wildcards: [Made(step, output, shard) for shard in all_shards(config, wildcards)]


def all_outputs(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the outputs of a run, of each shard."""
    return [made for shard in all_shards(config, wildcards) for made in outputs_of(config, shard)]


def where_exact(function: Input) -> Input:
    """Return an input where metrics are computed from points, none where bins are enough."""
    return lambda config, wildcards: function(config, wildcards) if config["evaluation"]["exact"] else []


def statistics_before(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the statistics of the step before, against which forgetting is measured, if there is one."""
    recipe = config["recipes"][wildcards["recipe"]]
    if "teaches" not in recipe:
        return []
    return of_all_shards("score", "statistics")(config, {**wildcards, "recipe": recipe["start_from"]})


def of_rows(step: str, output: str = "out") -> Input:
    """Return an input: what a step makes of each row of a table, in the order of the rows."""

    def made(config: Config, wildcards: Wildcards) -> list[Made]:
        return [Made(step, output, row) for row in rows.rows_of_table(config, wildcards["table"])]

    return made


def made_check(environment: str) -> Made:
    """Return the check of an environment."""
    return Made("check_environment", "out", {"environment": environment})


def checks_of_table(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the check of each protocol of a table."""
    protocols = config["tables"][wildcards["table"]]["protocols"]
    return [made for protocol in protocols for made in protocol_check(config, {"protocol": protocol})]


TRAINING_SCENES, EVALUATION_SCENES = scenes_of("train"), scenes_of("evaluate")
