import gc
import os
import re
import logging
from itertools import chain

from snakemake.exceptions import WorkflowError
from snakemake.settings.enums import Quietness

from openworld3d.environment.devices import refuse_late_settings
from openworld3d.environment.requirements import requirements_of
from openworld3d.errors import UserError
from openworld3d.files import check_folder, date_back
from openworld3d.workflow import slices
from openworld3d.workflow.check_definitions import environment_names
from openworld3d.workflow.keys import PATTERN, Keys, record_pattern, wildcards_of
from openworld3d.workflow.slurm import end_orphans, job_in_note, keep_jobs
from openworld3d.workflow.inputs import Made, backbone_environment
from openworld3d.workflow.steps import STEPS
from openworld3d.workflow.terminal import speak_plainly

# What a job runs: its command, on what its key says or not at all. The job is no argument, as a table's may be longer
# than one can be.
JOB = "printf %s {params.job:q} | python workflow_scripts/job.py --"
GPU_JOB = JOB.replace("--", "--gpus {resources.gpu} --")

# A command whose rule has no environment of its own runs the Python that runs Snakemake, activated or not; a job ends
# with the Snakemake that started it; and what a command imports lies first of all beside it.
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    OPENWORLD3D_CALL=str(os.getpid()),
)
os.environ.pop("PYTHONSAFEPATH", None)

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
    for folder in ("results", "logs"):
        check_folder(Path(folder))
    refuse_late_settings(Path("workflow_scripts").rglob("[!.]*.py"))
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
    split=r"\w[\w.-]*",
    protocol=one_of(config["protocols"]),
    backbone=one_of(config["backbones"]),
    recipe=one_of(config["recipes"]),
    coverage=one_of(
        {
            table["coverage"]
            for table in config["tables"].values()
            if "coverage" in table
        }
    ),
    score=one_of(config["scores"]),
    table=one_of(config["tables"]),
    environment=one_of(environment_names()),
    seed=r"\d+",
    shard=r"\d+of\d+",


# What `snakemake --report` shows: outputs by step and name, with their category and what each is called there.
REPORTED = {
    ("make_report", "html"): ("Report", "report"),
    ("make_table", "csv"): ("Tables", "table"),
    ("make_table", "differences"): ("Tables", "differences"),
    ("make_table", "summary"): ("Tables", "means over seeds"),
    ("draw_figures", "metrics_svg"): ("Figures", "metrics"),
    ("draw_figures", "curves_svg"): ("Figures", "curves"),
    ("draw_figures", "scenes_png"): ("Figures", "scenes"),
    ("compare_protocols", "csv"): ("Protocols", "table"),
    ("compare_protocols", "figure"): ("Protocols", "figure"),
    ("draw_steps", "out"): ("Incremental learning", "figure"),
}


def outputs(step):
    """Return the outputs of a step's jobs, their record among them; what has no ending is a folder."""
    names = {**STEPS[step].outputs, "record": record_pattern(step)}
    paths = {
        name: f"{STEPS[step].folder}/{{key}}/{path}" for name, path in names.items()
    }
    return {
        name: reported(step, name, path) if Path(path).suffix else directory(path)
        for name, path in paths.items()
    }


def reported(step, name, path):
    """Return an output, flagged for `snakemake --report` where that shows it."""
    if (step, name) not in REPORTED:
        return path
    category, kind = REPORTED[step, name]
    caption = Path(workflow.basedir) / f"report/{step}.{name}.rst"
    labels = {"table": "{table}", "kind": kind}
    return report(path, caption=str(caption), category=category, labels=labels)


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
            "original": keys.original(step, wildcards),
        }
        if is_at_work():
            for path in chain(
                [paths["environment"]], *(paths[name] for name in places)
            ):
                date_back(Path(path))
        return {
            name: paths[name] if name in STEPS[step].inputs else ancient(paths[name])
            for name in paths
        }

    return unpack(of_job)


def job(step):
    """Return a parameter: all that a job needs to know; what is forced to run again is not copied from elsewhere."""

    def of_job(wildcards):
        asked = keys.job(step, wildcards)
        if (is_forced() or os.environ.get(FORCED)) and not keys.original(
            step, wildcards
        ):
            asked = asked._replace(elsewhere="")
        return asked.as_json()

    return of_job


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
    """Return a resource that a job gets more of at further attempts, up to three times, whatever it was that ran out."""
    return lambda wildcards, attempt: amount * min(attempt, 3)


def is_silent():
    """Return whether the call is to print nothing."""
    return Quietness.ALL in (printing.quiet or ())


def backbone_conda(wildcards):
    """Return the file of the environment that trains a backbone."""
    return f"../envs/{backbone_environment(config, wildcards)}.yaml"
