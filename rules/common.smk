import gc
import inspect
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "workflow_scripts"))

from openworld3d.devices import refuse_late_settings
from openworld3d.environment.wanted import wanted
from openworld3d.errors import UserError
from openworld3d.files import canonical_json
from openworld3d.provenance import record_file
from openworld3d.shards import shard_names
from openworld3d.workflow import rows, slices
from openworld3d.workflow.config import check_config
from openworld3d.workflow.definitions import environment_names
from openworld3d.workflow.history import join_history, refuse_other_history
from openworld3d.workflow.modules import code_of
from openworld3d.workflow.orphans import end_orphans, job_in_record
from openworld3d.workflow.unanswered import keep_jobs

RAW = "results/raw/{dataset}"
SCENES = "results/scenes/{dataset}/{split}/manifest.json"
CHECK = "results/protocols/{protocol}.{taught}.json"
CHECK_PAGE = "results/protocols/{protocol}.{taught}.md"
RUN = "results/runs/{protocol}/{backbone}/{recipe}/seed{seed}"
WEIGHTS = f"{RUN}/weights.npz"
LABELS = f"{RUN}/labels/manifest.json"
HISTORY = f"{RUN}/history.csv"
SAMPLE = f"{RUN}/sample.npz"
PSEUDO_MASKS = f"{RUN}/pseudo_masks/manifest.json"
OUTPUTS = f"{RUN}/{{coverage}}/outputs/{{shard}}/manifest.json"
METHOD = f"{RUN}/{{coverage}}/{{score}}"
SCORES = f"{METHOD}/scores/{{shard}}/manifest.json"
STATISTICS = f"{METHOD}/statistics/{{shard}}.npz"
METRICS = f"{METHOD}/metrics.json"
REPLICATES = f"{METHOD}/replicates.npz"
CLOUDS = f"{METHOD}/clouds/colours.json"
# What a job runs first. Its script is no input: a record is nobody's input either, and no reason to train again.
RECORD = (
    "python workflow_scripts/record_provenance.py --script {input.script} --wildcards {wildcards:q} --inputs {input:q} "
    "--code {params.code:q} --outputs {output:q} --out {output.provenance:q} && "
)
RECORD_WITH_CONFIG = RECORD.replace("--out ", "--config {params.config:q} --out ")
RUN_LOG = "{protocol}.{backbone}.{recipe}.seed{seed}"
OUTPUTS_LOG = f"{RUN_LOG}.{{coverage}}.{{shard}}"
METHOD_LOG = f"{RUN_LOG}.{{coverage}}.{{score}}"
SCORES_LOG = f"{METHOD_LOG}.{{shard}}"

# A command whose rule has no environment of its own runs the Python that runs Snakemake, activated or not.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()])
)

try:
    check_config(config, Path(workflow.basedir) / "schemas/config.schema.yaml")
    refuse_late_settings(Path("workflow_scripts").rglob("*.py"))
    refuse_other_history()
except UserError as error:
    raise WorkflowError(str(error)) from None


# What planning makes lives until its end: to look through it for garbage costs a fifth of the time. `onstart` enables it.
gc.disable()


# An empty pattern would be no constraint.
NOTHING = r"(?!)"


def one_of(names):
    """Return the pattern of a wildcard that takes these values and no other."""
    return "|".join(re.escape(name) for name in sorted(names)) or NOTHING


def recipes_that_begin_with(*rules):
    """Return the pattern of the recipes whose runs begin with one of these rules."""
    return one_of(
        name for name in config["recipes"] if slices.begins_with(config, name) in rules
    )


def datasets_of_layout(layout):
    """Return the pattern of the datasets that have a layout."""
    datasets = config["datasets"]
    return one_of(name for name in datasets if datasets[name]["layout"] == layout)


wildcard_constraints:
    dataset=one_of(config["datasets"]),
    split=r"[^/.]+",
    protocol=one_of(config["protocols"]),
    taught=r"[0-9a-f]{8}",
    backbone=one_of(config["backbones"]),
    recipe=one_of(config["recipes"]),
    coverage=one_of({table["coverage"] for table in config["tables"].values()}),
    score=one_of(config["scores"]),
    table=one_of(config["tables"]),
    environment=one_of(environment_names()),
    seed=r"\d+",
    shard=r"\d+of\d+",


def signed(function):
    """Return a function that carries its signature, which planning would work out a dozen times for each job."""
    function.__signature__ = inspect.signature(function)
    return function


def slice_of(function, *names):
    """Return a parameter: the canonical JSON of a slice, so that a job sees its part of the config and no more."""

    @signed
    def parameter(wildcards):
        return canonical_json(function(config, *(wildcards[name] for name in names)))

    return parameter


def code(script, *modules):
    """Return a parameter: the digest of a command's files, and of the modules that it loads by name for a job."""

    @signed
    def parameter(wildcards):
        return code_of(script, *(module(wildcards) for module in modules))

    return parameter if modules else code_of(script)


def network_module(wildcards):
    """Return the module of the network of a backbone."""
    return f"backbones.{config['backbones'][wildcards.backbone]['network']}"


