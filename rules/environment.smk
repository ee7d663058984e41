# The page is written whatever is found, and is no output: Snakemake would remove it where the environment is not sound.
rule check_environment:
    """checks packages, GPU and driver of an environment before a job runs in it"""
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
    params:
        page=lambda wildcards: f"results/environments/{wildcards.environment}.md",
    shell:
        "python workflow_scripts/check_environment.py --environment {wildcards.environment:q} --out {output:q} "
        "--page {params.page:q} > {log:q} 2>&1"
