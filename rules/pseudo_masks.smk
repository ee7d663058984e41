rule export_pseudo_masks:
    input:
        script="workflow_scripts/export_pseudo_masks.py",
        weights=WEIGHTS,
        scenes=training_scenes,
        environment=backbone_environment,
    output:
        masks=PSEUDO_MASKS,
        provenance=record_file(PSEUDO_MASKS),
    log:
        f"logs/export_pseudo_masks/{RUN_LOG}.log",
    benchmark:
        f"logs/benchmarks/export_pseudo_masks/{RUN_LOG}.tsv"
    wildcard_constraints:
        recipe=one_of(
            name for name in config["recipes"] if slices.has_pseudo_masks(config, name)
        ),
    conda:
        backbone_conda
    threads: backbone_threads
    resources:
        gpu=backbone_cards,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        code=code("export_pseudo_masks.py", network_module, recipe_module),
        config=slice_of(slices.sample_slice, "protocol", "backbone", "recipe", "seed"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --weights {input.weights:q} --scenes {input.scenes:q} "
        "--out {output.masks:q} 2>&1 | tee {log:q}"
