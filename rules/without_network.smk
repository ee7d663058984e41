# Outputs of runs without a network. The ensemble's environment is not the backbone's, which may need a GPU.
rule ensemble:
    input:
        inputs("ensemble"),
    output:
        **outputs("ensemble"),
    log:
        log_of("ensemble"),
    benchmark:
        benchmark_of("ensemble")
    wildcard_constraints:
        recipe=recipes_that_begin_with("ensemble"),
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        job=job("ensemble"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"


rule import_outputs:
    input:
        inputs("import_outputs"),
    output:
        **outputs("import_outputs"),
    log:
        log_of("import_outputs"),
    benchmark:
        benchmark_of("import_outputs")
    wildcard_constraints:
        recipe=recipes_that_begin_with("import_outputs"),
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        job=job("import_outputs"),
    shell:
        f"{JOB} --shard {{wildcards.shard}} > {{log:q}} 2>&1"
