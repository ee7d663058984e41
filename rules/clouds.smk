rule export_clouds:
    """writes evaluation scenes coloured by score"""
    input:
        inputs("export_clouds"),
    output:
        **outputs("export_clouds"),
    log:
        log_of("export_clouds"),
    benchmark:
        benchmark_of("export_clouds")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        job=job("export_clouds"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
