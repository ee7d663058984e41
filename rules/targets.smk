# The targets of a call, and what it prints and shows of them.
import signal

from openworld3d.errors import run_command
from openworld3d.files import canonical_json, write_json, write_noted
from openworld3d.provenance.records import set_aside
from openworld3d.workflow import rows, shown, targets as select
from openworld3d.workflow.inputs import made_check
from openworld3d.workflow.places import located
from openworld3d.workflow.plan import PLAN, read_plan, told_apart
from openworld3d.workflow.reached import everything_reached

# The outputs that each target of this call stands for, by its name, and those among them that are to be made.
targets = {}
new = []
# Set for the calls of Snakemake that run jobs on a cluster: the call that submitted them forces some to run again.
FORCED = "OPENWORLD3D_FORCED"


def target(name, *lists):
    """Return the input of a target: outputs, and the checks of the environments that their jobs run in.

    The checks are targets of their own: otherwise nothing would run one again that has failed since. So is the record
    of what is there without one.
    """

    def of_target(wildcards):
        if name not in targets:
            run_command(lambda: begin(name, lists))
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


def begin(name, lists):
    """List a target's outputs; set aside what is damaged, say why some are to be made, or show that all are there.

    Checks of environments have no record: each is made where it is not there.
    """
    with located(given):
        outputs = [made for made_of in lists for made in made_of(config)]
    targets[name] = outputs
    for path in shown.damaged(keys, outputs):
        if is_at_work():
            set_aside(path)
        say([f"{path} differs from its record; the next run makes it again."])
    recorded = [made for made in outputs if made.step != "check_environment"]
    missing = shown.missing(keys, recorded)
    if missing:
        new.extend(missing)
        say(shown.reasons(keys, recorded), "Why:")
    elif is_at_work() and all(map(is_there, checks_behind(recorded))):
        shown.show(keys, recorded)


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
    return workflow.executor_plugin is None or is_forced()


def is_forced():
    """Tell whether this call runs jobs again that it need not."""
    return bool(workflow.dag_settings.forcerun or workflow.dag_settings.forceall)


def checks_behind(outputs):
    """Return the check of each environment that the jobs behind some outputs run in."""
    environments = {
        STEPS[result.step].environment(config, result.wildcards)
        for result in keys.behind(outputs)
    }
    return [made_check(environment) for environment in sorted(environments)]


def chosen_rows(wildcards):
    """Return as JSON the rows of the selected table whose provenance is printed: the one that `row` names, or all."""
    listed = rows.rows_of_table(config, config["table"])
    chosen = [listed[config["row"] - 1]] if "row" in config else listed
    return canonical_json(
        [{**row, "record": keys.record("measure", row)} for row in chosen]
    )


def compared_rows(wildcards):
    """Return as JSON the published rows that the selected table is held against, and where their metrics would lie."""
    compared = rows.compared_with_papers(config, config["table"])
    paths = [
        [keys.path(Made("measure", "out", row)) for row in ours] for _, ours in compared
    ]
    found = [
        {**theirs, "measured": measured}
        for (theirs, _), measured in zip(compared, paths)
    ]
    return canonical_json({"table": config["table"], "rows": found})


def reached_file(wildcards):
    """Return a file that names the folders of results which some table of config.yaml or experiments/ reaches."""
    file = Path(".snakemake/reached.json")
    run_command(lambda: write_reached(file))
    return file


def write_reached(file):
    """Write which folders of results are reached; raises UserError where a table cannot be made."""
    with located(given):
        write_json(file, everything_reached(config, Path(workflow.basedir)))


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


def end_with_terminal():
    """Let a terminal that closes be as Ctrl-C: it ends jobs of this machine, and Snakemake unlocks the folder."""
    if workflow.local_exec and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


onstart:
    gc.enable()
    os.environ[FORCED] = "yes" if is_forced() else ""
    end_with_terminal()
    cancel_left_behind()
    say_which_gpus_are_left_alone()
    run_command(
        lambda: write_noted(PLAN, shown.plan_of(keys, keys.results.values()))
    )


def show_results():
    """Let the links lead to what the targets made, and print the tables that are new."""
    for outputs in targets.values():
        shown.show(keys, outputs)
    if not is_silent():
        made_now = list(filter(is_there, new))  # none where `--until` ends before
        tables = [made for made in made_now if made.output == "markdown"]
        for path in dict.fromkeys(map(keys.path, tables)):
            print(f"\n{Path(path).read_text(encoding='utf-8')}", flush=True)
        if made_now:
            print("\n".join(shown.places_to_look(made_now)), flush=True)


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
