"""A network that was trained elsewhere: its weights under the reference's names, and whether they fit ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks.weights_only import load_weights_only

# What the reference's training puts before each name: it trains on several cards at once.
PREFIX = "module."
CLASSIFIER = ("classifier.3.weight", "classifier.3.bias")
NAMED_AT_MOST = 5


def read_released(path: Path) -> dict[str, Tensor]:
    """Return the weights of a checkpoint by name, be they nested under `state_dict`, prefixed by `module.`, or bare.

    Raises UserError where the file would have to be run, or holds anything but tensors by name.
    """
    content = load_weights_only(path)
    state = content.get("state_dict", content) if isinstance(content, dict) else content
    if not isinstance(state, dict) or not state:
        raise UserError(f"{path}: holds {described(state)}, expected tensors by name, under state_dict or bare")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise UserError(
                f"{path}: {name!r} is {described(value)}, expected a tensor by its name; give a checkpoint whose "
                "weights lie under state_dict or bare"
            )
    prefixed = all(name.startswith(PREFIX) for name in state)
    return {name[len(PREFIX) :] if prefixed else name: value for name, value in state.items()}


def described(value: Any) -> str:
    """Say what was found in place of a tensor."""
    return "nothing" if isinstance(value, dict) and not value else f"a value of type {type(value).__name__}"


def load_released(network: nn.Module, path: Path, known: list[str]) -> None:
    """Load a checkpoint into a network built for the classes `known`.

    Raises UserError with all that does not fit: classes, missing keys, unexpected keys, shapes.
    """
    state, wanted = read_released(path), network.state_dict()
    misfits = list(misfits_of(state, wanted, known))
    if misfits:
        raise UserError(
            f"{path}: does not fit the run: {'; '.join(misfits)}. Set the keys of the backbone and the classes of "
            "the protocol to what it was trained with"
        )
    network.load_state_dict(state)


def misfits_of(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], known: list[str]) -> Iterator[str]:
    """Yield a phrase for each kind of difference between a checkpoint and the network's own state."""
    weight = CLASSIFIER[0]
    classes = len(state[weight]) if weight in state and state[weight].dim() else len(known)
    if classes != len(known):
        yield f"its classifier has {classes} classes, the protocol knows {len(known)}: {', '.join(known)}"
    yield from listed("missing", (name for name in wanted if name not in state))
    yield from listed("unexpected", (name for name in state if name not in wanted))
    shapes = {name: tuple(value.shape) for name, value in wanted.items()}
    shapes.update({name: (classes, *shapes[name][1:]) for name in CLASSIFIER if name in shapes})
    found = {name: tuple(state[name].shape) for name in shapes if name in state}
    yield from listed(
        "of another shape",
        (f"{name} {shape}, expected {shapes[name]}" for name, shape in found.items() if shape != shapes[name]),
    )


def listed(kind: str, differences: Iterable[str]) -> Iterator[str]:
    """Yield `2 keys missing (a, b)`, at most five of them named; nothing where there are none."""
    names = list(differences)
    if names:
        more = [f"and {len(names) - NAMED_AT_MOST} more"] if len(names) > NAMED_AT_MOST else []
        keys = "key" if len(names) == 1 else "keys"
        yield f"{len(names)} {keys} {kind} ({', '.join([*names[:NAMED_AT_MOST], *more])})"
