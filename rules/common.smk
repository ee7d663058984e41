import gc
import os
import re
import logging
import sys
from itertools import chain
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.settings.enums import Quietness

sys.path.insert(0, str(Path(workflow.basedir) / "workflow_scripts"))

from openworld3d.environment.devices import refuse_late_settings
from openworld3d.environment.requirements import requirements_of
from openworld3d.errors import UserError
from openworld3d.workflow import slices
from openworld3d.workflow.config import check_config
from openworld3d.workflow.check_definitions import environment_names
from openworld3d.workflow.keys import PATTERN, Keys, record_pattern, wildcards_of
from openworld3d.workflow.slurm import end_orphans, job_in_note, keep_jobs
from openworld3d.workflow.inputs import Made
from openworld3d.workflow.steps import STEPS
from openworld3d.workflow.terminal import speak_plainly

# What a job runs: its command, on what its key says or not at all. The job is no argument, as a table's may be longer
# than one can be.
JOB = "printf %s {params.job:q} | python workflow_scripts/job.py --"

# A command whose rule has no environment of its own runs the Python that runs Snakemake, activated or not; and a job
# ends with the Snakemake that started it.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    OPENWORLD3D_CALL=str(os.getpid()),
)

# Whoever says by an option what Snakemake is to print gets that: `--quiet host` is all of it but the host's name.
printing = workflow.output_settings
if workflow.is_main_process and not (
    printing.quiet or printing.verbose or printing.printshellcmds or printing.debug_dag
):
    speak_plainly(logging.getLogger("snakemake.logging"))
    if printing.dryrun:
        # Snakemake ends a dry run before it lists each job, which takes as long as the planning of thousands.
        printing.quiet = {Quietness.RULES, Quietness.PROGRESS}


try:
    check_config(config, Path(workflow.basedir) / "schemas/config.schema.yaml")
    refuse_late_settings(Path("workflow_scripts").rglob("*.py"))
except UserError as error:
    raise WorkflowError(str(error)) from None


# What planning makes lives until its end: with garbage collection, 10,000 jobs take 26 s to plan in place of 19.
# `onstart` enables it again.
gc.disable()

keys = Keys(config)

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


def datasets_generated_by(rule):
    """Return the pattern of the datasets whose layout a rule generates."""
    return one_of(
        name for name in config["datasets"] if slices.generator_of(config, name) == rule
    )


wildcard_constraints:
    key=PATTERN,
    dataset=one_of(config["datasets"]),
    split=r"[^/.]+",
    protocol=one_of(config["protocols"]),
    backbone=one_of(config["backbones"]),
    recipe=one_of(config["recipes"]),
    coverage=one_of({table["coverage"] for table in config["tables"].values()}),
    score=one_of(config["scores"]),
    table=one_of(config["tables"]),
    environment=one_of(environment_names()),
    seed=r"\d+",
    shard=r"\d+of\d+",


def outputs(step):
    """Return the outputs of a step's jobs, their record among them; what has no ending is a folder."""
    names = {**STEPS[step].outputs, "record": record_pattern(step)}
    paths = {
        name: f"{STEPS[step].folder}/{{key}}/{path}" for name, path in names.items()
    }
    return {
        name: path if Path(path).suffix else directory(path)
        for name, path in paths.items()
    }


def inputs(step):
    """Return the inputs of a step's jobs: none of what stands, which needs nothing, so that it is not made again.

    What a job waits for and is not made from is ancient: where it is forced to run again, nothing follows.
    """

    def of_job(wildcards):
        check_key(step, wildcards)
        if keys.stands(step, wildcards) and not looks_behind_what_stands():
            return {}
        environment = made_check(STEPS[step].environment(config, wildcards))
        places = keys.places_of_inputs(step, wildcards)
        paths = {
            **{name: [path for path, _ in found] for name, found in places.items()},
            "records": records_missing(chain.from_iterable(places.values())),
            "environment": keys.path(environment),
        }
        return {
            name: paths[name] if name in STEPS[step].inputs else ancient(paths[name])
            for name in paths
        }

    return unpack(of_job)


def job(step):
    """Return a parameter: all that a job needs to know."""
    return lambda wildcards: keys.job(step, wildcards).as_json()


def log_of(step, ending="log"):
    """Return the log of a step's jobs, which has their wildcards in its name."""
    names = dict.fromkeys(
        name for path in outputs(step).values() for name in wildcards_of(path)
    )
    return f"logs/{step}/{'.'.join(f'{{{name}}}' for name in names)}.{ending}"


def benchmark_of(step):
    """Return the file in which time and memory of a step's jobs are noted."""
    return log_of(step, "tsv").replace("logs/", "logs/benchmarks/", 1)


def growing(amount):
    """Return a resource that a job gets more of at each further attempt, whatever it was that ran out."""
    return lambda wildcards, attempt: amount * attempt


def gpus(environment):
    """Return how many GPUs a job of an environment requests."""
    return int(requirements_of(environment).cuda is not None)


def is_silent():
    """Return whether the call is to print nothing."""
    return Quietness.ALL in (printing.quiet or ())


def environment_name(wildcards):
    """Return the environment that trains a backbone."""
    return config["backbones"][wildcards.backbone]["environment"]


def backbone_gpus(wildcards):
    """Return how many GPUs training and inference of a backbone request."""
    return gpus(environment_name(wildcards))


def backbone_threads(wildcards):
    """Return how many threads training and inference of a backbone take.

    One without a GPU: runs go side by side, and what they sum does not depend on how many cores there are.
    """
    return 8 if backbone_gpus(wildcards) else 1


def backbone_conda(wildcards):
    """Return the file of the environment that trains a backbone."""
    return f"../envs/{environment_name(wildcards)}.yaml"
