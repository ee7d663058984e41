if "snakemake_executor_plugin_slurm" in sys.modules:
    keep_jobs(sys.modules["snakemake_executor_plugin_slurm"])


# A killed Snakemake leaves its jobs in the queue. Those that have ended since count as done; those that have not are
# cancelled, as this call is about to send them again, and a training goes on from its last epoch.
onstart:
    gc.enable()
    join_history()
    left_behind = set()
    for job in workflow.dag.needrun_jobs():
        left_behind.update(workflow.persistence.external_jobids(job))
        if "provenance" in job.output.keys():
            left_behind.update(job_in_record(Path(job.output.provenance)))
    try:
        ended = end_orphans(left_behind)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    if ended:
        print(
            f"Cancelled jobs that an earlier call left behind: {', '.join(ended)}",
            file=sys.stderr,
        )
