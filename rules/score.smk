rule score:
    input:
        script="workflow_scripts/score.py",
        outputs=OUTPUTS,
        sample=sample_of_score,
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        scores=SCORES,
        provenance=record_file(SCORES),
    log:
        f"logs/score/{SCORES_LOG}.log",
    benchmark:
        f"logs/benchmarks/score/{SCORES_LOG}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(10),
    params:
        code=code("score.py", score_module),
        config=slice_of(slices.score_slice, "score"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --outputs {input.outputs:q} --sample {input.sample:q} --scenes {input.scenes:q} "
        "--out {output.scores:q} > {log:q} 2>&1"
