# The page is written whatever is found, and is no output: Snakemake would remove it where the environment is not sound.
rule check_environment:
    output:
        outputs("check_environment")["out"],
    log:
        "logs/check_environment/{environment}.{key}.log",
    benchmark:
        "logs/benchmarks/check_environment/{environment}.{key}.tsv"
    conda:
        lambda wildcards: f"../envs/{wildcards.environment}.yaml"
    resources:
        gpu=lambda wildcards: gpus(wildcards.environment),
        mem_mb=growing(2000),
        runtime=growing(10),
    shell:
        "python workflow_scripts/check_environment.py --environment {wildcards.environment} --out {output:q} "
        "--page results/environments/{wildcards.environment}.md > {log:q} 2>&1"
