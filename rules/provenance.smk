# Prints; run again whenever it is asked.
rule provenance:
    log:
        "logs/provenance.log",
    conda:
        "../envs/metrics.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        rows=chosen_rows,
    shell:
        "python workflow_scripts/show_provenance.py --rows {params.rows:q} 2>&1 | tee {log:q}"
