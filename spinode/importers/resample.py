"""From rows at a program's own times to uniform samples.

Smooth columns: the cubic spline through the rows, read at start + i dt (fourth order in the row step); rows that lie on
the samples already are taken as they are. Columns that step: ``steps.py``.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from spinode.importers.steps import RowClock, StepRules, find_clock, held_samples, is_stepped, place_jumps
from spinode.importers.table import Column, Table
from spinode.signals import Channel, FloatArray, Signal
from spinode.units import format_quantity, in_brief

_MOST_SAMPLES = 100_000_000
_MOST_A_ROW, _FEW_SAMPLES = 1000, 1_000_000  # a short table with one far row must not fill the memory
_ON_SAMPLE = 1e-6  # a row this close to a sample, in samples, is that sample
_ROUNDED_TIMES = 1e-3  # the same for measured samples, whose times are written with few digits


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Uniform sample times start + i dt, i = 0, ..., count - 1; start and dt in seconds."""

    start: float
    dt: float
    count: int

    @property
    def time(self) -> FloatArray:
        """Sample times [s], shape (count,)."""
        return np.asarray(self.start + np.arange(self.count) * self.dt, dtype=np.float64)


def choose_grid(table: Table, clock: RowClock, dt: float | None) -> Grid:
    """Samples from the first row (or the first multiple of the table period) to the last row.

    Parameters
    ----------
    table : Table
        Rows.
    clock : RowClock
        What ``find_clock`` says about their times.
    dt : float, optional
        Sample interval [s]; default the table period, or else the median step of the rows.

    Raises
    ------
    ValueError
        If ``dt`` is not positive, is longer than half the table or makes more than a thousand samples a row (a million
        in any case), or 100 million.
    """
    time, steps = table.time, np.diff(table.time)
    median = float(np.median(steps))
    if dt is None:
        dt = clock.period or _plain_step(time, clock, median)
    length = float(time[-1] - time[0])
    if not (math.isfinite(dt) and 0 < dt <= length / 2):
        raise ValueError(f"dt must be positive and at most half of {table.source} ({length / 2:.4g} s), got {dt:.4g} s")
    most = min(_MOST_SAMPLES, max(_FEW_SAMPLES, _MOST_A_ROW * len(time)))
    if length / dt > most:
        raise ValueError(
            f"dt must make at most {most} samples of {table.source}, got {length / dt:.3g}; try a longer dt"
        )
    if dt > 1.5 * median:
        warnings.warn(
            f"{table.source}: dt {format_quantity(dt, 's')} is coarser than its rows ({format_quantity(median, 's')});"
            " oscillations faster than two samples a period come out at a false frequency",
            stacklevel=2,
        )
    gap = int(np.argmax(steps))
    if steps[gap] > 10 * median:
        text = f"{format_quantity(float(steps[gap]), 's')} without rows after row {gap + 1}"
        warnings.warn(f"{table.source}: {text}; the spline there is a guess", stacklevel=2)
    start = float(time[0])
    if clock.period is not None:
        turns = (start - clock.origin) / clock.period
        multiple = clock.origin + math.ceil(turns - _ON_SAMPLE) * clock.period
        start = multiple if multiple - start > _ON_SAMPLE * dt else start
    count = math.floor((float(time[-1]) - start) / dt + _ON_SAMPLE) + 1
    return Grid(start=start, dt=dt, count=count)


def resample(table: Table, columns: tuple[Column, ...], grid: Grid, held: tuple[bool, ...], rules: StepRules) -> Signal:
    """The chosen columns of a table on a grid; ``held`` says which of them step."""
    clock = find_clock(table.time)
    values = np.empty((grid.count, len(columns)))
    for number, (column, hold) in enumerate(zip(columns, held, strict=True)):
        if hold:
            jumps, rows = place_jumps(table.time, column.values, clock, rules, solver=table.solver)
            values[:, number] = held_samples(table.time, column.values, grid.time, jumps, rows)
        else:
            values[:, number] = _joined(table, column, grid)
    channels = tuple(Channel(name=c.name, unit=c.unit, hold=hold) for c, hold in zip(columns, held, strict=True))
    return Signal(values=values, dt=grid.dt, channels=channels, start=grid.start)


def _joined(table: Table, column: Column, grid: Grid) -> FloatArray:
    """``smooth_samples`` of a column; two rows that are nearly at one time have a slope beyond all numbers."""
    try:
        return smooth_samples(table.time, column.values, grid, solver=table.solver)
    except ValueError:  # of scipy
        name = f"column '{in_brief(column.name)}' of {table.source}"
        raise ValueError(
            f"{name} must have finite slopes, got rows {np.min(np.diff(table.time)):.3g} s apart"
        ) from None


def is_held(column: Column, rules: StepRules) -> bool:
    """True if the user says that the column is held, or the data do and the user does not object."""
    if column.name in rules.holds:
        return True
    return column.name not in rules.smooths and is_stepped(column.values)


def smooth_samples(time: FloatArray, values: FloatArray, grid: Grid, *, solver: bool) -> FloatArray:
    """Spline values at the sample times, shape (count,); rows that are the samples already are kept to the bit.

    A solver's times are right to the last digit; those of measured samples are often written with few digits, so they
    may be off by a thousandth of a sample and still be the sample.
    """
    tolerance = _ON_SAMPLE if solver else _ROUNDED_TIMES
    if len(time) == grid.count and np.max(np.abs(time - grid.time)) <= tolerance * grid.dt:
        return values.copy()
    inside = np.clip(grid.time, time[0], time[-1])
    return np.asarray(CubicSpline(time, values, bc_type="not-a-knot")(inside), dtype=np.float64)


def _plain_step(time: FloatArray, clock: RowClock, median: float) -> float:
    """Mean step of equal rows, freed of the rounding of their times; median step with three digits of other rows."""
    if not clock.uniform:
        return float(f"{median:.2e}")
    mean = float(time[-1] - time[0]) / (len(time) - 1)
    tolerance = 1e-3 / len(time)
    for digits in range(1, 15):
        rounded = float(f"{mean:.{digits}e}")
        if abs(rounded - mean) <= tolerance * mean:
            return rounded
    return mean
