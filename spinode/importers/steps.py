"""Inputs that step: which columns do, when each jump happened, and what it is on uniform samples.

A table shows an input at its rows only; a value that differs between row a and row b jumped somewhere in (t_a, t_b].
Half a row of a fast oscillation is a phase error that rings on, so the place matters. The rule (derived here, from how
the programs work):

* A simulation program ends a run exactly at its stop time, cutting its last step to fit, and a script changes inputs
  between runs. With a table period P it writes a row at the first step at or after each multiple of P. So a row that
  lies *exactly* on a multiple (to rounding) is the end of a run: if row a does, the input jumped at t_a. Otherwise the
  run ended after t_a without a row of its own. Scripts run for multiples of the period, and the only multiple in the
  interval is the last one before t_b: the input jumped there, and row b, at the first step behind it, shows the new
  value.
* If a simulation program wrote all rows exactly on multiples, or at no multiples at all (OOMMF stages, a table saved by
  hand), each row ends a run or stage: t_a again, since the new value acted on the interval that ends at row b.
* Measured samples hold from their own row on: the jump is at t_b.

Checked on a MuMax3 table whose script is known: all 46 jumps fall on its whole nanoseconds (tests/). If a script ends
its runs between multiples of the period, no rule can know: ``jumps='grid:1ns'``, 'before' or 'after' says it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinode.signals import FloatArray
from spinode.units import parse_quantity

_FLOAT32 = 2.0**-22  # two roundings of a value that was computed in single precision
_SAME = 1e-6  # changes below this part of the range are rounding
_MOST_CHANGES = 0.25  # a stepped column changes in fewer of its rows than this
_MOST_DRIFT = 4.0  # drift over the whole table, in standard deviations of the rows about it: chance for 3 rows
_EXACT = 1e-9  # a row this close to a multiple of the period, in periods, lies on it


@dataclass(frozen=True, kw_only=True, slots=True)
class RowClock:
    """What the row times say about the program that wrote them.

    Parameters
    ----------
    period : float or None
        Table period [s]: rows lie at or shortly after its multiples. None if they do not.
    origin : float
        Time of multiple 0 [s].
    uniform : bool
        Rows lie on the multiples themselves (or, without a period, at equal steps).
    """

    period: float | None
    origin: float
    uniform: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRules:
    """How inputs that step are treated.

    Parameters
    ----------
    jumps : str
        'auto' (the rule of this module), 'before' (at the last row with the old value), 'after' (at the first row with
        the new one) or 'grid:PERIOD' such as 'grid:1ns' (at the multiple of PERIOD between the two rows).
    holds, smooths : tuple of str
        Columns that are held, or smooth, whatever the data look like.

    Raises
    ------
    ValueError
        If a rule is unknown or a column is in both lists.
    """

    jumps: str = "auto"
    holds: tuple[str, ...] = ()
    smooths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        word, _, period = self.jumps.partition(":")
        if word == "grid":
            if not parse_quantity(period or "?", "s") > 0:
                raise ValueError(f"jumps must be grid:PERIOD with a positive period, got '{self.jumps}'")
        elif self.jumps not in ("auto", "before", "after"):
            raise ValueError(f"jumps must be auto, before, after or grid:PERIOD such as grid:1ns, got '{self.jumps}'")
        both = sorted(set(self.holds) & set(self.smooths))
        if both:
            raise ValueError(f"a column must be held or smooth, got both for '{both[0]}'")


def find_clock(time: FloatArray) -> RowClock:
    """The table period behind row times, if there is one.

    Candidates are the mean and the median step with few digits; one is right if almost every multiple has one row,
    less than half a period behind it, and the rows do not drift away from the multiples.
    """
    steps = np.diff(time)
    mean = float((time[-1] - time[0]) / len(steps))
    uniform = _largest_gap(time, mean) < 1e-6
    median = float(np.median(steps))
    for step, digits in ((mean, 3), (mean, 4), (mean, 6), (median, 3), (median, 2), (mean, 1)):
        period = float(f"{step:.{digits - 1}e}")
        for origin in (0.0, float(time[0])):
            if _has_period(time, period, origin):
                exact = bool((np.abs(_residue(time, period, origin)) < _exact(time, period)).all())
                return RowClock(period=period, origin=origin, uniform=exact or uniform)
    return RowClock(period=None, origin=float(time[0]), uniform=_largest_gap(time, mean) < 1e-3)


def is_stepped(values: FloatArray) -> bool:
    """True if a column is constant from row to row but for isolated jumps (changes of rounding size do not count).

    A column with ramps (three or more changes in a row, for over a tenth of its changes) is not stepped.
    """
    changed = _changes(values)
    count = int(changed.sum())
    if count > max(1, _MOST_CHANGES * len(changed)):
        return False
    chains = changed[:-2] & changed[1:-1] & changed[2:] if len(changed) > 2 else np.zeros(0, dtype=np.bool_)
    return int(chains.sum()) <= 0.1 * count


def held_samples(
    time: FloatArray, values: FloatArray, grid: FloatArray, jumps: FloatArray, rows: NDArray[np.int64]
) -> FloatArray:
    """Mean of a step function over each sample interval [t_i, t_i + dt), so a jump inside one is not moved.

    Parameters
    ----------
    time, values : array, shape (N,)
        Rows; the value of a plateau is the median of its rows, which removes rounding.
    grid : array, shape (T,)
        Uniform sample times t_i [s], T >= 2.
    jumps : array, shape (J,)
        Times of the jumps [s], increasing.
    rows : array of int, shape (J,)
        Row in front of each jump.

    Returns
    -------
    array, shape (T,)
        Exactly the plateau values where no jump lies inside the interval.
    """
    edges = np.concatenate(([0], rows + 1, [len(time)]))
    plateaus = np.array([np.median(values[a:b]) for a, b in zip(edges[:-1], edges[1:], strict=True)])
    dt = float(grid[-1] - grid[0]) / (len(grid) - 1)
    position = (jumps - grid[0]) / dt
    near = np.rint(position)
    position = np.where(np.abs(position - near) < 1e-6, near, position)
    sample = np.ceil(position).astype(np.int64)  # the first sample that starts with the new value
    result = plateaus[np.searchsorted(sample, np.arange(len(grid)), side="right")]
    inside = (sample > position) & (sample >= 1) & (sample <= len(grid))
    share = (sample - position)[inside] * np.diff(plateaus)[inside]
    np.add.at(result, sample[inside] - 1, share)
    return result


def place_jumps(
    time: FloatArray, values: FloatArray, clock: RowClock, rules: StepRules, *, solver: bool
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Times of the jumps [s] and the row in front of each, by the rule of this module or as ``rules.jumps`` says.

    Raises
    ------
    ValueError
        If a grid is given and a jump has no multiple of it between its two rows.
    """
    rows = np.flatnonzero(_changes(values))
    before, after = time[rows], time[rows + 1]
    if rules.jumps.startswith("grid:"):
        return _on_grid(before, after, parse_quantity(rules.jumps.removeprefix("grid:"), "s"), rows), rows
    if rules.jumps == "before" or (rules.jumps == "auto" and solver and (clock.period is None or clock.uniform)):
        return before, rows
    if rules.jumps == "after" or clock.period is None or clock.uniform:
        return after, rows
    period, origin = clock.period, clock.origin
    multiple = origin + np.floor((after - origin) / period + _exact(after, period)) * period
    ended = (np.abs(_residue(before, period, origin)) < _exact(before, period)) | (multiple <= before)
    return np.where(ended, before, np.minimum(multiple, after)), rows


