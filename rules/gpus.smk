# On one machine, Snakemake starts no more jobs at once than there are GPUs for, and job.py gives each its own.
from openworld3d.environment.pool import is_taken, pool, use_of
from openworld3d.environment.slots import JOBS_PER_GPU

# What a training's main process and the workers that make its batches can keep busy.
THREADS_OF_A_GPU = 8


def gpus(environment):
    """Return how many GPUs a job of an environment requests."""
    return int(requirements_of(environment).cuda is not None)


def backbone_gpus(wildcards):
    """Return how many GPUs training and inference of a backbone request."""
    return gpus(backbone_environment(config, wildcards))


def requested(rule):
    """Return how many GPUs a call lets each job of a rule request (`--set-resources`), 0 where it does not say."""
    given = workflow.resource_settings.overwrite_resources.get(rule)
    return number(given.get("gpu")) if given else 0


def number(resource):
    """Return a resource as a number, 0 where it is not given or an expression."""
    return 0 if resource.is_evaluable() else int(resource.value or 0)


def backbone_threads(rule):
    """Return how many threads training and inference of a backbone take: on one machine, the GPUs' share of its cores.

    One without a GPU: runs go side by side, and what they sum does not depend on how many cores there are.
    """

    def threads(wildcards):
        if not backbone_gpus(wildcards):
            return 1
        share = workflow.cores // slots if slots else THREADS_OF_A_GPU
        return max(1, min(THREADS_OF_A_GPU, share)) * max(1, requested(rule))

    return threads


def needs_gpus():
    """Tell whether some job may request a GPU."""
    return any(map(gpus, environments_of_backbones())) or any(map(requested, STEPS))


def environments_of_backbones():
    """Return the environments that train the backbones."""
    said = {backbone.get("environment") for backbone in config["backbones"].values()}
    return said & set(environment_names())


def bound_gpus():
    """Bound the GPUs that jobs of this machine request at once, and return the bound: 0 where there is no GPU.

    With `--resources gpu=N` it is N, and a GPU is shared by as many jobs as that takes.
    """
    if not gpus_here:
        return 0
    most = max(map(requested, STEPS))
    if most > len(gpus_here):
        names = ", ".join(gpu.text for gpu in gpus_here)
        raise WorkflowError(
            f"--set-resources lets a job request {most} GPUs, and those that it may use are {len(gpus_here)} ({names}); "
            "request fewer, or list more in CUDA_VISIBLE_DEVICES"
        )
    bound = number(workflow.global_resources.get("gpu"))
    if not bound:
        free = [gpu for gpu in gpus_here if not is_taken(gpu)]
        bound = max(len(free), most, 1)
        workflow.register_resource("gpu", bound)
    os.environ[JOBS_PER_GPU] = str(-(-bound // len(gpus_here)))
    return bound


def say_which_gpus_are_left_alone():
    """Say of the GPUs of this machine that somebody else uses, if jobs of this call request one."""
    if any(job.resources.get("gpu") for job in workflow.dag.needrun_jobs()):
        say(use_of(gpu) for gpu in gpus_here if is_taken(gpu))


os.environ.pop(JOBS_PER_GPU, None)
try:
    gpus_here = pool() if is_at_work() and workflow.local_exec and needs_gpus() else []
    slots = bound_gpus()
except UserError as error:
    raise WorkflowError(str(error)) from None
