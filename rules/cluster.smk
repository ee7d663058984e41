# A killed Snakemake leaves its jobs in the queue. Those that have ended since count as done; those that have not are
# cancelled, as this call is about to send them again, and a training goes on from its last epoch.
onstart:
    join_history()
    left_behind = {
        job_id
        for job in workflow.dag.needrun_jobs()
        for job_id in workflow.persistence.external_jobids(job)
    }
    try:
        ended = end_orphans(left_behind)
    except UserError as error:
        raise WorkflowError(str(error)) from None
    if ended:
        print(
            f"Cancelled jobs that an earlier call left behind: {', '.join(ended)}",
            file=sys.stderr,
        )
