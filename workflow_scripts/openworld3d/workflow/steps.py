"""The steps of the way from raw scans to a table: what each reads, runs and makes; the rules say what that costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict

from openworld3d.workflow import rows, slices
from openworld3d.workflow.inputs import (
    EVALUATION_SCENES,
    TRAINING_SCENES,
    Config,
    Input,
    Wildcards,
    all_outputs,
    backbone_environment,
    checkpoint,
    checks_of_table,
    cpu_environment,
    generated_scans,
    initial_weights,
    layout_module,
    learnt_scenes,
    members,
    metrics_environment,
    network_modules,
    network_weights,
    of_all_shards,
    of_rows,
    outputs_of,
    pretrained_environment,
    protocol_check,
    raw_files,
    sample_of,
    saved_files,
    score_module,
    statistics_before,
    where_exact,
)
from openworld3d.workflow.outside import Outside

RUN = "results/runs/{protocol}/{backbone}/{recipe}/seed{seed}"
METHOD = f"{RUN}/{{coverage}}/{{score}}"
Inputs = Dict[str, Input]


@dataclass(frozen=True)
class Step:
    """What the jobs of a rule are made from, and where their outputs lie: `{folder}/{key}/{output}`.

    The names of inputs and outputs are the options of the script. `modules` are loaded by name for a job. Those that
    it `ignores` are imported and do not change what is made, nor does what `informs` a person; of what a job `waits`
    for it reads nothing.
    """

    noun: str
    script: str
    folder: str
    outputs: dict[str, str]
    environment: Callable[[Config, Wildcards], str]
    config: tuple[Any, ...] = ()  # a function of slices.py or rows.py, and the wildcards that it takes
    inputs: Inputs = field(default_factory=dict)
    informs: Inputs = field(default_factory=dict)
    waits: Inputs = field(default_factory=dict)
    modules: Callable[[Config, Wildcards], list[str]] = lambda config, wildcards: []
    outside: Callable[[Config, Wildcards], Outside | None] = lambda config, wildcards: None
    ignores: tuple[str, ...] = ()
    shown: str = ""  # the folder of links to what the last call made
    place: str = ""  # of the slice in the config


OF_RUN = ("protocol", "backbone", "recipe", "seed")


def generator(name: str) -> Step:
    """Return the step that generates raw scans."""
    return Step(
        "generation",
        f"{name}.py",
        "results/raw/{dataset}",
        {"out": "raw"},
        metrics_environment,
        (slices.generate_slice, "dataset"),
        shown="results/raw/{dataset}/current",
        place="datasets.{dataset}.generate",
    )


STEPS: dict[str, Step] = {
    "generate_rooms": generator("generate_rooms"),
    "generate_streets": generator("generate_streets"),
    "prepare": Step(
        "preparation",
        "prepare.py",
        "results/scenes/{dataset}/{split}",
        {"out": "manifest.json"},
        metrics_environment,
        (slices.prepare_slice, "dataset", "split"),
        {"raw": generated_scans},
        modules=layout_module,
        outside=raw_files,
        shown="results/scenes/{dataset}/{split}/current",
        place="datasets.{dataset}",
    ),
    "check_protocol": Step(
        "protocol check",
        "check_protocol.py",
        "results/protocols/{protocol}",
        {"out": "{protocol}.json", "page": "{protocol}.md"},
        metrics_environment,
        (slices.protocol_slice, "protocol"),
        {"train": TRAINING_SCENES, "evaluate": EVALUATION_SCENES},
        shown="results/protocols",
    ),
    "train": Step(
        "training",
        "train.py",
        RUN,
        {"weights": "weights.npz", "history": "history.csv"},
        backbone_environment,
        (slices.train_slice, *OF_RUN),
        {"initial_weights": initial_weights, "scenes": learnt_scenes},
        {"validation": EVALUATION_SCENES},
        {"protocol": protocol_check},
        network_modules,
        ignores=("training.monitor",),
        shown=f"{RUN}/current",
    ),
    "relabel": Step(
        "relabelling",
        "relabel.py",
        RUN,
        {"out": "labels/manifest.json"},
        backbone_environment,
        (slices.relabel_slice, "backbone", "recipe"),
        {"weights": initial_weights, "scenes": TRAINING_SCENES},
        modules=network_modules,
        shown=f"{RUN}/current",
    ),
    "import_weights": Step(
        "weights import",
        "import_weights.py",
        RUN,
        {"weights": "weights.npz"},
        pretrained_environment,
        (slices.import_slice, "protocol", "backbone", "recipe"),
        {"scenes": EVALUATION_SCENES},
        waits={"protocol": protocol_check},
        modules=network_modules,
        outside=checkpoint,
        shown=f"{RUN}/current",
    ),
    "infer": Step(
        "inference",
        "infer.py",
        f"{RUN}/{{coverage}}",
        {"out": "outputs/{shard}/manifest.json"},
        backbone_environment,
        (slices.infer_slice, "backbone", "recipe", "coverage"),
        {"weights": network_weights, "scenes": EVALUATION_SCENES},
        modules=network_modules,
        shown=f"{RUN}/current/{{coverage}}",
    ),
    "sample_training": Step(
        "training sample",
        "sample_training.py",
        RUN,
        {"out": "sample.npz"},
        backbone_environment,
        (slices.sample_slice, *OF_RUN),
        {"weights": network_weights, "scenes": TRAINING_SCENES},
        modules=network_modules,
        shown=f"{RUN}/current",
    ),
    "export_pseudo_masks": Step(
        "pseudo-mask export",
        "export_pseudo_masks.py",
        RUN,
        {"out": "pseudo_masks/manifest.json"},
        backbone_environment,
        (slices.sample_slice, *OF_RUN),
        {"weights": network_weights, "scenes": TRAINING_SCENES},
        modules=network_modules,
        shown=f"{RUN}/current",
    ),
    "ensemble": Step(
        "ensemble",
        "ensemble.py",
        f"{RUN}/{{coverage}}",
        {"out": "outputs/{shard}/manifest.json"},
        cpu_environment,
        (slices.stored_slice,),
        {"members": members},
        shown=f"{RUN}/current/{{coverage}}",
    ),
    "import_outputs": Step(
        "outputs import",
        "import_outputs.py",
        f"{RUN}/{{coverage}}",
        {"out": "outputs/{shard}/manifest.json"},
        metrics_environment,
        (slices.saved_slice, "protocol", "recipe"),
        {"scenes": EVALUATION_SCENES},
        outside=saved_files,
        shown=f"{RUN}/current/{{coverage}}",
    ),
    "score": Step(
        "scoring",
        "score.py",
        METHOD,
        {"out": "scores/{shard}/manifest.json", "statistics": "statistics/{shard}.npz"},
        metrics_environment,
        (slices.score_slice, "score"),
        {"outputs": outputs_of, "sample": sample_of, "scenes": EVALUATION_SCENES},
        modules=score_module,
        shown=f"{RUN}/current/{{coverage}}/{{score}}",
    ),
    "measure": Step(
        "measurement",
        "measure.py",
        METHOD,
        {"out": "metrics.json", "replicates": "replicates.npz"},
        metrics_environment,
        (slices.measure_slice, "protocol", "recipe"),
        {
            "statistics": of_all_shards("score", "statistics"),
            "before": statistics_before,
            "scores": where_exact(of_all_shards("score")),
            "outputs": where_exact(all_outputs),
            "scenes": EVALUATION_SCENES,
        },
        shown=f"{RUN}/current/{{coverage}}/{{score}}",
    ),
    "export_clouds": Step(
        "cloud export",
        "export_clouds.py",
        METHOD,
        {"out": "clouds/colours.json"},
        metrics_environment,
        inputs={"scores": of_all_shards("score"), "outputs": all_outputs, "scenes": EVALUATION_SCENES},
        shown=f"{RUN}/current/{{coverage}}/{{score}}",
    ),
    "make_table": Step(
        "table",
        "make_table.py",
        "results/tables/{table}",
        {
            "csv": "{table}.csv",
            "markdown": "{table}.md",
            "tex": "{table}.tex",
            "differences": "{table}.differences.csv",
        },
        metrics_environment,
        (rows.table_slice, "table"),
        {"metrics": of_rows("measure"), "replicates": of_rows("measure", "replicates")},
        waits={"checks": checks_of_table},
        shown="results/tables",
        place="tables.{table}",
    ),
    "compare_protocols": Step(
        "comparison",
        "compare_protocols.py",
        "results/tables/{table}",
        {"csv": "{table}.protocols.csv", "markdown": "{table}.protocols.md", "figure": "{table}.protocols.svg"},
        metrics_environment,
        (rows.table_slice, "table"),
        {"metrics": of_rows("measure")},
        shown="results/tables",
        place="tables.{table}",
    ),
    "draw_steps": Step(
        "figure",
        "draw_steps.py",
        "results/figures/{table}",
        {"out": "{table}.svg"},
        metrics_environment,
        (rows.steps_slice, "table"),
        {"metrics": of_rows("measure")},
        shown="results/figures",
        place="tables.{table}",
    ),
    "check_environment": Step(
        "environment check",
        "check_environment.py",
        "results/environments/{environment}",
        {"out": "{environment}.json"},
        lambda config, wildcards: wildcards["environment"],
    ),
}
