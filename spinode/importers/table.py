"""A table as it was read: time and named columns in SI, before anything is resampled."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from spinode.signals import FloatArray, missing_name
from spinode.units import in_brief, is_unit, same_dimension, si_unit

_TIME_NAMES = (
    "t", "time", "simulation time", "sim time", "x", "x-axis", "xaxis", "second", "seconds", "zeit", "temps", "tiempo",
)  # fmt: skip
_LATEST = 1e99  # seconds; the squares and sums of later times are no longer numbers


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its name as in the file, SI unit (an unknown unit as it stands) and values, shape (N,)."""

    name: str
    unit: str
    values: FloatArray = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows at increasing times.

    Parameters
    ----------
    time : array, shape (N,)
        Times of the rows [s], strictly increasing; N >= 2.
    columns : tuple of Column
        Everything else, in SI.
    source : str
        File name and kind of table.
    solver : bool
        True: written by a simulation program, whose inputs change at the end of a run or stage.
        False: measured samples.

    Raises
    ------
    ValueError
        If there are fewer than two rows or the times do not increase.
    """

    time: FloatArray = field(repr=False)
    columns: tuple[Column, ...]
    source: str
    solver: bool

    def __post_init__(self) -> None:
        if len(self.time) < 2:
            raise ValueError(f"{self.source} must have at least 2 rows of numbers, got {len(self.time)}")
        bad = np.flatnonzero(~(np.abs(self.time) < _LATEST))
        if len(bad):
            raise ValueError(f"{self.source} must have finite times, got {self.time[bad[0]]} in row {bad[0] + 1}")
        back = np.flatnonzero(np.diff(self.time) <= 0)
        if len(back):
            row = int(back[0])
            word = "goes back" if self.time[row + 1] < self.time[row] else "stands still"
            raise ValueError(
                f"{self.source} must have increasing times, but time {word} in row {row + 2}"
                f" ({self.time[row]:.9g} s, then {self.time[row + 1]:.9g} s); give one record a file"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the file."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of this name, or the only one whose name ends in ':name' (OOMMF) or matches but for its case.

        Raises
        ------
        ValueError
            If it is not there or more than one fits, or if its values are not finite (row and value are named).
        """
        column = self._find(name)
        bad = np.flatnonzero(~np.isfinite(column.values))
        if len(bad):
            raise ValueError(
                f"column '{in_brief(column.name)}' of {self.source} must be finite, got {column.values[bad[0]]} in row"
                f" {bad[0] + 1} ({len(bad)} such rows)"
            )
        return column

    def _find(self, name: str) -> Column:
        exact = [column for column in self.columns if column.name == name]
        loose = [c for c in self.columns if c.name.endswith(f":{name}") or c.name.lower() == name.lower()]
        for found in (exact, loose):
            if len(found) == 1:
                return found[0]
            if len(found) > 1:
                text = f"column '{in_brief(name)}' of {self.source}"
                raise ValueError(f"{text} must be one column, got {len(found)} that fit")
        longer = [other for other in self.names if name and name.lower() in other.lower()]
        text = f"column '{in_brief(name)}' is not there; closest: {in_brief(', '.join(longer[:3]))}" if longer else ""
        raise ValueError(f"{text or missing_name('column', name, self.names)} (in {self.source})")


@dataclass(frozen=True, kw_only=True, slots=True)
class RawTable:
    """What a reader found in a file: labels, unit texts and a matrix (N, C), nothing converted yet.

    ``interval`` and ``start`` [s] are a sample clock that the file states; ``steps`` is False for measured samples.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: FloatArray = field(repr=False)
    source: str
    solver: bool
    interval: float | None = None
    start: float = 0.0


def finish_table(raw: RawTable) -> Table:
    """Find the time column, convert every column to SI and check the times."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite then is found where it is used
        return _finished(raw)


def _finished(raw: RawTable) -> Table:
    factors = [si_unit(unit) for unit in raw.units]
    number = _time_column(raw)
    columns = tuple(
        Column(name=name, unit="" if unit == "?" else unit, values=raw.values[:, c] * factor)
        for c, (name, (factor, unit)) in enumerate(zip(raw.names, factors, strict=True))
        if c != number
    )
    if number is None:
        time = np.asarray(raw.start + np.arange(len(raw.values)) * float(raw.interval or 0.0), dtype=np.float64)
    else:
        time = _checked_time(raw, number)
    return Table(time=time, columns=columns, source=raw.source, solver=raw.solver)


