rule generate_rooms:
    input:
        inputs("generate_rooms"),
    output:
        **outputs("generate_rooms"),
    log:
        log_of("generate_rooms"),
    benchmark:
        benchmark_of("generate_rooms")
    wildcard_constraints:
        dataset=datasets_generated_by("generate_rooms"),
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        job=job("generate_rooms"),
    shell:
        f"{JOB} --workers {{threads}} > {{log:q}} 2>&1"


rule generate_streets:
    input:
        inputs("generate_streets"),
    output:
        **outputs("generate_streets"),
    log:
        log_of("generate_streets"),
    benchmark:
        benchmark_of("generate_streets")
    wildcard_constraints:
        dataset=datasets_generated_by("generate_streets"),
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        job=job("generate_streets"),
    shell:
        f"{JOB} --workers {{threads}} > {{log:q}} 2>&1"


rule prepare:
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
        f"{JOB} --code {{params.code}} --workers {{threads}} > {{log:q}} 2>&1"


# Before any training: it refuses what no table could answer.
rule check_protocol:
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
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        job=job("check_protocol"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
