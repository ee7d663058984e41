rule score:
    """computes a score from the outputs of a network"""
    input:
        inputs("score"),
    output:
        **outputs("score"),
    log:
        log_of("score"),
    benchmark:
        benchmark_of("score")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(10),
    params:
        job=job("score"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
