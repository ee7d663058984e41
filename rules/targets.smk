# The targets of a call, and what it prints and shows of them.
from openworld3d.errors import run_command
from openworld3d.files import canonical_json, write_json, write_noted
from openworld3d.provenance.records import set_aside
from openworld3d.workflow import inputs as step_inputs, rows, shown
from openworld3d.workflow.plan import PLAN, read_plan, told_apart
from openworld3d.workflow.reached import everything_reached

# The outputs that each target of this call stands for, by its name, and those among them that are tables to be made.
targets = {}
new_tables = []


def target(name, *lists):
    """Return the input of a target: outputs, and the checks of the environments that their jobs run in.

    The checks are targets of their own: otherwise nothing would run one again that has failed since. So is the record
    of what is there without one.
    """

    def of_target(wildcards):
        if name not in targets:
            targets[name] = [made for made_of in lists for made in made_of()]
            run_command(lambda: begin(targets[name]))
        outputs = without_what_comes_along(targets[name])
        return [
            *map(keys.path, [*checks_behind(targets[name]), *outputs]),
            *records_missing(map(keys.places, outputs)),
        ]

    return of_target


def without_what_comes_along(outputs):
    """Return some outputs but for what is measured of the rows of a table that is to be made of that."""
    tables = [made for made in outputs if made.step == "make_table"]
    if all(keys.stands(made.step, made.wildcards) for made in tables):
        return outputs
    return [made for made in outputs if made.step != "measure"]


def begin(outputs):
    """Set aside what is damaged of a target's outputs, say why some are to be made, or show that all are there."""
    for path in shown.damaged(keys, outputs):
        if is_at_work():
            set_aside(path)
        say([f"{path} is not what was made and recorded: a run makes it anew."])
    missing = shown.missing(keys, outputs)
    if missing:
        new_tables.extend(made for made in missing if made.output == "markdown")
        say(shown.reasons(keys, outputs), "Why:")
    elif is_at_work() and all(map(is_there, checks_behind(outputs))):
        shown.show(keys, outputs)


def say(lines, heading=""):
    """Print lines to the terminal, if there are any, below their heading."""
    if lines and heading:
        lines = [heading, *(f"    {line}" for line in lines)]
    for line in lines:
        print(line, file=sys.stderr)


def is_there(made):
    """Tell whether an output lies there."""
    return Path(keys.path(made)).exists()


def records_missing(places):
    """Return the records that are not there of what is, so that it is not whole and is made again."""
    return [
        record
        for path, record in places
        if os.path.exists(path)
        and not os.path.exists(record)
        and not path.startswith("results/environments/")
    ]


def is_at_work():
    """Tell whether this call runs jobs: a dry run or a listing changes nothing."""
    return (
        workflow.executor_plugin is not None
        and workflow.is_main_process
        and not workflow.dryrun
        and not workflow.touch
    )


def looks_behind_what_stands():
    """Tell whether this call lists jobs or runs some that it need not."""
    forced = workflow.dag_settings.forcerun or workflow.dag_settings.forceall
    return workflow.executor_plugin is None or bool(forced)


def checks_behind(outputs):
    """Return the check of each environment that the jobs behind some outputs run in."""
    environments = {
        STEPS[result.step].environment(config, result.wildcards)
        for result in keys.behind(outputs)
    }
    return [made_check(environment) for environment in sorted(environments)]


def made_check(environment):
    """Return the check of an environment."""
    return Made("check_environment", "out", {"environment": environment})


def table_of(table):
    """Return a table, what its rows show, and the checks of its protocols."""
    files = [
        Made("make_table", output, {"table": table})
        for output in STEPS["make_table"].outputs
    ]
    return [
        *files,
        *checks_of_protocols(table),
        *step_inputs.of_rows("measure")(config, {"table": table}),
    ]


def checks_of_protocols(table):
    """Return the check of each protocol of a table, and its page."""
    return [
        made._replace(output=output)
        for made in step_inputs.checks_of_table(config, {"table": table})
        for output in STEPS[made.step].outputs
    ]


def selected_table():
    """Return the selected table and all that it shows."""
    return table_of(config["table"])


def selected_clouds():
    """Return the clouds of every row of the selected table."""
    return step_inputs.of_rows("export_clouds")(config, {"table": config["table"]})


def selected_comparison():
    """Return what says how the selected table's metrics move with its protocols."""
    return [
        Made("compare_protocols", output, {"table": config["table"]})
        for output in STEPS["compare_protocols"].outputs
    ]


def incremental_table():
    """Return the table and the figure of incremental learning."""
    return [
        *table_of("incremental"),
        Made("draw_steps", "out", {"table": "incremental"}),
    ]


def selected_outputs():
    """Return the outputs and training samples of every run of the selected table: all that runs a network."""
    table = config["table"]
    return [
        made
        for run in rows.rows_of_table(config, table)
        for made in [
            *step_inputs.all_outputs(config, run),
            *step_inputs.sample_of(config, run),
        ]
    ]


def selected_pseudo_masks():
    """Return the pseudo masks of every run of the selected table that has some, or end in a sentence where none has.

    What an input function raises Snakemake shows with a traceback.
    """
    table = config["table"]
    masks = [
        Made("export_pseudo_masks", "out", run)
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


def selected_protocols():
    """Return the check of each protocol of the selected table."""
    return checks_of_protocols(config["table"])


def selected_scenes():
    """Return the scenes of every split that the selected table needs."""
    protocols = config["tables"][config["table"]]["protocols"]
    return [
        made
        for name in protocols
        for made_of in (step_inputs.TRAINING_SCENES, step_inputs.EVALUATION_SCENES)
        for made in made_of(config, {"protocol": name})
    ]


def all_environments():
    """Return the check of every environment."""
    return [made_check(name) for name in environment_names()]


def chosen_rows(wildcards):
    """Return as JSON the rows of the selected table whose provenance is printed: the one that `row` names, or all."""
    listed = rows.rows_of_table(config, config["table"])
    chosen = [listed[config["row"] - 1]] if "row" in config else listed
    return canonical_json(
        [{**row, "record": keys.record("measure", row)} for row in chosen]
    )


def reached_file(wildcards):
    """Return a file that names the folders of results which some table of config.yaml or experiments/ reaches."""
    file = Path(".snakemake/reached.json")
    write_json(file, everything_reached(config, Path(workflow.basedir)))
    return file


def check_key(step, wildcards):
    """End in a sentence where the key of a job's outputs is not that of the config and code as they are.

    What an input function raises Snakemake shows with a traceback.
    """
    result = keys.result(step, wildcards)
    if result.key != wildcards.key:
        now = shown.plan_of(keys, keys.results.values())
        sys.exit(
            f"error: {told_apart(read_plan(PLAN), now, result.address, wildcards.key)}"
        )


onstart:
    gc.enable()
    cancel_left_behind()
    run_command(
        lambda: write_noted(PLAN, shown.plan_of(keys, keys.results.values()))
    )


def show_results():
    """Let the links lead to what the targets made, and print the tables that are new."""
    for outputs in targets.values():
        shown.show(keys, outputs)
    if not is_silent():
        for made in dict.fromkeys(map(keys.path, new_tables)):
            print(f"\n{Path(made).read_text()}", flush=True)


def say_what_is_still_shown():
    """Say by what the links are of an earlier config, if they are."""
    for outputs in targets.values():
        say(
            shown.what_is_still_shown(keys, outputs),
            "The links under results/ still show what was made before these changes:",
        )


onsuccess:
    run_command(show_results)
    run_command(say_what_is_still_shown)


onerror:
    run_command(say_what_is_still_shown)
