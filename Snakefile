from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/wanted.smk"


containerized: config.get("container")


include: "rules/cluster.smk"
include: "rules/environment.smk"
include: "rules/prepare.smk"
include: "rules/train.smk"
include: "rules/pretrained.smk"
include: "rules/infer.smk"
include: "rules/without_network.smk"
include: "rules/pseudo_masks.smk"
include: "rules/score.smk"
include: "rules/measure.smk"
include: "rules/table.smk"
include: "rules/clouds.smk"
include: "rules/provenance.smk"


rule all:
    default_target: True
    input:
        checked_environments(config["table"]),
        table_files(),
        cloud_manifests(),


rule table:
    input:
        checked_environments(config["table"]),
        table_files(),


rule outputs:
    input:
        checked_environments(config["table"]),
        all_outputs(),


rule incremental:
    input:
        checked_environments("incremental"),
        expand("results/tables/incremental.{suffix}", suffix=["csv", "md", "tex"]),
        "results/figures/incremental.svg",


rule compare:
    input:
        checked_environments(config["table"]),
        table_files(),
        compared_files(),


rule pseudo_masks:
    input:
        checked_environments(config["table"]),
        pseudo_masks,


rule protocols:
    input:
        protocol_checks(config["table"]),


rule scenes:
    input:
        all_scenes(),


rule environments:
    input:
        environment_checks(),
