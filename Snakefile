from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/targets.smk"


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
include: "rules/results.smk"


rule all:
    default_target: True
    input:
        target("all", selected_table, selected_clouds),


rule table:
    input:
        target("table", selected_table),


rule outputs:
    input:
        target("outputs", selected_outputs),


rule incremental:
    input:
        target("incremental", incremental_table),


rule compare:
    input:
        target("compare", selected_table, selected_comparison),


rule pseudo_masks:
    input:
        target("pseudo_masks", selected_pseudo_masks),


rule protocols:
    input:
        target("protocols", selected_protocols),


rule scenes:
    input:
        target("scenes", selected_scenes),


rule environments:
    input:
        target("environments", all_environments),
