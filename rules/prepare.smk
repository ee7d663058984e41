for generator in ("generate_rooms", "generate_streets", "generate_street_anomalies"):

    rule:
        """generates the raw scans of a dataset that says generate"""
        name:
            generator
        input:
            inputs(generator),
        output:
            **outputs(generator),
        log:
            log_of(generator),
        benchmark:
            benchmark_of(generator)
        wildcard_constraints:
            dataset=datasets_generated_by(generator),
        conda:
            "../envs/metrics.yaml"
        threads: 2
        resources:
            mem_mb=growing(4000),
            runtime=growing(240),
        params:
            job=job(generator),
        shell:
            f"{JOB} --workers {{threads}} > {{log:q}} 2>&1"


rule prepare:
    """reads a split's raw scans and writes scenes"""
    input:
        inputs("prepare"),
    output:
        **outputs("prepare"),
    log:
        log_of("prepare"),
    benchmark:
        benchmark_of("prepare")
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        job=job("prepare"),
        code=lambda wildcards: keys.result("prepare", wildcards).parts["code"]
        + keys.result("prepare", wildcards).parts["environment"],
    shell:
        f"{JOB} --code {{params.code:q}} --workers {{threads}} > {{log:q}} 2>&1"


rule label_evaluation:
    """labels evaluation scenes as their protocol does"""
    input:
        inputs("label_evaluation"),
    output:
        **outputs("label_evaluation"),
    log:
        log_of("label_evaluation"),
    benchmark:
        benchmark_of("label_evaluation")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        job=job("label_evaluation"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


# Before any training: it refuses what no table could answer.
rule check_protocol:
    """checks and counts what the splits of a protocol contain"""
    input:
        inputs("check_protocol"),
    output:
        **outputs("check_protocol"),
    log:
        log_of("check_protocol"),
    benchmark:
        benchmark_of("check_protocol")
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=job("check_protocol"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