def _time_column(raw: RawTable) -> int | None:
    """Index of the time column; None if the file states a sample interval instead."""
    plain = [name.split(":")[-1].strip().lower() for name in raw.names]
    for wanted in _TIME_NAMES:
        if wanted in plain and (not wanted.startswith("x") or plain[0] == wanted):
            return plain.index(wanted)
    if raw.interval is not None:
        return None
    if raw.units and raw.units[0] and same_dimension(raw.units[0], "s"):
        return 0
    raise ValueError(
        f"{raw.source} must have a time column such as 't' or 'time', got: {in_brief(', '.join(raw.names), 200)}"
    )


def _checked_time(raw: RawTable, number: int) -> FloatArray:
    """Times [s]; a stated sample interval replaces times that were rounded when they were written."""
    unit = raw.units[number]
    if unit == "S":
        unit = "s"  # oscilloscopes write it so; conductance is no time
    if is_unit(unit) and unit.strip(" -1") and not same_dimension(unit, "s"):
        name = in_brief(raw.names[number])
        raise ValueError(f"time column '{name}' of {raw.source} must have a unit of time, got '{in_brief(unit)}'")
    time: FloatArray = raw.values[:, number] * si_unit(unit)[0]
    if raw.interval is None or len(time) < 2 or not np.isfinite(time).all():
        return time
    mean = (time[-1] - time[0]) / (len(time) - 1)
    if abs(mean - raw.interval) <= 0.01 * raw.interval:
        return np.asarray(time[0] + np.arange(len(time)) * raw.interval, dtype=np.float64)
    warnings.warn(
        f"{raw.source}: the stated sample interval {raw.interval:.6g} s does not fit the time column"
        f" (mean step {mean:.6g} s); the column is used",
        stacklevel=2,
    )
    return time


def join_blocks(blocks: Sequence[tuple[int, FloatArray]], time_column: int, width: int, source: str) -> FloatArray:
    """Rows of several blocks of one table as one run.

    A program that is restarted writes a second header and goes on from its last saved state, so a later block replaces
    the rows of the earlier ones from its own first time on (a warning says how many). Rows that repeat the time
    before them (a table saved by hand at the end of a run) are left out.

    Parameters
    ----------
    blocks : sequence of (int, array)
        Line number of each header and the rows below it, shape (N, C).
    time_column : int
        Column that holds the time.
    width : int
        Number of columns C.
    """
    result: FloatArray = np.empty((0, width))
    for line, rows in blocks:
        if not len(rows):
            continue
        rows = rows[np.concatenate(([True], np.diff(rows[:, time_column]) != 0))]
        if not len(result):
            result = rows
            continue
        keep = result[:, time_column] < rows[0, time_column]
        first_late = int(np.argmin(keep)) if not keep.all() else len(result)
        if first_late < len(result) - 1:
            text = f"the table that starts in line {line} replaces {len(result) - first_late} earlier rows"
            warnings.warn(f"{source}: {text}", stacklevel=2)
        result = np.concatenate((result[:first_late], rows))
    return result


def parse_rows(lines: Sequence[tuple[int, str]], width: int, source: str, *, complete: bool) -> FloatArray:
    """Rows of white-space separated numbers, shape (N, width).

    A last line that was cut (too few numbers, or ``complete`` False because the file does not end in a line end) is
    dropped with a warning; any other line that does not fit is an error with its number.
    """
    if lines and (len(lines[-1][1].split()) < width or not complete):
        warnings.warn(f"{source}: the last line ({lines[-1][0]}) was cut and is left out", stacklevel=2)
        lines = lines[:-1]
    if not lines:
        return np.empty((0, width))
    try:
        values = np.loadtxt([text for _, text in lines], dtype=np.float64, ndmin=2, comments=None)
    except ValueError:
        values = np.empty((0, 0))
    if values.shape != (len(lines), width):
        raise ValueError(_bad_line(lines, width, source))
    return values


def _bad_line(lines: Sequence[tuple[int, str]], width: int, source: str) -> str:
    """What is wrong with the first line that is not a row of ``width`` numbers."""
    for number, text in lines:
        cells = text.split()
        if len(cells) != width:
            return f"line {number} of {source} must have {width} numbers, got {len(cells)}"
        if word := _first_text(cells):
            return f"line {number} of {source} must hold numbers, got '{word}'"
    return f"{source} must hold rows of {width} numbers"


def _first_text(cells: Sequence[str]) -> str:
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            return cell[:40]
    return ""
