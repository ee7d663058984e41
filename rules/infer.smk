rule infer:
    input:
        **command("infer.py"),
        backbone=backbone_files,
        recipe=recipe_files,
        weights=WEIGHTS,
        scenes=evaluation_scenes,
        environment=backbone_environment,
    output:
        outputs=OUTPUTS,
        provenance=record_file(OUTPUTS),
    log:
        f"logs/infer/{OUTPUTS_LOG}.log",
    benchmark:
        f"logs/benchmarks/infer/{OUTPUTS_LOG}.tsv"
    conda:
        backbone_conda
    threads: 8
    resources:
        gpu=backbone_cards,
        mem_mb=16000,
        runtime="6h",
    params:
        config=slice_of(slices.infer_slice, "backbone", "recipe", "coverage"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --weights {input.weights:q} --scenes {input.scenes:q} "
        "--out {output.outputs:q} 2>&1 | tee {log:q}"
