rule generate_rooms:
    input:
        script="workflow_scripts/generate_rooms.py",
        environment=environment("metrics"),
    output:
        raw=directory(RAW),
        provenance=record_file(RAW),
    log:
        "logs/generate_rooms/{dataset}.log",
    benchmark:
        "logs/benchmarks/generate_rooms/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_of_layout("scannet"),
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        code=code("generate_rooms.py"),
        config=slice_of(slices.generate_slice, "dataset"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --workers {threads} --out {output.raw:q} > {log:q} 2>&1"


rule generate_streets:
    input:
        script="workflow_scripts/generate_streets.py",
        environment=environment("metrics"),
    output:
        raw=directory(RAW),
        provenance=record_file(RAW),
    log:
        "logs/generate_streets/{dataset}.log",
    benchmark:
        "logs/benchmarks/generate_streets/{dataset}.tsv"
    wildcard_constraints:
        dataset=datasets_of_layout("semantickitti"),
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        code=code("generate_streets.py"),
        config=slice_of(slices.generate_slice, "dataset"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --workers {threads} --out {output.raw:q} > {log:q} 2>&1"


rule prepare:
    input:
        script="workflow_scripts/prepare.py",
        raw=generated_scans,
        environment=environment("metrics"),
    output:
        scenes=SCENES,
        provenance=record_file(SCENES),
    log:
        "logs/prepare/{dataset}.{split}.log",
    benchmark:
        "logs/benchmarks/prepare/{dataset}.{split}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 2
    resources:
        mem_mb=growing(4000),
        runtime=growing(240),
    params:
        code=code("prepare.py", layout_module),
        config=slice_of(slices.prepare_slice, "dataset", "split"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --workers {threads} --out {output.scenes:q} > {log:q} 2>&1"


# Before any training, which takes it as ancient: a change to evaluation scenes must not train again. A checkpoint for
# the reason that check_environment is one.
checkpoint check_protocol:
    input:
        script="workflow_scripts/check_protocol.py",
        train=training_scenes,
        evaluate=evaluation_scenes,
        environment=environment("metrics"),
    output:
        check=CHECK,
        page=CHECK_PAGE,
        provenance=record_file(CHECK),
    log:
        "logs/check_protocol/{protocol}.{taught}.log",
    benchmark:
        "logs/benchmarks/check_protocol/{protocol}.{taught}.tsv"
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
        checks=1,
    params:
        code=code("check_protocol.py"),
        config=slice_of(slices.protocol_slice, "protocol"),
    shell:
        RECORD_WITH_CONFIG
        + "python {input.script} --config {params.config:q} --train {input.train:q} --evaluate {input.evaluate:q} "
        "--out {output.check:q} --page {output.page:q} > {log:q} 2>&1"
