# In place of a training, and without a GPU, since the network is not run. Its environment has a torch that reads a
# checkpoint without running code of it, which the backbone's need not have.
rule import_weights:
    """takes a trained checkpoint"""
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
        "../envs/pretrained.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        job=job("import_weights"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
