"""Fixed-step integration of packed members: the compiled loops that every device and every surrogate runs through.

Members are worked through in groups that fit into the processor's first cache, each group through the whole drive; the
groups are independent, so threads may share them without a change of any number.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinode.devices.base import Kernel
from spinode.noise import normal_numbers
from spinode.signals import STAGES, FloatArray
from spinode.stepping import heun, runge_kutta

BLOCK = 2**20
"""State values a compiled call works through before it returns to Python (reaction to Ctrl-C)."""
NOISE_BLOCK = 2**16
"""The same with noise: the random numbers of a block are held in memory."""
GROUP = 4096
"""Numbers (states with their slopes, inputs, parameters) of the members that run side by side: 32 kB."""
MOST_SUBSTEPS = 100_000
"""Largest number of solver steps a sample; a drive that needs more is sampled too coarsely to be meant."""
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
class DriveTable:
    """Drive samples as the compiled loop reads them.

    Parameters
    ----------
    values : array, shape (T, members, I) or (T, 1, I)
        Samples in SI units, T >= 2; one column for all members or one each.
    holds : array of bool, shape (I,)
        Which channels keep sample i on [t_i, t_(i+1)); the others are interpolated by cubics.
    dt : float
        Sample interval [s].
    substeps : int
        Solver steps a sample, 1 to ``MOST_SUBSTEPS``.
    """

    values: FloatArray
    holds: NDArray[np.bool_]
    dt: float
    substeps: int = 1

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.shape[0] < 2:
            raise ValueError(f"DriveTable.values must have shape (T >= 2, members, inputs), got {self.values.shape}")
        if not 1 <= self.substeps <= MOST_SUBSTEPS:
            raise ValueError(
                f"DriveTable.substeps must be 1 to {MOST_SUBSTEPS} solver steps a sample, got {self.substeps};"
                f" try a drive with dt below {self.dt:.3g} s"
            )
        object.__setattr__(self, "values", np.ascontiguousarray(self.values, dtype=np.float64))

    def weights(self) -> FloatArray:
        """Weights of the stage values: Lagrange cubics as in ``signals.stage_values``.

        Returns
        -------
        array, shape (3, substeps, 4, nodes)
            By position of the sample among its nodes, substep, stage (0, 1/3, 2/3, 1 of the step) and node.
        """
        nodes = min(4, self.values.shape[0])
        substeps = 1 if self.holds.all() else self.substeps  # a held channel reads no weight
        offset = (np.arange(substeps)[:, None] + np.array(STAGES)) / substeps
        position = np.arange(3.0)[:, None, None] + offset
        result = np.ones((*position.shape, nodes))
        for node in range(nodes):
            for other in range(nodes):
                if other != node:
                    result[..., node] *= (position - other) / (node - other)
        return result


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
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.float64, ndmin=2))
        counts = {len(self.parameters), len(self.initial), len(self.initial if self.rngs is None else self.rngs)}
        if len(counts) > 1:
            raise ValueError(f"Members must have one row of each kind for every member, got {sorted(counts)} rows")


def integrate(
    kernel: Kernel, members: Members, drive: DriveTable, outputs: int, *, workers: int = 1
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
    workers : int
        Threads that share the groups of members; the numbers do not depend on it.

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
    result = np.empty((drive.values.shape[0], count, outputs))
    lanes = max(1, GROUP // (7 * size + drive.values.shape[2] + packed.shape[1]))
    weights = drive.weights()

    def run(first: int) -> None:
        rows = slice(first, min(first + lanes, count))
        own = None if members.rngs is None else members.rngs[rows]
        _integrate_group(kernel, packed[rows], state[rows], (drive, weights, rows), result[:, rows], own)

    firsts = range(0, count, lanes)
    if workers > 1 and len(firsts) > 1:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(run, firsts))
    else:
        for first in firsts:
            run(first)
    return result, state


def _integrate_group(
    kernel: Kernel,
    packed: FloatArray,
    state: FloatArray,
    drive: tuple[DriveTable, FloatArray, slice],
    result: FloatArray,
    rngs: Sequence[np.random.Generator] | None,
) -> None:
    """Run one group of members through the whole drive; ``state`` (members, S) and ``result`` are filled."""
    table, weights, rows = drive
    count, size = state.shape
    moving = np.ascontiguousarray(state.T)
    limits = np.full((size, count), LARGEST)
    if kernel.limits:
        limits[:] = np.array(kernel.limits)[:, None]
    values = table.values if table.values.shape[1] == 1 else table.values[:, rows]
    inputs = (np.ascontiguousarray(values.transpose(0, 2, 1)), np.ascontiguousarray(table.holds, np.bool_), weights)
    constants = np.ascontiguousarray(packed if kernel.by_member else packed.T)
    step, last = table.dt / table.substeps, (len(values) - 1) * table.substeps
    block = max(2, (BLOCK if rngs is None else NOISE_BLOCK) // (count * size) // 2 * 2)
    for first in range(0, last, block):
        clock = (first, min(first + block, last), table.substeps, step)
        samples = slice(0 if first == 0 else first // table.substeps + 1, clock[1] // table.substeps + 1)
        seen = np.empty((samples.stop - samples.start, result.shape[2], count))
        members = (moving, constants, limits, seen)
        if rngs is None:
            failed = runge_kutta(kernel.rhs, kernel.readout, members, inputs, clock)
        else:
            noise = _noise(rngs, clock[1] - first, size)
            failed = heun(kernel.rhs, kernel.diffusion, kernel.readout, (*members, noise), inputs, clock)
        if failed >= 0:
            raise _diverged(moving.T, limits.T, rows.start, (failed + 1) * step, step)
        result[samples] = seen.transpose(0, 2, 1)
    state[:] = moving.T


def _noise(rngs: Sequence[np.random.Generator], steps: int, size: int) -> FloatArray:
    """Gaussian numbers (steps, S, members); each member's stream depends on its generator alone."""
    noise = np.empty((len(rngs), steps, size))
    for row, generator in enumerate(rngs):
        noise[row] = normal_numbers(generator, steps * size).reshape(steps, size)
    return np.ascontiguousarray(noise.transpose(1, 2, 0))


def _diverged(state: FloatArray, limits: FloatArray, offset: int, time: float, step: float) -> DivergedError:
    inside = np.abs(state) <= limits
    member = int(np.argmin(inside.all(axis=1)))
    row = state[member].copy()
    if np.isfinite(row).all() and (limits[member] < LARGEST).any():
        cause = "it left the range in which the equations hold; try a weaker drive"
    else:
        cause = f"the step of {step:.3g} s is too long or the drive too strong; try more substeps or a weaker drive"
    return DivergedError(cause, offset + member, time, row)
