"""Synapse made of a domain wall in a track with notches: a weight that current pulses write and a gate selects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinode.devices.constants import BOLTZMANN
from spinode.devices.fields import check_between, check_numbers, si
from spinode.devices.wall import DomainWall
from spinode.devices.wall_datasheet import time_words
from spinode.devices.wall_retention import TEN_YEARS
from spinode.signals import Channel, FloatArray, Signal
from spinode.traces import Trace

SAMPLES_A_PULSE = 10
"""Drive samples in a write pulse."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """A weight that the synapse can hold, or cannot.

    Parameters
    ----------
    number : int
        Number of its notch from q = 0.
    position, conductance : float
        Of the resting wall [m], [S].
    barrier : float
        Lower way out over kB T.
    escape_time : float
        Mean time until the level is lost [s].
    spread : float
        Thermal standard deviation of the conductance inside the well [S].
    margin : float
        Half the distance to the nearest other level [S].
    held : bool
        Whether the escape time is above the retention time and the spread below the margin.
    """

    number: int
    position: float
    conductance: float
    barrier: float
    escape_time: float
    spread: float
    margin: float
    held: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What repeated writing of one level gave.

    Parameters
    ----------
    level : int
        Wanted level.
    mean, spread : float
        Mean and standard deviation of the conductances [S].
    error : float
        Mean minus the level's conductance [S].
    wrong : float
        Part of the writings that ended nearer to another level.
    """

    level: int
    mean: float
    spread: float
    error: float
    wrong: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Synapse:
    """A notched track as a weight: level n is the wall in notch n, its conductance G((n p)).

    A write is ``count`` pulses of current, each followed by a rest in which the wall slides into its notch; the gate
    voltage during the pulse decides how far it goes, or whether it goes at all (after Misba et al., arXiv 2010.10076,
    in which strain does this; here what the gate changes is said by the wall: ``strain_efficiency``,
    ``notch_efficiency`` or ``gate_efficiency``). Writing is simulated with ``simulate_ensemble`` of the wall under
    ``write(...)``; ``judge`` looks at the traces.

    Parameters
    ----------
    wall : DomainWall
        The track; ``notch_energy`` > 0, at least two notches under the readout.
    current_density : float
        Of a write pulse [A/m2].
    pulse_time, settle_time : float
        Length of a pulse and of the rest after it [s], > 0.
    retention : float
        Time [s] > 0 for which a level must last.

    Raises
    ------
    ValueError
        If a number breaks its rule, or there are fewer than two levels.

    Notes
    -----
    All default numbers are assumed: a wide track of high damping with notches of 60 kB T, lowered to 28 % by 1 V. One
    pulse at 1 V moves the wall by one level; without the gate a pulse moves nothing.
    """

    wall: DomainWall = DomainWall(
        width=400e-9, damping=0.3, polarization=0.0, notch_energy=2.5e-19, notch_efficiency=-1.8e-19, end_stiffness=3e-3
    )
    current_density: float = si("A/m2", "current density of a write pulse, assumed", 2.15e11)
    pulse_time: float = si("s", "length of a write pulse, assumed", 1.2e-9)
    settle_time: float = si("s", "rest after a write pulse, assumed", 4e-9)
    retention: float = si("s", "time for which a level must last: ten years", TEN_YEARS)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "pulse_time", "settle_time", "retention")
        check_between(self.wall, 0.0, np.inf, "notch_energy")
        if self.wall.length < self.wall.notch_period * (1 - 1e-9):
            raise ValueError(
                f"Synapse.wall must have two notches under the readout, got notch_period {self.wall.notch_period:g}"
                f" for length {self.wall.length:g}; try a period of {self.wall.length / 10:.3g} m"
            )

    @property
    def positions(self) -> FloatArray:
        """Notches n p under the readout [m], shape (levels,)."""
        count = int(np.floor(self.wall.length / self.wall.notch_period * (1 + 1e-9))) + 1
        return np.asarray(np.arange(count) * self.wall.notch_period, dtype=np.float64)

    @property
    def conductances(self) -> FloatArray:
        """Conductance of each level [S], shape (levels,)."""
        return self.conductance_at(self.positions)

    def conductance_at(self, positions: FloatArray) -> FloatArray:
        """Conductance [S] of a wall at each place [m]; shape of ``positions``."""
        wall, q = self.wall, np.asarray(positions, dtype=np.float64)
        state = np.ascontiguousarray(np.stack([q, np.zeros_like(q)]))
        packed = np.repeat(wall.packed()[:, None], q.size, axis=1)
        result = np.empty((2, q.size))
        wall.kernel.readout(state, np.zeros((len(wall.inputs), q.size)), packed, result)
        return np.asarray(result[1], dtype=np.float64)

    def level_of(self, conductances: ArrayLike) -> NDArray[np.int64]:
        """Number of the level nearest to each conductance [S]; shape of ``conductances``."""
        distance = np.abs(np.asarray(conductances, dtype=np.float64)[..., None] - self.conductances)
        return np.asarray(np.argmin(distance, axis=-1), dtype=np.int64)

    def levels(self) -> tuple[Level, ...]:
        """Every level with its barrier, its escape time and whether it is held at the wall's temperature."""
        known, heat = self.conductances, BOLTZMANN * self.wall.temperature
        gaps = np.abs(np.diff(known))
        margins = 0.5 * np.minimum(np.append(gaps, np.inf), np.append(np.inf, gaps))
        result = []
        for number, place in enumerate(self.positions):
            hold = self.wall.hold(float(place))
            jitter = np.sqrt(heat / hold.stiffness) if hold.stiffness > 0 else np.inf
            around = self.conductance_at(np.array([hold.position - jitter, hold.position, hold.position + jitter]))
            spread = float(abs(around[2] - around[0]) / 2) if np.isfinite(jitter) else np.inf
            level = Level(
                number=number,
                position=hold.position,
                conductance=float(around[1]),
                barrier=hold.barrier / heat if heat else np.inf,
                escape_time=hold.escape_time,
                spread=spread,
                margin=float(margins[number]),
                held=bool(hold.escape_time > self.retention and spread < margins[number]),
            )
            result.append(level)
        return tuple(result)

    def surviving(self, temperature: float) -> int:
        """Number of levels that are held at a temperature [K]."""
        warm = replace(self, wall=replace(self.wall, temperature=temperature))
        return sum(level.held for level in warm.levels())

    def verdict(self) -> str:
        """One sentence: how many levels are held, and which are lost for what reason."""
        levels = self.levels()
        lost = [level for level in levels if not level.held]
        kept, where = len(levels) - len(lost), f"for {time_words(self.retention)} at {self.wall.temperature:g} K"
        if not lost:
            worst = min(levels, key=lambda level: level.escape_time)
            how = f"the weakest barrier is {worst.barrier:.1f} kB T, escape {time_words(worst.escape_time)}"
            return f"All {kept} levels are held {where}: {how}."
        worst = min(lost, key=lambda level: level.escape_time)
        why = f"level {worst.number} has a barrier of {worst.barrier:.1f} kB T and is lost in"
        names = ", ".join(str(level.number) for level in lost)
        words = f"{why} {time_words(worst.escape_time)}"
        return f"{kept} of {len(levels)} levels are held {where}; NOT held: {names} ({words})."

    def write(self, gate: float = 0.0, count: int = 1, *, current_density: float | None = None) -> Signal:
        """Drive of ``count`` write pulses at a gate voltage [V], each followed by its rest with current and gate off.

        ``current_density`` [A/m2] replaces the synapse's own, for example to write backwards.
        """
        if count < 1:
            raise ValueError(f"Synapse.write needs a count of at least 1, got {count}")
        dt = self.pulse_time / SAMPLES_A_PULSE
        rest = int(np.ceil(self.settle_time / dt * (1 - 1e-9)))
        one = np.zeros((SAMPLES_A_PULSE + rest, 3))
        density = self.current_density if current_density is None else current_density
        one[:SAMPLES_A_PULSE] = density, 0.0, gate
        channels = tuple(Channel(name=channel.name, unit=channel.unit, hold=True) for channel in self.wall.inputs)
        return Signal(values=np.vstack([np.tile(one, (count, 1)), np.zeros((1, 3))]), dt=dt, channels=channels)

    def start(self, level: int, members: int = 1) -> FloatArray:
        """States of walls that rest in a level, shape (members, 2)."""
        if not 0 <= level < len(self.positions):
            raise ValueError(f"Synapse.start needs a level from 0 to {len(self.positions) - 1}, got {level}")
        return np.tile([self.positions[level], self.wall.rest_angle], (members, 1))

    def judge(self, level: int, traces: Sequence[Trace]) -> Written:
        """Final conductances of traces that should have ended in a level."""
        final = np.array([trace.output.column("conductance")[-1] for trace in traces])
        return Written(
            level=level,
            mean=float(final.mean()),
            spread=float(final.std()),
            error=float(final.mean() - self.conductances[level]),
            wrong=float(np.mean(self.level_of(final) != level)),
        )
