# A checkpoint, so that Snakemake looks again at what depends on it once it has run: the dependents take its output as
# ancient, and while it waits to run Snakemake does not ask whether they have changed themselves. The page is a log:
# Snakemake keeps it where the environment is not sound.
checkpoint check_environment:
    input:
        **command("check_environment.py"),
    output:
        "results/environments/{environment}.json",
    log:
        "logs/check_environment/{environment}.log",
        page="results/environments/{environment}.md",
    benchmark:
        "logs/benchmarks/check_environment/{environment}.tsv"
    conda:
        lambda wildcards: f"../envs/{wildcards.environment}.yaml"
    threads: 1
    resources:
        gpu=lambda wildcards: cards(wildcards.environment),
        mem_mb=growing(2000),
        runtime=growing(10),
        checks=1,
    shell:
        "python {input.script} --environment {wildcards.environment} --out {output:q} --page {log.page:q} "
        "> {log[0]:q} 2>&1"
