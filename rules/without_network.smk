# Outputs of runs in which no network is asked. The ensemble's environment is not the backbone's, which may want a card.
rule ensemble:
    input:
        script="workflow_scripts/ensemble.py",
        members=members,
        environment=environment("cpu"),
    output:
        outputs=OUTPUTS,
        provenance=record_file(OUTPUTS),
    log:
        f"logs/ensemble/{OUTPUTS_LOG}.log",
    benchmark:
        f"logs/benchmarks/ensemble/{OUTPUTS_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("ensemble"),
    conda:
        "../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        code=code("ensemble.py"),
        config=slice_of(slices.stored_slice),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --members {input.members:q} --out {output.outputs:q} > {log:q} 2>&1"


rule import_outputs:
    input:
        script="workflow_scripts/import_outputs.py",
        saved=saved_files,
        scenes=evaluation_scenes,
        environment=environment("metrics"),
    output:
        outputs=OUTPUTS,
        provenance=record_file(OUTPUTS),
    log:
        f"logs/import_outputs/{OUTPUTS_LOG}.log",
    benchmark:
        f"logs/benchmarks/import_outputs/{OUTPUTS_LOG}.tsv"
    wildcard_constraints:
        recipe=recipes_that_begin_with("import_outputs"),
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        code=code("import_outputs.py"),
        config=slice_of(slices.saved_slice, "protocol", "recipe"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --scenes {input.scenes:q} --shard {wildcards.shard} "
        "--out {output.outputs:q} > {log:q} 2>&1"
