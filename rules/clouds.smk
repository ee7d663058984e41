rule export_clouds:
    input:
        script="workflow_scripts/export_clouds.py",
        scores=all_shards(SCORES),
        outputs=all_shards(OUTPUTS),
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        clouds=CLOUDS,
        provenance=record_file(CLOUDS),
    log:
        f"logs/export_clouds/{METHOD_LOG}.log",
    benchmark:
        f"logs/benchmarks/export_clouds/{METHOD_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        code=code("export_clouds.py"),
    shell:
        RECORD
        + "python {input.script} --scores {input.scores:q} --outputs {input.outputs:q} --scenes {input.scenes:q} "
        "--out {output.clouds:q} > {log:q} 2>&1"
