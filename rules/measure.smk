rule summarise:
    input:
        script="workflow_scripts/summarise.py",
        scores=SCORES,
        outputs=OUTPUTS,
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        statistics=STATISTICS,
        provenance=record_file(STATISTICS),
    log:
        f"logs/summarise/{SCORES_LOG}.log",
    benchmark:
        f"logs/benchmarks/summarise/{SCORES_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(10),
    params:
        code=code("summarise.py"),
        config=slice_of(slices.summarise_slice),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --scores {input.scores:q} --outputs {input.outputs:q} "
        "--scenes {input.scenes:q} --out {output.statistics:q} > {log:q} 2>&1"


rule measure:
    input:
        script="workflow_scripts/measure.py",
        statistics=all_shards(STATISTICS),
        before=statistics_before,
        scores=where_exact(SCORES),
        outputs=where_exact(OUTPUTS),
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        metrics=METRICS,
        replicates=REPLICATES,
        provenance=record_file(METRICS),
    log:
        f"logs/measure/{METHOD_LOG}.log",
    benchmark:
        f"logs/benchmarks/measure/{METHOD_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(10),
    params:
        code=code("measure.py"),
        config=slice_of(slices.measure_slice, "protocol", "recipe"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --statistics {input.statistics:q} --before {input.before:q} "
        "--scores {input.scores:q} --outputs {input.outputs:q} --scenes {input.scenes:q} --out {output.metrics:q} --replicates {output.replicates:q} > {log:q} 2>&1"
