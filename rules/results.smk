# These rules have no output: they print on every call.
rule provenance:
    log:
        "logs/provenance.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        rows=chosen_rows,
    shell:
        "python workflow_scripts/show_provenance.py --rows {params.rows:q} 2>&1 | tee {log:q}"


rule why:
    log:
        "logs/why.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        compared=[config.get(name, "") for name in ("this", "that")],
    shell:
        "python workflow_scripts/show_difference.py --keys {params.compared:q} 2>&1 | tee {log:q}"


rule prune:
    log:
        "logs/prune.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        reached=reached_file,
        really="--really" if config.get("really") in (True, "true") else "",
    shell:
        "python workflow_scripts/prune.py --reached {params.reached:q} {params.really} 2>&1 | tee {log:q}"
