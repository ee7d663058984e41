rule check_environment:
    input:
        **command("check_environment.py"),
    output:
        "results/environments/{environment}.json",
    log:
        "logs/check_environment/{environment}.log",
    benchmark:
        "logs/benchmarks/check_environment/{environment}.tsv"
    conda:
        lambda wildcards: f"../envs/{wildcards.environment}.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    shell:
        "python {input.script} --environment {wildcards.environment} --out {output:q} > {log:q} 2>&1"
