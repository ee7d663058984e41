# What a call is asked for, and what it says and shows of it.
from openworld3d.errors import run_command
from openworld3d.files import write_json, write_noted
from openworld3d.plugins import declared, plugin_names
from openworld3d.provenance.records import set_aside
from openworld3d.workflow import inputs as step_inputs, rows, shown
from openworld3d.workflow.plan import PLAN, read_plan, told_apart
from openworld3d.workflow.reached import everything_reached

# What this call is asked for: the targets by name, and the outputs of each.
asked = {}


def target(name, *lists):
    """Return the input of a target: outputs, and the checks of the environments that their jobs run in.

    The checks are targets of their own: otherwise nothing would run one again that has failed since. So is the record
    of what is there without one.
    """

    def of_target(wildcards):
        if name not in asked:
            asked[name] = [made for made_of in lists for made in made_of()]
            run_command(lambda: begin(name))
        wanted = without_what_comes_along(asked[name])
        return [
            *map(keys.path, [*checks_behind(asked[name]), *wanted]),
            *records_missing(map(keys.places, wanted)),
        ]

    return of_target


def without_what_comes_along(wanted):
    """Return some outputs but for what is measured of the rows of a table that is to be made of that."""
    tables = [made for made in wanted if made.step == "make_table"]
    if all(keys.stands(made.step, made.wildcards) for made in tables):
        return wanted
    return [made for made in wanted if made.step != "measure"]


def begin(name):
    """Set aside what is damaged of what is asked for, say what is new, and show what is there already."""
    for path in shown.damaged(keys, asked[name]):
        if is_at_work():
            set_aside(path)
        print(
            f"{path} is not what was made and recorded: a run makes it anew.",
            file=sys.stderr,
        )
    if shown.missing(keys, asked[name]):
        for line in shown.what_is_new(keys, asked[name]):
            print(line, file=sys.stderr)
    elif is_at_work() and all(map(is_there, checks_behind(asked[name]))):
        shown.show(keys, asked[name])


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


def checks_behind(wanted):
    """Return the check of each environment that the jobs behind some outputs run in."""
    environments = {
        STEPS[result.step].environment(config, result.wildcards)
        for result in keys.behind(wanted)
    }
    return [made_check(environment) for environment in sorted(environments)]


def made_check(environment):
    """Return the check of an environment."""
    return Made("check_environment", "out", {"environment": environment})


def made_of_rows(table, step):
    """Return what a step makes of each row of a table, in the order of the rows."""
    return [Made(step, "out", row) for row in rows.rows_of_table(config, table)]


def table_of(table):
    """Return a table, what its rows show, and the checks of its protocols."""
    files = [
        Made("make_table", output, {"table": table})
        for output in STEPS["make_table"].outputs
    ]
    return [
        *files,
        *checks_of_protocols(table),
        *made_of_rows(table, "measure"),
    ]


def checks_of_protocols(table):
    """Return the check of each protocol of a table, and its page."""
    return [
        made._replace(output=output)
        for made in step_inputs.checks_of_table(config, {"table": table})
        for output in STEPS[made.step].outputs
    ]


def wanted_table():
    """Return the wanted table and all that it shows."""
    return table_of(config["table"])


def wanted_clouds():
    """Return the clouds of every row of the wanted table."""
    return made_of_rows(config["table"], "export_clouds")


def wanted_comparison():
    """Return what says how the wanted table's metrics move with its protocols."""
    return [
        Made("compare_protocols", output, {"table": config["table"]})
        for output in STEPS["compare_protocols"].outputs
    ]


def incremental_table():
    """Return the table and the figure of the ways to teach unknown classes."""
    return [
        *table_of("incremental"),
        Made("draw_steps", "out", {"table": "incremental"}),
    ]


def wanted_outputs():
    """Return the outputs and training samples of every run of the wanted table: all that runs a network."""
    table = config["table"]
    return [
        made
        for run in rows.rows_of_table(config, table)
        for made in [
            *step_inputs.all_outputs(config, run),
            *step_inputs.sample_of(config, run),
        ]
    ]


def wanted_pseudo_masks():
    """Return the pseudo masks of every run of the wanted table that has some, or end in a sentence where none has.

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
        kinds = " or ".join(
            kind
            for kind in plugin_names("recipes")
            if declared("recipes", kind, "MARKS_UNKNOWN")
        )
        sys.exit(
            f"error: config: tables.{table}.methods has {found}, expected a recipe of kind {kinds}, as no other has "
            "pseudo masks; add one, or choose another table"
        )
    return masks


def wanted_protocols():
    """Return the check of each protocol of the wanted table."""
    return checks_of_protocols(config["table"])


def wanted_scenes():
    """Return the scenes of every split that the wanted table needs."""
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
    """Return as JSON the rows of the wanted table whose provenance is printed: the one that `row` names, or all."""
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


def show_what_was_asked():
    """Show what was asked for, where all of it is there."""
    for wanted in asked.values():
        shown.show(keys, wanted)


def say_what_is_still_shown():
    """Say by what the links are of an earlier config, if they are."""
    for wanted in asked.values():
        for line in shown.what_is_still_shown(keys, wanted):
            print(line, file=sys.stderr)


onsuccess:
    run_command(show_what_was_asked)
    run_command(say_what_is_still_shown)


onerror:
    run_command(say_what_is_still_shown)
