"""Which rows a sweep has: every combination of its axes, put into the words of a command."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from spinode.sweep.axis import NAME, Axis

MOST_ROWS = 10_000_000
_PLACE = re.compile(r"\{(" + NAME + r")\}")
DRAW, SEED = "draw", "seed"
"""Names of the columns that repeated rows have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row that is over.

    Parameters
    ----------
    number : int
        From 0.
    record : mapping
        What the command printed as JSON; empty where it failed.
    error : str
        Why it failed; empty where it did not.
    notes : str
        Warnings.
    seconds : float
        Time it took [s].
    """

    number: int
    record: dict[str, object]
    error: str = ""
    notes: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Rows of a sweep: the last axis varies fastest, repetitions faster still.

    Parameters
    ----------
    words : tuple of str
        The command, with ``{NAME}`` where the value of an axis stands.
    axes : tuple of Axis
        At least one, or more than one draw.
    draws : int
        Rows of each combination, each with a seed of its own; 0 for one row and no seed.
    seed : int
        From which these seeds are spawned, by number of row.

    Raises
    ------
    ValueError
        If an axis is there twice or has no place, a place has no axis, or there are no rows or too many.
    """

    words: tuple[str, ...]
    axes: tuple[Axis, ...]
    draws: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        names = [axis.name for axis in self.axes]
        if not names and not self.draws:
            raise ValueError("a sweep must have something that varies, got none; try --over NAME=A,B")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"--over {name} must be given once, got it twice")
        if self.draws and (DRAW in names or SEED in names):
            raise ValueError(f"--over {DRAW} and --over {SEED} must be left out with --draws, got both")
        places = {name for word in self.words for name in _PLACE.findall(word)}
        known = {*names, *((SEED,) if self.draws else ())}
        if places - known:
            wrong = sorted(places - known)[0]
            raise ValueError(f"{{{wrong}}} in the command must be one of --over, got {', '.join(names) or 'none'}")
        if set(names) - places:
            raise ValueError(f"--over {sorted(set(names) - places)[0]} has no place in the command; write {{NAME}}")
        if self.rows > MOST_ROWS:
            raise ValueError(f"a sweep must have at most {MOST_ROWS} rows, got {self.rows}")

    @property
    def rows(self) -> int:
        """How many there are."""
        return math.prod(len(axis.texts) for axis in self.axes) * max(1, self.draws)

    def place(self, row: int) -> tuple[int, ...]:
        """Index on each axis, and of the repetition at the end."""
        shape = (*(len(axis.texts) for axis in self.axes), max(1, self.draws))
        return tuple(int(index) for index in np.unravel_index(row, shape))

    def row_seed(self, row: int) -> int:
        """Seed of a row, 53 bits of ``SeedSequence(seed).spawn(rows)[row]``: a float64 holds it exactly."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(row,))
        return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(11))

    def texts(self, row: int) -> dict[str, str]:
        """Value of every axis, and the seed where there are draws."""
        indices = self.place(row)
        found = {axis.name: axis.texts[index] for axis, index in zip(self.axes, indices[:-1], strict=True)}
        return found | ({SEED: str(self.row_seed(row))} if self.draws else {})

    def command(self, row: int) -> tuple[str, ...]:
        """Words of a row."""
        texts = self.texts(row)
        return tuple(_PLACE.sub(lambda match: texts[match[1]], word) for word in self.words)

    def star(self) -> list[int]:
        """Rows that have every value of every axis at least once: the first, and those that differ from it in one."""
        sizes = [*(len(axis.texts) for axis in self.axes), max(1, self.draws)]
        strides = [math.prod(sizes[place + 1 :]) for place in range(len(self.axes))]
        axes = zip(self.axes, strides, strict=True)
        return [0, *(index * stride for axis, stride in axes for index in range(1, len(axis.texts)))]

    def header(self) -> dict[str, object]:
        """What must agree before the rows of an older run are taken over."""
        axes = [{"name": axis.name, "values": list(axis.texts)} for axis in self.axes]
        return {"command": list(self.words), "over": axes, "draws": self.draws, "seed": self.seed}
