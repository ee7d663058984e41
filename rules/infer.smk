rule infer:
    """runs a network on the evaluation scenes"""
    input:
        inputs("infer"),
    output:
        **outputs("infer"),
    log:
        log_of("infer"),
    benchmark:
        benchmark_of("infer")
    wildcard_constraints:
        recipe=recipes_that_begin_with("train", "import_weights", "infer"),
    conda:
        backbone_conda
    threads: backbone_threads("infer")
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("infer"),
    shell:
        f"{GPU_JOB} --shard {{wildcards.shard:q}} > {{log:q}} 2>&1"


rule sample_training:
    """draws the training voxels on which scores are fitted"""
    input:
        inputs("sample_training"),
    output:
        **outputs("sample_training"),
    log:
        log_of("sample_training"),
    benchmark:
        benchmark_of("sample_training")
    wildcard_constraints:
        recipe=recipes_that_begin_with("train", "import_weights", "infer"),
    conda:
        backbone_conda
    threads: backbone_threads("sample_training")
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("sample_training"),
    shell:
        f"{GPU_JOB} > {{log:q}} 2>&1"
