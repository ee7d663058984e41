"""Links that people open, named without keys: what the last call that ended well has made."""

from __future__ import annotations

import os
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Dict, Iterable

from openworld3d.files import temporary_sibling, whole_folder, write_noted
from openworld3d.provenance.code import code_of, digest_of_code
from openworld3d.provenance.records import DAMAGED, SUFFIX, wrong_file
from openworld3d.workflow.inputs import Made
from openworld3d.workflow.keys import Keys, Result
from openworld3d.workflow.plan import SHOWN, Plan, differences, read_plan, sentences
from openworld3d.workflow.steps import RUN, STEPS

CURRENT = "current"
MOST_REASONS = 20
CLOUDS = f"{STEPS['export_clouds'].shown}/clouds/"
Links = Dict[Path, Path]  # a link's place, and what it leads to


def plan_of(keys: Keys, results: Iterable[Result]) -> Plan:
    """Return what makes each of some results."""
    plan: Plan = {"results": {}, "code": {}}
    for result in results:
        kind, wildcards = STEPS[result.step], dict(result.wildcards)
        plan["results"][result.address] = {"key": result.key, "parts": result.parts, "wildcards": wildcards}
        code = (kind.script, tuple(kind.modules(keys.config, result.wildcards)), kind.ignores)
        plan["code"][digest_of_code(*code)] = code_of(*code)
    return plan


def missing(keys: Keys, targets: Iterable[Made]) -> list[Made]:
    """Return those of some outputs that are not there, or without the record that is written once they are whole."""
    return [made for made in targets if not all(map(os.path.exists, keys.places(made)))]


def damaged(keys: Keys, targets: Iterable[Made]) -> list[Path]:
    """Return those of some outputs that lie there and are not what was recorded when they were made."""
    there = [places for places in map(keys.places, targets) if all(map(os.path.exists, places))]
    return [path for path, record in (map(Path, places) for places in there) if wrong_file(path, record)]


def reasons(keys: Keys, targets: list[Made]) -> list[str]:
    """Return a line for each reason why results are to be made: a change since what the links show, or they are new.

    Consequences of other results are left out.
    """
    before = read_plan(SHOWN)
    if not before["results"]:
        return ["there are no complete results here yet"]
    to_make = [
        result for result in keys.behind(targets) if not any(Path(result.folder, result.key).rglob(f"*{SUFFIX}"))
    ]
    gone = Counter(
        (STEPS[result.step].noun, "new" if result.address not in before["results"] else "not there any more")
        for result in to_make
        if key_shown(before, result) in (None, result.key)
    )
    lines = sentences({**differences(before, plan_of(keys, to_make)), **gone})
    more = [f"and {len(lines) - MOST_REASONS} more"] if len(lines) > MOST_REASONS else []
    return [*lines[:MOST_REASONS], *more]


def what_is_still_shown(keys: Keys, targets: list[Made]) -> list[str]:
    """Return what tells a reader that the links show an earlier config, nothing where they do not."""
    now, before = plan_of(keys, keys.behind(targets)), read_plan(SHOWN)
    changed = sentences(differences(before, now))
    return changed if missing(keys, targets) else []


def key_shown(before: Plan, result: Result) -> str | None:
    """Return the key of what a plan has in the place of a result."""
    entry = before["results"].get(result.address)
    return None if entry is None else entry["key"]


def show(keys: Keys, targets: list[Made]) -> None:
    """Let the links lead to what some outputs were made from, if all are there.

    With `keep_old: false`, outputs of runs that have been replaced are deleted.
    """
    if not targets or missing(keys, targets):
        return
    behind = keys.behind(targets)
    folders: dict[Path, Links] = defaultdict(dict)
    for result in behind:
        for place, target in links_of(result).items():
            folders[root_of(place)][place] = target
    for folder, links in folders.items():
        relink(folder, links)
    before, now = read_plan(SHOWN), plan_of(keys, behind)
    results = {**before["results"], **now["results"]}
    if results != before["results"]:
        used = {entry["parts"]["code"] for entry in results.values()}
        code = {digest: files for digest, files in {**before["code"], **now["code"]}.items() if digest in used}
        write_noted(SHOWN, {"results": results, "code": code})
    if not keys.config.get("keep_old", True):
        remove_replaced(behind, before)


