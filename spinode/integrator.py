"""Fixed-step integration of packed members: the compiled loops that every device and every surrogate runs through.

Members are worked through in groups that fit into the processor's first cache, each group through the whole drive; the
groups are independent, so threads may share them without a change of any number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from spinode.compiled import LANES, aligned
from spinode.devices.base import Kernel, address_of
from spinode.drive_table import DriveTable
from spinode.eighth_order import ROWS, prince_dormand
from spinode.noise import NormalNumbers
from spinode.signals import FloatArray
from spinode.stepping import heun, runge_kutta

BLOCK = 2**19
"""State values a compiled call works through before it returns to Python (reaction to Ctrl-C)."""
NOISE_BLOCK = 2**16
"""The same with noise: the random numbers of a block are held in memory."""
GROUP = 6144
"""Numbers (states with their slopes, inputs, parameters) of the members that run side by side: 32 kB."""
LARGEST = 1e300
"""Absolute state above which a run has diverged, where the device gives no limit of its own."""


class DivergedError(ValueError):
    """A run left the finite numbers, or the range in which its device's equations hold.

    Parameters
    ----------
    message : str
        One line: who, when, state, likely cause.
    member : int
        Row of the ensemble.
    time : float
        Time after the start of the drive [s].
    state : array, shape (S,)
        State of that member when the run was stopped.
    """

    def __init__(self, message: str, member: int, time: float, state: FloatArray) -> None:
        super().__init__(message)
        self.member = member
        self.time = time
        self.state = state


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """What differs between the members of an ensemble.

    Parameters
    ----------
    parameters : array, shape (members, P)
        One packed vector a member.
    initial : array, shape (members, S)
        States at the first sample.
    rngs : sequence of numpy.random.Generator, optional
        One a member for the noise; without it there is none.
    """

    parameters: FloatArray
    initial: FloatArray
    rngs: Sequence[np.random.Generator] | None = None

    def __post_init__(self) -> None:
        for name in ("parameters", "initial"):
            object.__setattr__(self, name, np.atleast_2d(np.asarray(getattr(self, name), dtype=np.float64)))
        counts = {len(self.parameters), len(self.initial), len(self.initial if self.rngs is None else self.rngs)}
        if len(counts) > 1:
            raise ValueError(f"Members must have one row of each kind for every member, got {sorted(counts)} rows")


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """How a run is carried out; no number depends on it.

    Parameters
    ----------
    workers : int, optional
        Threads that share the groups of members, >= 1; one a core of this process where left out.
    advance : callable, optional
        Called with the part of the run that is done, 0 to 1, again and again.
    """

    workers: int | None = None
    advance: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"Execution.workers must be at least 1, got {self.workers}")

    @property
    def threads(self) -> int:
        """``workers``, or the cores this process may use."""
        if self.workers is not None:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Watch:
    """Counts finished blocks over all threads, and stops them all when one fails or the user interrupts."""

    def __init__(self, total: int, advance: Callable[[float], None] | None) -> None:
        self.total, self.advance, self.done = total, advance, 0
        self.stopped, self.lock = False, Lock()

    def tick(self) -> bool:
        """Count one block; whether the run goes on."""
        with self.lock:
            self.done += 1
            if self.advance is not None:
                self.advance(self.done / self.total)
        return not self.stopped


def integrate(
    kernel: Kernel, members: Members, drive: DriveTable, outputs: int, execution: Execution | None = None
) -> tuple[FloatArray, FloatArray]:
    """Integrate packed members through the samples of a drive: what ``simulate`` stands on.

    Parameters
    ----------
    kernel : Kernel
        Compiled equations.
    members : Members
        Parameters, initial states and generators.
    drive : DriveTable
        T samples of the inputs in the device's order.
    outputs : int
        Number of outputs of the readout.
    execution : Execution, optional
        Threads and progress.

    Returns
    -------
    outputs : array, shape (T, members, outputs)
    state : array, shape (members, S)
        State at the last sample.

    Raises
    ------
    DivergedError
        If a state is no longer finite or passes ``kernel.limits``.
    """
    packed, state = members.parameters, members.initial.copy()
    count, size = state.shape
    if drive.values.shape[1] not in (1, count):
        raise ValueError(f"DriveTable.values must have 1 or {count} columns of members, got {drive.values.shape[1]}")
    if drive.order == 8 and members.rngs is not None:
        raise ValueError("DriveTable.order must be 4 where there is noise, got 8")
    result = np.empty((drive.values.shape[0], count, outputs))
    lanes = _lanes(count, 7 * size + drive.values.shape[2] + packed.shape[1])
    block = max(2, (BLOCK if members.rngs is None else NOISE_BLOCK) // (min(lanes, count) * size) // 2 * 2)
    firsts = range(0, count, lanes)
    execution = execution or Execution()
    watch = _Watch(len(firsts) * -(-(len(result) - 1) * drive.substeps // block), execution.advance)
    weights = drive.weights()

    def run(first: int) -> None:
        rows = slice(first, min(first + lanes, count))
        own = None if members.rngs is None else members.rngs[rows]
        best = kernel.crowd if kernel.crowd is not None and rows.stop - first > 2 * LANES else kernel
        group = _Group(kernel=best, table=drive, weights=weights, rows=rows, block=block)
        group.run((packed[rows], state[rows], own), result[:, rows], watch)

    if execution.threads == 1 or len(firsts) == 1:
        for first in firsts:
            run(first)
    else:
        _run_threads(run, firsts, execution.threads, watch)
    return result, state


def _lanes(count: int, numbers: int) -> int:
    """Members of a group: as many as fit into ``GROUP``, but groups of about equal size and of whole vectors."""
    most = GROUP // numbers // LANES * LANES
    groups = -(-count // most) if most else 0
    return -(-count // groups // LANES) * LANES if groups else max(1, GROUP // numbers)


def _run_threads(run: Callable[[int], None], firsts: Sequence[int], threads: int, watch: _Watch) -> None:
    """Run the groups on a pool; the first failure, or Ctrl-C, stops the others at their next block."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            for _ in pool.map(run, firsts):
                pass
        except BaseException:
            watch.stopped = True
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_Rows = tuple[FloatArray, FloatArray, Sequence[np.random.Generator] | None]
"""Parameters, states and generators of some members."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Members that run side by side through the whole drive, ``block`` steps a compiled call."""

    kernel: Kernel
    table: DriveTable
    weights: FloatArray
    rows: slice
    block: int

    def run(self, members: _Rows, result: FloatArray, watch: _Watch) -> None:
        """Fill ``result`` (T, members, O) and bring the states to the last sample."""
        packed, initial, rngs = members
        count, size = initial.shape
        by_member = self.kernel.by_member
        spare = 0 if count <= 2 * LANES or by_member else -count % LANES
        lanes, numbers = count + spare, packed.shape[1]
        inputs, substeps = self._inputs(spare), self.table.substeps
        deep = max(size, inputs[0].shape[1])
        memory = aligned(2 * size + ROWS * deep + (0 if by_member else numbers), lanes)
        state, limits = _columns(memory[:size], initial), memory[size : 2 * size]
        limits[:] = np.array(self.kernel.limits)[:, None] if self.kernel.limits else LARGEST
        work = memory[2 * size : 2 * size + ROWS * deep].reshape(ROWS, deep, lanes)
        constants = np.ascontiguousarray(packed) if by_member else _columns(memory[len(memory) - numbers :], packed)
        noise = None if rngs is None else NormalNumbers(rngs, self.block * size, spare)
        step, last = self.table.dt / substeps, (len(result) - 1) * substeps
        for first in range(0, last, self.block):
            clock = (first, min(first + self.block, last), substeps, step)
            samples = slice(0 if first == 0 else first // substeps + 1, clock[1] // substeps + 1)
            seen = np.empty((samples.stop - samples.start, result.shape[2], lanes))
            failed = self._advance((state, constants, limits, seen, work), inputs, clock, noise)
            if failed >= 0:
                when = ((failed + 1) * step, step)
                raise _diverged(state.T[:count], limits.T[:count], self.rows.start, when, self.kernel.rule)
            result[samples] = seen.transpose(0, 2, 1)[:, :count]
            if not watch.tick():
                return
        initial[:] = state.T[:count]

    def _inputs(self, spare: int) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
        """Drive (T, I, members or 1), holds and weights, as the compiled loops read them."""
        holds = np.ascontiguousarray(self.table.holds, np.bool_)
        if self.table.values.shape[1] == 1:
            return np.ascontiguousarray(self.table.values.transpose(0, 2, 1)), holds, self.weights
        values = self.table.values[:, self.rows].transpose(0, 2, 1)
        return np.ascontiguousarray(np.pad(values, ((0, 0), (0, 0), (0, spare)), "edge")), holds, self.weights

    def _advance(
        self,
        arrays: tuple[FloatArray, ...],
        inputs: tuple[FloatArray, NDArray[np.bool_], FloatArray],
        clock: tuple[int, int, int, float],
        noise: NormalNumbers | None,
    ) -> int:
        """Steps of one block; the step that diverged, or -1."""
        kernel = self.kernel
        if noise is None:
            steps = runge_kutta if self.table.order == 4 else prince_dormand
            failed: int = steps(address_of(kernel.rhs), address_of(kernel.readout), arrays, inputs, clock)
        else:
            size, count = arrays[0].shape
            kicks = noise.take((clock[1] - clock[0]) * size).reshape(-1, size, count)
            three = (address_of(kernel.rhs), address_of(kernel.diffusion), address_of(kernel.readout))
            failed = heun(*three, (*arrays, kicks), inputs, clock)
        return failed


def _columns(result: FloatArray, rows: FloatArray) -> FloatArray:
    """Fill ``result`` with one column a row, and the columns to spare like the last, so that they do no harm."""
    result[:, : len(rows)] = rows.T
    if result.shape[1] > len(rows):
        result[:, len(rows) :] = rows[-1:].T
    return result


def _diverged(
    state: FloatArray, limits: FloatArray, offset: int, when: tuple[float, float], rule: str
) -> DivergedError:
    """The error of a stopped group; ``offset`` is its first member, ``when`` is (time, step)."""
    time, step = when
    inside = np.abs(state) <= limits
    member = int(np.argmin(inside.all(axis=1)))
    row = state[member].copy()
    if np.isfinite(row).all() and (limits[member] < LARGEST).any():
        cause = f"{rule}; try a weaker drive"
    else:
        cause = f"the step of {step:.3g} s is too long or the drive too strong; try more substeps or a weaker drive"
    return DivergedError(cause, offset + member, time, row)
