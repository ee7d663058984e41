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
        target("all", select.selected_table, select.selected_clouds),


rule table:
    input:
        target("table", select.selected_table),


rule outputs:
    input:
        target("outputs", select.selected_outputs),


rule incremental:
    input:
        target("incremental", select.incremental_table),


rule compare:
    input:
        target("compare", select.selected_table, select.selected_comparison),


rule pseudo_masks:
    input:
        target("pseudo_masks", select.selected_pseudo_masks),


rule protocols:
    input:
        target("protocols", select.selected_protocols),


rule scenes:
    input:
        target("scenes", select.selected_scenes),


rule environments:
    input:
        target("environments", select.all_environments),
