rule train:
    input:
        **command("train.py"),
        backbone=backbone_files,
        recipe=recipe_files,
        initial_weights=initial_weights,
        scenes=training_scenes,
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
        mem_mb=16000,
        runtime="3d",
    params:
        config=slice_of(slices.train_slice, "protocol", "backbone", "recipe", "seed"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --scenes {input.scenes:q} --protocol {input.protocol:q} --initial-weights {input.initial_weights:q} "
        "--processes $(( {resources.gpu} > 1 ? {resources.gpu} : 1 )) --weights {output.weights:q} --history {output.history:q} 2>&1 | tee {log:q}"
