# A checkpoint, so that Snakemake looks again at what follows once it has run: what follows takes it as ancient, and
# while it waits to run Snakemake does not ask whether the rest has changed itself. The page is a log: Snakemake keeps it
# where the environment is not sound.
checkpoint check_environment:
    input:
        script="workflow_scripts/check_environment.py",
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
    params:
        code=code("check_environment.py"),
    shell:
        "python {input.script} --environment {wildcards.environment} --out {output:q} --page {log.page:q} "
        "> {log[0]:q} 2>&1"


# What all jobs of an environment wait for. They do not depend on the check itself, as Snakemake builds every job that
# depends on a checkpoint anew once it has run, and of ten thousand jobs all do.
rule found_sound:
    input:
        ancient("results/environments/{environment}.json"),
    output:
        touch("results/environments/{environment}.sound"),
