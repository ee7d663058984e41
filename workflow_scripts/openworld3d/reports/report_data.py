"""What a report shows of a table: all that its page draws, as JSON and bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

from openworld3d.metrics import statistics
from openworld3d.metrics.bootstrap import Row
from openworld3d.metrics.statistics import Statistics
from openworld3d.reports.clouds import ANCHORS
from openworld3d.reports.curves import curves, recalling_bin, sides_of
from openworld3d.reports.distributions import Distribution, taken_for_unknown, unknown_as
from openworld3d.reports.origins import Record
from openworld3d.reports.picture import FALSE_ALARM, MISSED, RIGHT, UNKNOWN
from openworld3d.reports.report_scenes import Blob, Scored, chosen_scenes, pack_scene, points_of_each
from openworld3d.reports.report_table import arrow_of, label_of
from openworld3d.reports.summary import best_row
from openworld3d.reports.table_files import Files
from openworld3d.reports.trainings import costs, read_history
from openworld3d.scenes.manifests import Scenes

Config = Dict[str, Any]
RUN = ("protocol", "backbone", "recipe", "seed")
MOST_SCENES = 12  # of all protocols, of each of which there is one


class Report:
    """The data of a report, filled row by row: JSON in `data`, arrays in `blob`."""

    def __init__(self, config: Config, rows: Sequence[Row]) -> None:
        self.config, self.rows, self.blob = config, rows, Blob()
        self.runs: dict[str, int] = {}  # by the first file of their outputs
        self.scored: dict[str, list[Scored]] = {name: [] for name in config["protocols"]}
        self.data: dict[str, Any] = {
            "table": config["table"],
            "metrics": {name: [label_of(name), arrow_of(name)] for name in config["metrics"]},
            "protocols": {},
            "rows": [],
            "runs": [],
            "trainings": [],
            "scenes": [],
            "colours": {
                "unknown": UNKNOWN,
                "missed": MISSED,
                "false_alarm": FALSE_ALARM,
                "right": RIGHT,
                "scores": ANCHORS.tolist(),
            },
        }

    def add_row(self, number: int, files: Files, records: Sequence[Record], benchmarks: Path) -> None:
        """Add what the page shows of a row of the table."""
        row = self.rows[number]
        identity, metrics = row.identity, row.metrics
        protocol = identity["protocol"]
        of_method = statistics.merge([statistics.load(path) for path in files.statistics])
        taught = self.config["taught"][number]
        unknown = [name for name in self.config["protocols"][protocol]["unknown"] if name not in taught]
        sides = sides_of(of_method, unknown)
        distribution, run = Distribution(of_method, sides), self.run_of(row, of_method, sides, files)
        self.scored[protocol].append(
            Scored(number, run, distribution, recalling_bin(of_method, sides), files.scores, files.outputs)
        )
        self.data["rows"].append(
            {
                "method": identity["method"],
                **{key: identity[key] for key in (*RUN, "score", "trains_on_unknown")},
                "name": self.name_of(row),
                "run": run,
                "values": {name: metrics[name] for name in self.config["metrics"]},
                "aupr": metrics["aupr"],
                "aupr_interval": metrics["bootstrap"].get("aupr", [None, None]),
                "prevalence": metrics["prevalence"],
                "fpr95": metrics["fpr95"],
                "curves": curves(of_method, sides),
                "histogram": distribution.histogram(),
                "classes": distribution.classes(),
                "score_of_level": distribution.scores_of_levels(),
                "taken": taken_for_unknown(of_method, sides),
                "cost": costs(records, identity, metrics["points"], benchmarks),
            }
        )
        self.data["protocols"].setdefault(
            protocol,
            {
                "classes": of_method.classes.tolist(),
                "unknown": self.config["protocols"][protocol]["unknown"],
                "prevalence": metrics["prevalence"],
            },
        )

    def name_of(self, row: Row) -> str:
        """Return a row's name: its method, and what else tells it from other rows."""
        others = [other.identity for other in self.rows if other.identity["protocol"] == row.identity["protocol"]]
        more = [key for key in ("backbone", "seed") if len({other[key] for other in others}) > 1]
        return ", ".join([row.identity["method"], *(f"{key} {row.identity[key]}" for key in more)])

    def run_of(self, row: Row, of_method: Statistics, sides: Any, files: Files) -> int:
        """Return the number of a row's run, adding it where it is the first of it: its IoU, and its predictions."""
        outputs = str(files.outputs[0])
        if outputs not in self.runs:
            self.runs[outputs] = len(self.runs)
            identity = {key: row.identity[key] for key in RUN}
            predicted = {"iou": row.metrics["iou"], "unknown_as": unknown_as(of_method, sides)}
            self.data["runs"].append({**identity, **predicted})
        return self.runs[outputs]

    def add_trainings(self, histories: Sequence[Path]) -> None:
        """Add how the trainings behind the table went."""
        for training, path in zip(self.config["trainings"], histories):
            self.data["trainings"].append({**training, "history": read_history(path)})

    def add_scenes(self, scenes: Mapping[str, Scenes]) -> None:
        """Add scenes of each protocol: those where its best method has the best, the median and the worst AUPR."""
        top, chosen = {}, []
        for protocol in scenes:
            numbers = [number for number, row in enumerate(self.rows) if row.identity["protocol"] == protocol]
            best = best_row([self.rows[number] for number in numbers], self.config["metrics"])
            top[protocol] = next((number for number in numbers if self.rows[number] is best), numbers[0])
            roles = chosen_scenes(self.rows[top[protocol]].metrics["by_scene"])
            chosen += [(place, protocol, name) for place, name in enumerate(roles)]
        # All first ones come before all second ones.
        kept = set(sorted(chosen, key=lambda one: one[0])[: max(MOST_SCENES, len(scenes))])
        most = points_of_each(len(kept), max(map(len, self.scored.values())))
        for one in filter(kept.__contains__, chosen):
            _, protocol, name = one
            packed = pack_scene(name, scenes[protocol], self.scored[protocol], most, self.blob)
            by_scene = {row: self.rows[row].metrics["by_scene"] for row in packed["scores"]}
            packed["aupr"] = {row: found.get(name, {}).get("aupr") for row, found in by_scene.items()}
            packed["role"] = chosen_scenes(self.rows[top[protocol]].metrics["by_scene"])[name]
            self.data["scenes"].append({**packed, "protocol": protocol, "best_row": top[protocol]})
