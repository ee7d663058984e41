rule train:
    """trains a network"""
    input:
        inputs("train"),
    output:
        **outputs("train"),
    log:
        log_of("train"),
    benchmark:
        benchmark_of("train")
    wildcard_constraints:
        recipe=recipes_that_begin_with("train"),
    # What waits for a training is short: another training that can start goes first.
    priority: 1
    conda:
        backbone_conda
    threads: backbone_threads("train")
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(1440),
    params:
        job=job("train"),
    shell:
        f"{GPU_JOB} --key {{wildcards.key:q}} --processes $(( {{resources.gpu}} > 1 ? {{resources.gpu}} : 1 )) > {{log:q}} 2>&1"


rule relabel:
    """labels the training scenes of a step by the network before it"""
    input:
        inputs("relabel"),
    output:
        **outputs("relabel"),
    log:
        log_of("relabel"),
    benchmark:
        benchmark_of("relabel")
    wildcard_constraints:
        recipe=one_of(
            name for name, recipe in config["recipes"].items() if "teaches" in recipe
        ),
    conda:
        backbone_conda
    threads: backbone_threads("relabel")
    resources:
        gpu=backbone_gpus,
        mem_mb=growing(16000),
        runtime=growing(360),
    params:
        job=job("relabel"),
    shell:
        f"{GPU_JOB} > {{log:q}} 2>&1"
