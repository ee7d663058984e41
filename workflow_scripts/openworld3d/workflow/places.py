"""Where each value of the config is written, and the sentences that name the place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Iterator, NamedTuple, Tuple

from openworld3d.errors import UserError

COMMAND_LINE = "--config"  # stands for the name of a file where a value comes from the command line
MERGED = "files are merged; take a key of an earlier one away with null, or choose another name"
KeyPath = Tuple[Any, ...]  # the keys that lead to a value, and the positions in lists


class Place(NamedTuple):
    """A file as the reader would call it, and a line of it, counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


@dataclass(frozen=True)
class Given:
    """A value with its place: keys, items, or a scalar, which is None where a key has no value.

    text: the scalar as it is written. before: the value whose place it takes, of an earlier file or of the entry that
    its own extends. inherited: whether it is from that entry.
    """

    value: Any
    place: Place
    text: str = ""
    before: Given | None = None
    inherited: bool = False

    def plain(self) -> Any:
        """Return the value alone, without the keys that have none."""
        if isinstance(self.value, dict):
            return {name: one.plain() for name, one in self.value.items() if one.value is not None}
        return [one.plain() for one in self.value] if isinstance(self.value, list) else self.value

    def at(self, path: KeyPath) -> Given | None:
        """Return the value that a path leads to, None where there is none."""
        found = self
        for step in path:
            inside = found.value
            if isinstance(inside, list):
                inside = dict(enumerate(inside))
            if not isinstance(inside, dict) or step not in inside:
                return None
            found = inside[step]
        return found

    def place_of(self, path: KeyPath) -> Place:
        """Return the place of a value, or of the innermost one that would hold it."""
        return next(found.place for found in (self.at(path[:end]) for end in range(len(path), -1, -1)) if found)


class Mistake(NamedTuple):
    """What is wrong with the value at a path: `PATH said`.

    at: where the mistake is written, if elsewhere. others: values that it does not fit, or that could be missing; the
    sentence says where another file gives them or takes them away.
    """

    path: KeyPath
    said: str
    others: tuple[KeyPath, ...] = ()
    at: KeyPath | None = None

    def __str__(self) -> str:
        return f"{dotted(self.path)} {self.said}"


class ConfigError(UserError):
    """Mistakes in the config, each a sentence; `located` puts file and line before it."""

    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__(*(f"config: {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


def wrong(path: KeyPath, said: str, *others: KeyPath) -> ConfigError:
    """Return the error of one mistake."""
    return ConfigError(Mistake(path, said, others))


def dotted(path: KeyPath) -> str:
    """Return a path as sentences have it: `recipes.closed_set.epochs`."""
    return ".".join(map(str, path)) or "the top level"


@contextmanager
def located(given: Given) -> Iterator[None]:
    """Turn a `ConfigError` into a `UserError` that says where each mistake is written."""
    try:
        yield
    except ConfigError as error:
        raise UserError(*(sentence(mistake, given) for mistake in error.mistakes)) from None


def sentence(mistake: Mistake, given: Given) -> str:
    """Return a mistake with its place, and the places of values from other files that it does not fit."""
    place = given.place_of(mistake.path if mistake.at is None else mistake.at)
    found = {dotted(other): given.at(other) for other in mistake.others}
    others = {name: other for name, other in found.items() if other and other.place.file != place.file}
    gone = [
        f"; {name} has no value in {one.place}, which takes it away"
        for name, one in others.items()
        if one.value is None
    ]
    merged = [f"{name} is from {one.place}" for name, one in others.items() if one.value is not None]
    note = f" ({' and '.join(merged)}: {MERGED})" if merged else ""
    return f"{place}: {mistake}{''.join(gone)}{note}"
