from snakemake.utils import min_version

min_version("9.0")


include: "rules/config.smk"


configfile: "config.yaml"


# Read by ourselves, as Snakemake's reading knows no lines, no `extends` and no null.
config = given.plain()


include: "rules/common.smk"
include: "rules/targets.smk"
include: "rules/gpus.smk"


report: "report/workflow.rst"


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
    """target: the table and the clouds; what a call without a target makes"""
    default_target: True
    input:
        target("all", select.selected_table, select.selected_clouds),


rule table:
    """target: the table alone"""
    input:
        target("table", select.selected_table),


rule outputs:
    """target: all that needs a network, and no score"""
    input:
        target("outputs", select.selected_outputs),


rule incremental:
    """target: the table of incremental learning"""
    input:
        target("incremental", select.incremental_table),


rule compare:
    """target: the table, and how it depends on the protocol"""
    input:
        target("compare", select.selected_table, select.selected_comparison),


rule pseudo_masks:
    """target: the points of training scenes that a network would mark as unknown"""
    input:
        target("pseudo_masks", select.selected_pseudo_masks),


rule protocols:
    """target: a page per protocol about what its splits contain, before any training"""
    input:
        target("protocols", select.selected_protocols),


rule scenes:
    """target: the prepared scenes"""
    input:
        target("scenes", select.selected_scenes),


rule environments:
    """target: a check of every environment"""
    input:
        target("environments", select.all_environments),
