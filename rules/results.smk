# These rules have no output: they print on every call, to the terminal that it is made from.
localrules:
    provenance,
    published,
    why,
    prune,


rule provenance:
    """prints what made the rows of the table; --config row=2 for one of them"""
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
        "printf %s {params.rows:q} | python workflow_scripts/show_provenance.py 2>&1 | tee {log:q}"


rule published:
    """prints what papers report beside what was measured"""
    log:
        "logs/published.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        compared=compared_rows,
    shell:
        "printf %s {params.compared:q} | python workflow_scripts/show_published.py 2>&1 | tee {log:q}"


rule why:
    """prints how two results differ, --config this=KEY that=KEY"""
    log:
        "logs/why.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        this=config.get("this", ""),
        that=config.get("that", ""),
    shell:
        "python workflow_scripts/show_difference.py --this={params.this:q} --that={params.that:q} 2>&1 | tee {log:q}"


rule prune:
    """prints what no table uses; --config really=true deletes it"""
    log:
        "logs/prune.log",
    conda:
        "../envs/metrics.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        reached=reached_file,
        really="--really" if config.get("really") else "",
    shell:
        "python workflow_scripts/prune.py --reached {params.reached:q} {params.really:q} 2>&1 | tee {log:q}"
