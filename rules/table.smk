rule draw_steps:
    """draws the steps of incremental learning"""
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
    """makes a table of CSV, Markdown and LaTeX"""
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


rule make_report:
    """makes a table's report: one page for a browser"""
    input:
        inputs("make_report"),
    output:
        **outputs("make_report"),
    log:
        log_of("make_report"),
    benchmark:
        benchmark_of("make_report")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        job=job("make_report"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


rule draw_figures:
    """draws a table's metrics, curves and scenes for papers"""
    input:
        inputs("draw_figures"),
    output:
        **outputs("draw_figures"),
    log:
        log_of("draw_figures"),
    benchmark:
        benchmark_of("draw_figures")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        job=job("draw_figures"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


rule compare_protocols:
    """compares a table's protocols, as numbers and as a figure"""
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
