"""The command line of `openworld3d`: one subcommand per task, each a file beside this one."""

from __future__ import annotations

import argparse
from pathlib import Path

from openworld3d.errors import UserError, run_command

EVALUATE = """Print the table of a protocol of the field for scores that any code has saved.

The table is the one that the pipeline makes for that protocol: the same points count, by the same definitions, with
the same bootstrap intervals over scans. docs/protocols.md lists the protocols."""
LABELS = "the dataset in its own layout, for STU DIR/125/velodyne/000000.bin and DIR/125/labels/000000.label"
SCORES = """a file for each scan, DIR/125/000000.txt or .npy, or DIR/125_000000.npy: a number for each point in the
order of the scan, higher means more unknown; with or without the rows that have no return"""

THRESHOLD = "the score above which points are clustered into objects; the protocol's by default, for STU 0.5"

PREDICT = """Run a trained network over a folder of clouds without labels.

Each cloud is written again, in its own format and order, with a predicted class, its probability and the chosen
scores as columns. predictions.json beside them has the classes, and the thresholds that training chose."""
RUN = "the folder of a trained run, such as results/runs/PROTOCOL/BACKBONE/RECIPE/seed0"
CLOUDS = "a folder of .ply, .las, .laz, .npz and .bin"
CHOSEN = "scores of docs/methods.md by name; msp by default"

SCORE = """Compute a post-hoc score of outputs that any network's code has saved.

docs/bring_your_own.md says how to save a folder: scenes with logits or features, and for scores that are fitted a
training sample and the last layer. What is written, a file for each scene, openworld3d evaluate takes."""
SAVED = "the folder, with scenes/SCENE/logits.npy, or SCENE.npy of logits alone"


def main() -> None:
    """Run the subcommand that the arguments name; a user's mistake is one line and exit status 1."""
    run_command(run)


def run() -> None:
    """Read the arguments and run a subcommand."""
    arguments = parser().parse_args()
    arguments.command(arguments)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    top = argparse.ArgumentParser(prog="openworld3d", description="Referee of open-world 3D segmentation.")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_evaluate(commands)
    add_score(commands)
    add_predict(commands)
    return top


def add_command(commands: argparse._SubParsersAction, name: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a new subcommand, whose help begins with the first sentence of its description."""
    return commands.add_parser(
        name,
        help=description.splitlines()[0],
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_evaluate(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand `evaluate`."""
    command = add_command(commands, "evaluate", EVALUATE)
    command.add_argument("--protocol", required=True, metavar="NAME", help="such as stu_val")
    command.add_argument("--labels", required=True, type=Path, metavar="DIR", help=LABELS)
    command.add_argument("--scores", required=True, type=Path, metavar="DIR", help=SCORES)
    command.add_argument("--object-threshold", type=float, metavar="SCORE", help=THRESHOLD)
    command.set_defaults(command=evaluate)


def evaluate(arguments: argparse.Namespace) -> None:
    """Run the subcommand `evaluate`."""
    from openworld3d.commands.evaluate import evaluate

    print(evaluate(arguments.protocol, arguments.labels, arguments.scores, arguments.object_threshold))


def add_score(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand `score`."""
    command = add_command(commands, "score", SCORE)
    command.add_argument("--saved", required=True, type=Path, metavar="DIR", help=SAVED)
    command.add_argument("--score", required=True, metavar="NAME", help="a score of docs/methods.md")
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="where SCENE.npy is written for each")
    command.set_defaults(command=score)


def score(arguments: argparse.Namespace) -> None:
    """Run the subcommand `score`."""
    from openworld3d.commands.score import score

    score(arguments.saved, arguments.score, arguments.out)


def add_predict(commands: argparse._SubParsersAction) -> None:
    """Add the subcommand `predict`."""
    command = add_command(commands, "predict", PREDICT)
    command.add_argument("--run", required=True, type=Path, metavar="DIR", help=RUN)
    command.add_argument("--clouds", required=True, type=Path, metavar="DIR", help=CLOUDS)
    command.add_argument("--scores", nargs="+", default=["msp"], metavar="NAME", help=CHOSEN)
    command.add_argument("--out", required=True, type=Path, metavar="DIR", help="where the clouds are written")
    command.set_defaults(command=predict)


def predict(arguments: argparse.Namespace) -> None:
    """Run the subcommand `predict`."""
    try:
        import laspy  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise UserError(
            f"openworld3d predict needs {error.name}; run pip install '.[predict]' in the checkout"
        ) from None
    from openworld3d.commands.predict import predict

    predict(arguments.run, arguments.clouds, arguments.scores, arguments.out)


if __name__ == "__main__":
    main()
