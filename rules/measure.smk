rule measure:
    """computes all metrics of a method"""
    input:
        inputs("measure"),
    output:
        **outputs("measure"),
    log:
        log_of("measure"),
    benchmark:
        benchmark_of("measure")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(10),
    params:
        job=job("measure"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