def places_to_look(made_now: Iterable[Made]) -> list[str]:
    """Return where a person finds what a call has made: tables, reports, plots, clouds, protocols, and the logs."""
    lines, clouds = [], []
    for made in made_now:
        if made.step == "make_table":
            lines.append(f"table:   results/tables/{made.wildcards['table']}.csv, .md, .tex")
        elif made.step == "make_report":
            lines.append(f"report:  results/reports/{made.wildcards['table']}.html")
        elif made.step == "draw_figures":
            lines.append(f"figures: results/figures/{made.wildcards['table']}.*")
        elif made.step == "export_clouds":
            clouds.append(CLOUDS.format(**made.wildcards))
        elif made.step == "check_protocol":
            lines.append("pages:   results/protocols/")
    if clouds:
        more = f" and {len(clouds) - 1} more" if len(clouds) > 1 else ""
        lines.append(f"clouds:  {clouds[0]}{more}")
    return [*dict.fromkeys(lines), "logs:    logs/"]


def links_of(result: Result) -> Links:
    """Return the links to what one step has made.

    Several steps make a run, whose links have a folder of their own; what one step makes alone is one link.
    """
    kind, folder = STEPS[result.step], Path(result.folder) / result.key
    place = Path(kind.shown.format(**result.wildcards))
    if place.name == CURRENT and not kind.folder.startswith(RUN):
        return {place: folder}
    if CURRENT in place.parts:
        names = [entry.name for entry in os.scandir(folder)] if folder.is_dir() else []
        names = [name for name in names if not name.startswith(".") and not name.endswith(DAMAGED)]
        return {place / name: folder / name for name in names}
    names = [output.format(**result.wildcards) for output in kind.outputs.values()]
    return {place / name: folder / name for name in names}


def root_of(place: Path) -> Path:
    """Return the folder of links that is made anew as a whole, or a folder that has other links too."""
    return next((parent for parent in place.parents if parent.name == CURRENT), place.parent)


def relink(folder: Path, links: Links) -> None:
    """Make the links that are not as they should be, and remove those to what is not there.

    Those of a folder called `current` are all that it has.
    """
    expected = {place: os.path.relpath(target, place.parent) for place, target in links.items()}
    if folder.name != CURRENT:
        for place, target in expected.items():
            if not links[place].exists():
                place.unlink(missing_ok=True)
            elif not place.is_symlink() or os.readlink(place) != target:
                replace_link(place, target)
    elif links_below(folder) != expected:
        with whole_folder(folder) as temporary:
            for place, target in expected.items():
                link = temporary / place.relative_to(folder)
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(target)


def links_below(folder: Path) -> dict[Path, str]:
    """Return the links of a folder and those below it, and what each leads to; a file among them leads nowhere."""
    entries = [Path(parent, name) for parent, folders, files in os.walk(folder) for name in [*folders, *files]]
    return {
        entry: os.readlink(entry) if entry.is_symlink() else ""
        for entry in entries
        if entry.is_symlink() or entry.is_file()
    }


def replace_link(place: Path, target: str) -> None:
    """Let a link lead elsewhere, from one moment to the next."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(place)
    temporary.symlink_to(target)
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    os.replace(temporary, place)


def remove_replaced(behind: Iterable[Result], before: Plan) -> None:
    """Remove the outputs of runs that were shown before and that others have replaced."""
    for result in behind:
        old = key_shown(before, result)
        if old not in (None, result.key) and next(iter(STEPS[result.step].outputs.values())).startswith("outputs/"):
            shutil.rmtree(Path(result.folder, str(old)), ignore_errors=True)
