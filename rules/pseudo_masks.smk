rule export_pseudo_masks:
    """writes which points of training scenes a network would mark as unknown"""
    input:
        inputs("export_pseudo_masks"),
    output:
        **outputs("export_pseudo_masks"),
    log:
        log_of("export_pseudo_masks"),
    benchmark:
        benchmark_of("export_pseudo_masks")
    wildcard_constraints:
        recipe=one_of(
            name for name in config["recipes"] if slices.has_pseudo_masks(config, name)
        ),
    conda:
        backbone_conda
    threads: backbone_threads("export_pseudo_masks")
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("export_pseudo_masks"),
    shell:
        f"{GPU_JOB} > {{log:q}} 2>&1"
