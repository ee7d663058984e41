rule summarise:
    input:
        **command("summarise.py"),
        scores=SCORES,
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        statistics=STATISTICS,
        provenance=record_file(STATISTICS),
    log:
        f"logs/summarise/{METHOD_LOG}.log",
    benchmark:
        f"logs/benchmarks/summarise/{METHOD_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    shell:
        RECORD
        + "python {input.script} --scores {input.scores:q} --scenes {input.scenes:q} --out {output.statistics:q} > {log:q} 2>&1"


rule measure:
    input:
        **command("measure.py"),
        statistics=STATISTICS,
        before=statistics_before,
        environment=environment("metrics"),
    output:
        metrics=METRICS,
        provenance=record_file(METRICS),
    log:
        f"logs/measure/{METHOD_LOG}.log",
    benchmark:
        f"logs/benchmarks/measure/{METHOD_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=8000,
    params:
        config=slice_of(slices.measure_slice, "protocol", "recipe"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --statistics {input.statistics:q} --before {input.before:q} --out {output.metrics:q} "
        "> {log:q} 2>&1"
