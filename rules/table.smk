rule draw_steps:
    input:
        inputs("draw_steps"),
    output:
        **outputs("draw_steps"),
    log:
        log_of("draw_steps"),
    benchmark:
        benchmark_of("draw_steps")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=job("draw_steps"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


rule make_table:
    input:
        inputs("make_table"),
    output:
        **outputs("make_table"),
    log:
        log_of("make_table"),
    benchmark:
        benchmark_of("make_table")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=job("make_table"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


rule compare_protocols:
    input:
        inputs("compare_protocols"),
    output:
        **outputs("compare_protocols"),
    log:
        log_of("compare_protocols"),
    benchmark:
        benchmark_of("compare_protocols")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=job("compare_protocols"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
