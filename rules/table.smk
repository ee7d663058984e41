rule draw_steps:
    input:
        script="workflow_scripts/draw_steps.py",
        metrics=metrics_of_rows,
        environment=environment("metrics"),
    output:
        figure="results/figures/{table}.svg",
        provenance=record_file("results/figures/{table}.svg"),
    log:
        "logs/draw_steps/{table}.log",
    benchmark:
        "logs/benchmarks/draw_steps/{table}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("draw_steps.py"),
        config=slice_of(rows.steps_slice, "table"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --metrics {input.metrics:q} --out {output.figure:q} "
        "> {log:q} 2>&1"


rule make_table:
    input:
        script="workflow_scripts/make_table.py",
        metrics=metrics_of_rows,
        replicates=replicates_of_rows,
        checks=checks_of_rows,
        environment=environment("metrics"),
    output:
        csv="results/tables/{table}.csv",
        markdown="results/tables/{table}.md",
        tex="results/tables/{table}.tex",
        differences="results/tables/{table}.differences.csv",
        provenance=record_file("results/tables/{table}.csv"),
    log:
        "logs/make_table/{table}.log",
    benchmark:
        "logs/benchmarks/make_table/{table}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("make_table.py"),
        config=slice_of(rows.table_slice, "table"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --metrics {input.metrics:q} --replicates {input.replicates:q} "
        "--csv {output.csv:q} --markdown {output.markdown:q} --tex {output.tex:q} --differences {output.differences:q} > {log:q} 2>&1"


rule compare_protocols:
    input:
        script="workflow_scripts/compare_protocols.py",
        metrics=metrics_of_rows,
        environment=environment("metrics"),
    output:
        csv="results/tables/{table}.protocols.csv",
        markdown="results/tables/{table}.protocols.md",
        figure="results/figures/{table}.protocols.svg",
        provenance=record_file("results/tables/{table}.protocols.csv"),
    log:
        "logs/compare_protocols/{table}.log",
    benchmark:
        "logs/benchmarks/compare_protocols/{table}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        code=code("compare_protocols.py"),
        config=slice_of(rows.table_slice, "table"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --metrics {input.metrics:q} --csv {output.csv:q} "
        "--markdown {output.markdown:q} --figure {output.figure:q} > {log:q} 2>&1"
