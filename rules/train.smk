rule train:
    input:
        script="workflow_scripts/train.py",
        initial_weights=initial_weights,
        scenes=learnt_scenes,
        protocol=protocol_check,
        environment=backbone_environment,
    output:
        weights=WEIGHTS,
        history=HISTORY,
        provenance=record_file(WEIGHTS),
    log:
        f"logs/train/{RUN_LOG}.log",
    benchmark:
        f"logs/benchmarks/train/{RUN_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("train"),
    conda:
        backbone_conda
    threads: backbone_threads
    resources:
        gpu=backbone_cards,
        mem_mb=growing(16000),
        runtime=growing(1440),
    params:
        code=code("train.py", network_module, recipe_module),
        config=slice_of(slices.train_slice, "protocol", "backbone", "recipe", "seed"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --scenes {input.scenes:q} --protocol {input.protocol:q} --initial-weights {input.initial_weights:q} "
        "--processes $(( {resources.gpu} > 1 ? {resources.gpu} : 1 )) --weights {output.weights:q} --history {output.history:q} 2>&1 | tee {log:q}"


rule relabel:
    input:
        script="workflow_scripts/relabel.py",
        initial_weights=initial_weights,
        scenes=training_scenes,
        environment=backbone_environment,
    output:
        labels=LABELS,
        provenance=record_file(LABELS),
    log:
        f"logs/relabel/{RUN_LOG}.log",
    benchmark:
        f"logs/benchmarks/relabel/{RUN_LOG}.tsv"
    wildcard_constraints:
        recipe=one_of(
            name for name, recipe in config["recipes"].items() if "teaches" in recipe
        ),
    conda:
        backbone_conda
    threads: backbone_threads
    resources:
        gpu=backbone_cards,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        code=code("relabel.py", network_module, recipe_module),
        config=slice_of(slices.relabel_slice, "backbone", "recipe"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --weights {input.initial_weights:q} --scenes {input.scenes:q} "
        "--out {output.labels:q} > {log:q} 2>&1"
