# In place of a training; without a GPU, as no network runs. Were its environment the backbone's,
# Snakemake would print no container recipe, since the default experiment has no such job.
rule import_weights:
    input:
        inputs("import_weights"),
    output:
        **outputs("import_weights"),
    log:
        log_of("import_weights"),
    benchmark:
        benchmark_of("import_weights")
    wildcard_constraints:
        recipe=recipes_that_begin_with("import_weights"),
    conda:
        "../envs/cpu.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        job=job("import_weights"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
