# Outputs of runs without a network. The ensemble's environment is not the backbone's, which may need a GPU.
rule ensemble:
    """joins the outputs of several networks"""
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
    """takes logits or scores that other code saved"""
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
        f"{JOB} --shard {{wildcards.shard:q}} > {{log:q}} 2>&1"


rule import_sample:
    """takes the training sample that other code saved"""
    input:
        inputs("import_sample"),
    output:
        **outputs("import_sample"),
    log:
        log_of("import_sample"),
    benchmark:
        benchmark_of("import_sample")
    wildcard_constraints:
        recipe=recipes_that_begin_with("import_outputs"),
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        job=job("import_sample"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
