rule infer:
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
    threads: backbone_threads
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("infer"),
    shell:
        f"{JOB} --shard {{wildcards.shard}} > {{log:q}} 2>&1"


rule sample_training:
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
    threads: backbone_threads
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("sample_training"),
    shell:
        f"{JOB} > {{log:q}} 2>&1"
