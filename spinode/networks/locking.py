"""Where oscillators lock: ranges by sweeping there and back, and maps over detuning and strength in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from spinode.networks.network import Network, side_by_side
from spinode.networks.run import Record, simulate_network
from spinode.signals import FloatArray, Signal

SLIP = 0.05
"""Turns between two oscillators in a window below which they are locked."""
SAME_BEAT = 0.1
"""Part by which the beats of two stretches may differ when a network has settled."""
WHOLE_SLIP = 1.1
"""Turns by which two stretches of one beat differ when one of them has a slip more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sweep:
    """How a locking range is looked for.

    Parameters
    ----------
    window : Signal
        Drive of one window; its samples must be closer than 0.45 turns. Long beside the inverse locking width: a beat
        slower than a twentieth turn a window counts as locked.
    pair : tuple of int or None
        Whose frequencies are compared. With None as the second, the first is compared with ``reference``.
    reference : float
        [Hz], counterclockwise positive.
    most : int
        Windows after which a network that still changes does not settle, >= 2.
    steps : int
        Detunings on the way from one end to the other, >= 1.
    tolerance : float
        Of an edge [Hz], > 0.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    window: Signal
    pair: tuple[int, int | None] = (0, 1)
    reference: float = 0.0
    most: int = 12
    steps: int = 8
    tolerance: float

    def __post_init__(self) -> None:
        if self.most < 2 or self.steps < 1 or not self.tolerance > 0:
            raise ValueError(
                "Sweep.most, steps and tolerance must be at least 2, at least 1 and above 0,"
                f" got {self.most}, {self.steps} and {self.tolerance:g}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class LockingRange:
    """Detunings [Hz] at which oscillators let go on the way out, and lock on the way in.

    Parameters
    ----------
    released : tuple of float
        Low and high end of the range of a locked network whose detuning grows.
    caught : tuple of float
        The same of a drifting network whose detuning shrinks: within ``released``, up to the tolerance.
    tolerance : float
        Of each end [Hz].
    """

    released: tuple[float, float]
    caught: tuple[float, float]
    tolerance: float

    @property
    def width(self) -> float:
        """Of the range that is kept once locked [Hz]."""
        return self.released[1] - self.released[0]

    @property
    def hysteresis(self) -> float:
        """How much wider it is than the range in which it locks by itself [Hz]."""
        return self.width - (self.caught[1] - self.caught[0])

    @property
    def is_hysteretic(self) -> bool:
        """Whether that is more than the tolerances can explain."""
        return self.hysteresis > 4 * self.tolerance


def locking_range(
    network_at: Callable[[float], Network], low: float, high: float, sweep: Sweep, *, initial: ArrayLike | None = None
) -> LockingRange:
    """Locking range of a network, by sweeping its detuning out from the middle and back in, with the state carried on.

    At each detuning windows are added until two in a row have no slip, or the later half has the beat of that before.
    Each edge is then halved down to the tolerance from the last state before it.

    Parameters
    ----------
    network_at : callable
        The network at a detuning [Hz]. Detune the oscillators and not a tone, whose phase would jump. Lines of delayed
        couplings are empty at the start of each window.
    low, high : float
        Detunings [Hz] at which it drifts; it must lock half way between.
    sweep : Sweep
        Windows, pair and tolerance.
    initial : array, shape (N, S), optional
        States at the first window.

    Raises
    ------
    ValueError
        If it does not settle, does not lock in the middle, or does not drift at an end.
    """
    search = _Search(network_at=network_at, sweep=sweep)
    middle = (low + high) / 2
    locked, rest = search.hold(middle, None if initial is None else np.asarray(initial, dtype=np.float64))
    if not locked:
        raise ValueError(f"locking_range.network_at must lock at {middle:g} Hz, got a drifting network; try a coupling")
    ends = [(search.edge(middle, end, rest), end) for end in (low, high)]
    back = [search.edge(end, middle, state) for (_, state), end in ends]
    return LockingRange(
        released=(ends[0][0][0], ends[1][0][0]), caught=(back[0][0], back[1][0]), tolerance=sweep.tolerance
    )


@dataclass(kw_only=True, slots=True)
class _Search:
    """Windows one after the other, on a time axis that goes on."""

    network_at: Callable[[float], Network]
    sweep: Sweep
    time: float = 0.0

    def hold(self, detuning: float, state: FloatArray | None) -> tuple[bool, FloatArray]:
        """Whether the network is locked once it has settled, and its state."""
        network, span = self.network_at(detuning), (len(self.sweep.window) - 1) * self.sweep.window.dt
        record = Record(total=False, order=False, window=len(self.sweep.window) - 1)
        turns: list[float] = []
        for _ in range(self.sweep.most):
            drive = replace(self.sweep.window, start=self.time)
            run = simulate_network(network, drive, initial=state, record=record)
            state, self.time = run.state, self.time + span
            turns.append(_difference(run.frequencies(), self.sweep) * span)
            if len(turns) > 1 and max(abs(turns[-1]), abs(turns[-2])) < SLIP:
                return True, state
            if _is_steady(turns):
                return False, state
        raise ValueError(
            f"locking_range: the network does not settle at a detuning of {detuning:g} Hz within {self.sweep.most}"
            f" windows of {span:.3g} s, its last beat is {turns[-1] / span:.3g} Hz; try longer windows"
        )

    def edge(self, first: float, last: float, state: FloatArray) -> tuple[float, FloatArray]:
        """Where it changes between locked and drifting on the way from ``first`` to ``last``; the state at ``last``."""
        locked, state = self.hold(first, state)
        inside, outside = first, last
        for detuning in np.linspace(first, last, self.sweep.steps + 1)[1:].tolist():
            now, moved = self.hold(detuning, state)
            if now != locked:
                outside = detuning
                break
            inside, state = detuning, moved
        else:
            raise ValueError(
                f"locking_range: the network is {'locked' if locked else 'drifting'} from {first:g} to {last:g} Hz;"
                " try other ends"
            )
        after = moved
        while abs(outside - inside) > self.sweep.tolerance:
            middle = (inside + outside) / 2
            now, moved = self.hold(middle, state)
            if now == locked:
                inside, state = middle, moved
            else:
                outside, after = middle, moved
        return (inside + outside) / 2, self.hold(last, after)[1]


def _is_steady(turns: list[float]) -> bool:
    """Whether as many turns were made in the last windows as in as many before; a slip is seen as a whole turn."""
    count = len(turns) // 2
    if count == 0:
        return False
    now, before = sum(turns[-count:]), sum(turns[-2 * count : -count])
    slips = min(abs(now), abs(before)) > 1 - SLIP and now * before > 0
    return slips and abs(now - before) <= max(SAME_BEAT * abs(now), WHOLE_SLIP)


def _difference(frequencies: FloatArray, sweep: Sweep) -> float:
    """Difference of the pair; of cores that turn in opposite directions that of the absolute values."""
    first, second = sweep.pair
    other = sweep.reference if second is None else float(frequencies[second])
    return abs(float(frequencies[first])) - abs(other)


def beat_map(
    networks: Sequence[Network],
    drive: Signal,
    *,
    pair: tuple[int, int | None] = (0, 1),
    reference: ArrayLike = 0.0,
    initial: ArrayLike | None = None,
) -> FloatArray:
    """Beats [Hz] of many networks of one size in one run, over the second half of the drive, shape (len(networks),).

    Beat = |f_first| - |f_second| of the pair, or less the reference where the second is None: 0 where they lock.

    Parameters
    ----------
    networks : sequence of Network
        As ``side_by_side`` takes them.
    drive : Signal
        For all; its samples must be closer than 0.45 turns. The first half is left for settling.
    pair, reference
        As in ``Sweep``; the reference may be one for each network.
    initial : array, shape (N, S), optional
        States of each network.

    Raises
    ------
    ValueError
        As in ``simulate_network``.
    """
    count, size = len(networks), len(networks[0])
    half = (len(drive) - 1) // 2
    state = None if initial is None else np.tile(np.asarray(initial, dtype=np.float64), (count, 1))
    record = Record(total=False, order=False, window=half)
    run = simulate_network(side_by_side(networks), drive, initial=state, record=record)
    found = np.abs(run.frequencies(1, 2)).reshape(count, size)
    other = np.asarray(reference, dtype=np.float64) if pair[1] is None else found[:, pair[1]]
    return np.asarray(found[:, pair[0]] - np.abs(other))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tongue:
    """Beats over detuning and strength: where they are 0 is the Arnold tongue.

    Parameters
    ----------
    detunings : array, shape (D,)
        [Hz].
    strengths : array, shape (A,)
        Coupling or amplitude.
    beats : array, shape (A, D)
        [Hz].
    slip : float
        Beat below which they are locked [Hz].
    """

    detunings: FloatArray
    strengths: FloatArray
    beats: FloatArray
    slip: float

    @property
    def locked(self) -> np.ndarray:
        """Which are locked, shape (A, D)."""
        return np.asarray(np.abs(self.beats) < self.slip)


def arnold_tongue(
    network_at: Callable[[float, float], Network],
    grid: tuple[ArrayLike, ArrayLike],
    drive: Signal,
    *,
    pair: tuple[int, int | None] = (0, 1),
    reference: float = 0.0,
    initial: ArrayLike | None = None,
) -> Tongue:
    """Beats of ``network_at(detuning, strength)`` over a grid, all in one run: see ``beat_map``.

    Parameters
    ----------
    network_at : callable
        The network at a detuning [Hz] and a strength.
    grid : tuple of array, shapes (D,) and (A,)
        Detunings and strengths.
    drive, pair, reference, initial
        As in ``beat_map``.
    """
    across, along = (np.asarray(part, dtype=np.float64) for part in grid)
    networks = [network_at(detuning, strength) for strength in along.tolist() for detuning in across.tolist()]
    beats = beat_map(networks, drive, pair=pair, reference=reference, initial=initial)
    half = (len(drive) - 1) // 2 * drive.dt
    return Tongue(detunings=across, strengths=along, beats=beats.reshape(len(along), len(across)), slip=SLIP / half)
