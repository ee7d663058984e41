# What the wanted table needs: rows, and the files of each; and every environment.


def all_scenes():
    """Return the manifests of every split that the wanted table needs."""
    protocols = config["tables"][config["table"]]["protocols"]
    return sorted(
        {
            path
            for name in protocols
            for role in ("train", "evaluate")
            for path in manifests(name, role)
        }
    )


def checked_environments(table):
    """Return the check of each environment that the jobs of a table run in.

    It is a target: jobs wait for the file that says it went well, and of a check that failed since nobody would ask.
    """
    names = {"metrics"}
    for row in rows.rows_of_table(config, table):
        begins = slices.begins_with(config, row["recipe"])
        if begins != "import_outputs":
            names.add(config["backbones"][row["backbone"]]["environment"])
        if begins in ("ensemble", "import_weights"):
            names.add("cpu")
    return expand("results/environments/{environment}.json", environment=sorted(names))


def table_files():
    """Return the files of the wanted table."""
    return expand(
        "results/tables/{table}.{suffix}",
        table=config["table"],
        suffix=["csv", "md", "tex"],
    )


def compared_files():
    """Return the files that say how the wanted table's metrics move with its protocols."""
    table = config["table"]
    return [
        f"results/tables/{table}.protocols.md",
        f"results/figures/{table}.protocols.svg",
    ]


def files_of_rows(pattern, table):
    """Return a file of each row of a table, in the order of the rows."""
    return [pattern.format(**row) for row in rows.rows_of_table(config, table)]


def chosen_rows(wildcards):
    """Return as JSON the rows of the wanted table whose provenance is printed: the one that `row` names, or all."""
    listed = rows.rows_of_table(config, config["table"])
    named = [{**row, "metrics": METRICS.format(**row)} for row in listed]
    return canonical_json([named[config["row"] - 1]] if "row" in config else named)


def all_outputs():
    """Return the outputs and training samples of every run of the wanted table: all that asks for a network."""
    files = set()
    for row in rows.rows_of_table(config, config["table"]):
        files.update(shards(OUTPUTS, row))
        if slices.has_sample(config, row["recipe"]):
            files.add(SAMPLE.format(**row))
    return sorted(files)


def pseudo_masks(wildcards):
    """Return the pseudo masks of every run of the wanted table that has some, or end in a sentence where none has.

    What an input function raises Snakemake shows with a traceback.
    """
    table = config["table"]
    masks = [
        PSEUDO_MASKS.format(**run)
        for run in rows.runs_of_table(config, table)
        if slices.has_pseudo_masks(config, run["recipe"])
    ]
    if not masks:
        found = ", ".join(config["tables"][table]["methods"])
        sys.exit(
            f"error: config: tables.{table}.methods has {found}, expected a recipe of kind pdf, as no other has pseudo "
            "masks; add one, or choose another table"
        )
    return masks


def metrics_of_rows(wildcards):
    """Return the metrics of each row of a table."""
    return files_of_rows(METRICS, wildcards.table)


def replicates_of_rows(wildcards):
    """Return the metrics of drawn scenes of each row of a table."""
    return files_of_rows(REPLICATES, wildcards.table)


def check_of(protocol):
    """Return the check of a protocol, whose name changes with everything that would train again."""
    return CHECK.format(protocol=protocol, taught=slices.taught(config, protocol))


def protocol_check(wildcards):
    """Return the check of a run's protocol; a check that runs again does not train again."""
    return ancient(check_of(wildcards.protocol))


def protocol_checks(table):
    """Return the check of each protocol of a table."""
    return [check_of(protocol) for protocol in config["tables"][table]["protocols"]]


def checks_of_rows(wildcards):
    """Return the check of each protocol of a table."""
    return protocol_checks(wildcards.table)


def cloud_manifests():
    """Return the clouds of every row of the wanted table."""
    return files_of_rows(CLOUDS, config["table"])


def environment_checks():
    """Return the check of every environment."""
    return expand(
        "results/environments/{environment}.json", environment=environment_names()
    )
