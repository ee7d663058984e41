rule infer:
    input:
        script="workflow_scripts/infer.py",
        weights=network_weights,
        scenes=evaluation_scenes,
        environment=backbone_environment,
    output:
        outputs=OUTPUTS,
        provenance=record_file(OUTPUTS),
    log:
        f"logs/infer/{OUTPUTS_LOG}.log",
    benchmark:
        f"logs/benchmarks/infer/{OUTPUTS_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("train", "import_weights", "infer"),
    conda:
        backbone_conda
    threads: backbone_threads
    resources:
        gpu=backbone_cards,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        code=code("infer.py", network_module, recipe_module),
        config=slice_of(slices.infer_slice, "backbone", "recipe", "coverage"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --weights {input.weights:q} --scenes {input.scenes:q} "
        "--shard {wildcards.shard} --out {output.outputs:q} 2>&1 | tee {log:q}"


rule sample_training:
    input:
        script="workflow_scripts/sample_training.py",
        weights=network_weights,
        scenes=training_scenes,
        environment=backbone_environment,
    output:
        sample=SAMPLE,
        provenance=record_file(SAMPLE),
    log:
        f"logs/sample_training/{RUN_LOG}.log",
    benchmark:
        f"logs/benchmarks/sample_training/{RUN_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("train", "import_weights", "infer"),
    conda:
        backbone_conda
    threads: backbone_threads
    resources:
        gpu=backbone_cards,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        code=code("sample_training.py", network_module, recipe_module),
        config=slice_of(slices.sample_slice, "protocol", "backbone", "recipe", "seed"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --weights {input.weights:q} --scenes {input.scenes:q} "
        "--out {output.sample:q} 2>&1 | tee {log:q}"