def _on_grid(before: FloatArray, after: FloatArray, period: float, rows: NDArray[np.int64]) -> FloatArray:
    """The multiple of ``period`` in each [before, after], the one nearest to the middle if there are several."""
    slack = 1e-6 * (after - before)
    number = np.rint((before + after) / (2 * period))
    number = np.clip(number, np.ceil((before - slack) / period), np.floor((after + slack) / period))
    missed = (number * period < before - slack) | (number * period > after + slack)
    if missed.any():
        bad = int(np.argmax(missed))
        raise ValueError(
            f"jumps=grid:{period:g}s has no multiple between rows {rows[bad] + 1} and {rows[bad] + 2}"
            f" ({before[bad]:.9g} s to {after[bad]:.9g} s); give a finer grid, or 'auto'"
        )
    return np.asarray(number * period, dtype=np.float64)


def _changes(values: FloatArray) -> NDArray[np.bool_]:
    """Which row-to-row differences are more than rounding."""
    rounding = _FLOAT32 * float(np.max(np.abs(values)))
    return np.asarray(np.abs(np.diff(values)) > max(_SAME * float(np.ptp(values)), rounding))


def _residue(time: FloatArray, period: float, origin: float) -> FloatArray:
    """Distance from the nearest multiple, in periods."""
    turns = (time - origin) / period
    return np.asarray(turns - np.rint(turns), dtype=np.float64)


def _exact(time: FloatArray, period: float) -> FloatArray:
    """What counts as exactly on a multiple, in periods: rounding of the times themselves."""
    return np.maximum(_EXACT, 8 * np.finfo(np.float64).eps * np.abs(time) / period)


def _has_period(time: FloatArray, period: float, origin: float) -> bool:
    """True if nearly every multiple has one row, at it or less than half a period behind it, without drift."""
    turns = (time - origin) / period + 1e-6
    multiple = np.floor(turns)
    behind = turns - multiple
    if np.mean(np.diff(multiple) == 1) <= 0.9 or np.quantile(behind, 0.98) >= 0.5:
        return False
    index = np.arange(len(time)) - (len(time) - 1) / 2
    slope = float(index @ behind) / float(index @ index)
    scatter = float(np.std(behind - slope * index))
    return abs(slope) * len(time) <= _MOST_DRIFT * scatter + 1e-6


def _largest_gap(time: FloatArray, step: float) -> float:
    """Largest distance of a row from equal steps, in steps."""
    return float(np.max(np.abs(time - time[0] - np.arange(len(time)) * step))) / step