def recipe_module(wildcards):
    """Return the module of a recipe."""
    return f"recipes.{config['recipes'][wildcards.recipe]['kind']}"


def score_module(wildcards):
    """Return the module of a score."""
    return f"scores.{config['scores'][wildcards.score]['kind']}"


def layout_module(wildcards):
    """Return the module of a dataset's reader."""
    return f"datasets.{config['datasets'][wildcards.dataset]['layout']}"


def network_weights(wildcards):
    """Return the weights of the network that a run asks: its own, or those of another recipe."""
    recipe = slices.network_of(config, wildcards.recipe)
    return WEIGHTS.format(**{**wildcards, "recipe": recipe})


def initial_weights(wildcards):
    """Return the weights that a training starts from, nothing where it starts anew."""
    recipe = config["recipes"][wildcards.recipe].get("start_from")
    return WEIGHTS.format(**{**wildcards, "recipe": recipe}) if recipe else []


def shards(pattern, wildcards):
    """Return a file of each shard of a protocol's evaluation scenes."""
    dataset = config["protocols"][wildcards["protocol"]]["dataset"]
    names = shard_names(config["datasets"][dataset].get("shards", 1))
    return [pattern.format(**{**wildcards, "shard": name}) for name in names]


def all_shards(pattern):
    """Return an input: a file of each shard."""
    return signed(lambda wildcards: shards(pattern, wildcards))


def statistics_before(wildcards):
    """Return the statistics of the step before, by which forgetting is measured, nothing where there is none."""
    recipe = config["recipes"][wildcards.recipe]
    if "teaches" not in recipe:
        return []
    return shards(STATISTICS, {**wildcards, "recipe": recipe["start_from"]})


def members(wildcards):
    """Return the outputs of the runs that an ensemble joins."""
    recipe = slices.network_of(config, wildcards.recipe)
    seeds = slices.members_of(config, wildcards.recipe, wildcards.seed)
    return [
        OUTPUTS.format(**{**wildcards, "recipe": recipe, "seed": seed})
        for seed in seeds
    ]


def saved_files(wildcards):
    """Return the files that somebody else saved, so that a change to one of them counts."""
    folder = slices.saved_folder(config["recipes"][wildcards.recipe])
    return sorted(map(str, Path(folder).glob("*.npy")))


def released_checkpoint(wildcards):
    """Return the file of a network that is already trained."""
    return config["recipes"][wildcards.recipe]["pretrained"]


def sample_of_score(wildcards):
    """Return the training sample of a run, which scores are fitted on and thresholds chosen, nothing for those without."""
    return (
        SAMPLE.format(**wildcards)
        if slices.has_sample(config, wildcards.recipe)
        else []
    )


def where_exact(pattern):
    """Return an input: a file of each shard that metrics are computed from exactly, nothing where bins are enough."""
    return lambda wildcards: (
        shards(pattern, wildcards) if config["evaluation"]["exact"] else []
    )


def generated_scans(wildcards):
    """Return the generated raw scans of a dataset, nothing where it has a root of its own."""
    return (
        RAW.format(**wildcards)
        if "generate" in config["datasets"][wildcards.dataset]
        else []
    )


def environment(name):
    """Return the check of an environment; a check that runs again does not re-run what depends on it."""
    return ancient(f"results/environments/{name}.sound")


def environment_name(wildcards):
    """Return the environment that trains a backbone."""
    return config["backbones"][wildcards.backbone]["environment"]


def growing(amount):
    """Return a resource that a job gets more of at each further attempt, whatever it was that ran out."""
    return signed(lambda wildcards, attempt: amount * attempt)


def cards(environment):
    """Return how many cards a job of an environment asks for."""
    return int(wanted(environment).cuda is not None)


def backbone_cards(wildcards):
    """Return how many cards training and inference of a backbone ask for."""
    return cards(environment_name(wildcards))


def backbone_threads(wildcards):
    """Return how many threads training and inference of a backbone take.

    One without a card: runs go side by side, and what they sum does not depend on how many cores there are.
    """
    return 8 if backbone_cards(wildcards) else 1


def backbone_environment(wildcards):
    """Return the check of the environment that trains a backbone."""
    return environment(environment_name(wildcards))


def backbone_conda(wildcards):
    """Return the file of the environment that trains a backbone."""
    return f"../envs/{environment_name(wildcards)}.yaml"


def manifests(protocol, role):
    """Return the manifests of the splits that a protocol trains on or evaluates."""
    chosen = config["protocols"][protocol]
    return [
        SCENES.format(dataset=chosen["dataset"], split=split)
        for split in sorted(chosen[role])
    ]


def training_scenes(wildcards):
    """Return the manifests of a protocol's training splits."""
    return manifests(wildcards.protocol, "train")


def learnt_scenes(wildcards):
    """Return the manifests that a training reads: a protocol's, or what a step that teaches some classes is given."""
    if "teaches" in config["recipes"][wildcards.recipe]:
        return LABELS.format(**wildcards)
    return training_scenes(wildcards)


def evaluation_scenes(wildcards):
    """Return the manifests of a protocol's evaluation splits."""
    return manifests(wildcards.protocol, "evaluate")
