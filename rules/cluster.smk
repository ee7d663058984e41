if "snakemake_executor_plugin_slurm" in sys.modules:
    keep_jobs(sys.modules["snakemake_executor_plugin_slurm"])


def cancel_left_behind():
    """Cancel jobs of a killed Snakemake that this call would send a second time beside them.

    Those that have ended since count as done, and a training goes on from its last epoch.
    """
    left_behind = set()
    for job in workflow.dag.needrun_jobs():
        left_behind.update(workflow.persistence.external_jobids(job))
        if "record" in job.output.keys():
            left_behind.update(job_in_note(job.output.record))
    try:
        ended = end_orphans(left_behind)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    if ended:
        print(
            f"Cancelled jobs that an earlier call left behind: {', '.join(ended)}",
            file=sys.stderr,
        )
