# In place of a training; without a card, as nothing runs through the network. Were its environment the backbone's,
# Snakemake would print no container recipe, since the default experiment has no such job.
rule import_weights:
    input:
        script="workflow_scripts/import_weights.py",
        checkpoint=released_checkpoint,
        scenes=evaluation_scenes,
        protocol=protocol_check,
        environment=environment("cpu"),
    output:
        weights=WEIGHTS,
        provenance=record_file(WEIGHTS),
    log:
        f"logs/import_weights/{RUN_LOG}.log",
    benchmark:
        f"logs/benchmarks/import_weights/{RUN_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("import_weights"),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        code=code("import_weights.py", network_module),
        config=slice_of(slices.import_slice, "protocol", "backbone", "recipe"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --checkpoint {input.checkpoint:q} --scenes {input.scenes:q} "
        "--weights {output.weights:q} 2>&1 | tee {log:q}"
