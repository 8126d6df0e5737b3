"""The array in motion: a tone on each line of the comb, and the count of who follows it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from spinode.design.array import ArrayDesign
from spinode.devices.base import Kernel
from spinode.devices.observed import Observed
from spinode.devices.vortex_kernel import ACROSS, ALONG, OERSTED, SWING, TORQUE
from spinode.devices.vortex_orbit import VortexOrbit
from spinode.drives import SAMPLES_A_PERIOD
from spinode.signals import FloatArray
from spinode.simulate import LONG_STEP, DriveTable, Execution, Members, integrate

SETTLING = 1.1
"""Time before the count, in 1/half-width: e^(-2 pi 1.1) = 1e-3 of a phase error is left at the middle of a band."""
WINDOW = 1.7
"""Time of the count, in 1/spacing: a neighbour slips by more than a turn and a half in it."""
LOCKED = 0.9
"""Size of the mean of e^(i (phase - phase of the tone)) above which a pillar follows: it drifts by a quarter turn."""
EDGES = (0.85, 1.15)
"""Detunings over the half-width at which a pillar must follow, and must not: the law is to first order in the force."""
EDGE_LINES = 8
"""Pillars whose edges are tried, spread over the comb."""
EDGE_TIME = 3.0
"""Longer times at the edges: a phase settles as sqrt(1 - 0.85^2), and slips as sqrt(1.15^2 - 1), of the half-width."""
STRIDE = 3
"""Samples between two looks at the phase: under half a turn of every pillar up to 2.6 times the tone."""
GOLDEN = math.pi * (3 - math.sqrt(5))
"""Angle [rad] between the starts of neighbours: spread evenly, the same in every run."""
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """Who followed the tones, simulated and by the closed form.

    Parameters
    ----------
    tones : array, shape (K,)
        Frequencies of the tones [Hz]: lines of the comb.
    simulated, predicted : array of bool, shape (K, N)
        Which pillars follow each tone; predicted: |tone - f| <= locking half-width.
    own : array of int, shape (K,)
        The pillar to which each tone belongs.
    edges_right, edges : int
        Edges of bands, at 0.85 and 1.15 of the half-width, at which the simulation agrees with the closed form.
    drawn : bool
        Whether the pillars are those on the lithography grid with trimmed currents, or the ideal ones.
    seconds : float
        Wall time.
    """

    tones: FloatArray
    simulated: BoolArray
    predicted: BoolArray
    own: NDArray[np.int64]
    edges_right: int
    edges: int
    drawn: bool
    seconds: float

    @property
    def right(self) -> int:
        """Tones that exactly the right pillar follows, and no other."""
        expected = np.zeros_like(self.simulated)
        expected[np.arange(len(self.tones)), self.own] = True
        return int((self.simulated == expected).all(axis=1).sum())

    @property
    def agreement(self) -> float:
        """Part of all pairs of tone and pillar for which simulation and closed form agree."""
        return float((self.simulated == self.predicted).mean())


def built_pillars(design: ArrayDesign) -> tuple[list[VortexOrbit], bool]:
    """The pillars on the grid with their trimmed currents, where all can be trimmed; otherwise the ideal ones."""
    trims = design.column("current_trim")
    if not np.isfinite(trims).all():
        return list(design.comb.orbits), False
    pillars = []
    for orbit, oscillator in zip(design.comb.orbits, design.oscillators, strict=True):
        device = replace(orbit.device, radius=oscillator.drawn_radius)
        pillars.append(VortexOrbit(device=device, current=oscillator.drawn_current + oscillator.current_trim))
    return pillars, True


def verify(
    design: ArrayDesign,
    lines: Sequence[int] | None = None,
    workers: int | None = None,
    advance: Callable[[float], None] | None = None,
) -> Verification:
    """Simulate every pillar under a tone on lines of the comb, without noise, and count who follows.

    A pillar follows where the phase of its core against the tone drifts by less than about a quarter turn during the
    count. The equations are those of ``VortexOscillator``; the pillars do not act on each other.

    Parameters
    ----------
    design : ArrayDesign
        The array.
    lines : sequence of int, optional
        Lines that are tried, from 0; all where left out.
    workers : int, optional
        Threads that share the tones; one a core where left out.
    advance : callable, optional
        Called with the part that is done, 0 to 1.
    """
    began = time.perf_counter()
    pillars, drawn = built_pillars(design)
    chosen = np.arange(len(pillars)) if lines is None else np.asarray(lines, dtype=np.int64)
    frequency = np.array([orbit.frequency for orbit in pillars])
    half = np.array([orbit.locking_half_width(design.comb.rf_field) for orbit in pillars])
    tones = design.column("frequency")[chosen]
    few = np.unique(np.linspace(0, len(pillars) - 1, EDGE_LINES).astype(np.int64))
    trials = [(int(n), sign * part) for n in few for sign in (-1, 1) for part in EDGES]
    lock, done = Lock(), [0]

    def run(job: tuple[_Built, float, float]) -> BoolArray:
        found = _followers(job[0], (job[1], design.comb.rf_field), (job[2] * spans[0], job[2] * spans[1]))
        with lock:
            done[0] += 1
            if advance is not None:
                advance(done[0] / (len(tones) + len(trials)))
        return found

    every, spans = _Built.of(pillars), (SETTLING / float(half.min()), WINDOW / design.comb.spacing)
    jobs = [(every, float(tone), 1.0) for tone in tones]
    jobs += [(_Built.of([pillars[n]]), float(frequency[n] + part * half[n]), EDGE_TIME) for n, part in trials]
    results = _in_threads(run, jobs, Execution(workers=workers).threads)
    edges = [bool(found[0]) == (abs(part) < 1) for found, (_, part) in zip(results[len(tones) :], trials, strict=True)]
    return Verification(
        tones=tones,
        simulated=np.array(results[: len(tones)]),
        predicted=np.abs(tones[:, None] - frequency) <= half,
        own=chosen,
        edges_right=sum(edges),
        edges=len(edges),
        drawn=drawn,
        seconds=time.perf_counter() - began,
    )


def _in_threads(run: Callable[[_Job], BoolArray], jobs: Sequence[_Job], threads: int) -> list[BoolArray]:
    """Results in the order of the jobs; after one that failed, or Ctrl-C, those that have not begun are left out."""
    pool = ThreadPoolExecutor(threads)
    try:
        return list(pool.map(run, jobs))
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Built:
    """Pillars ready to run: their current is folded in, so that all share one drive (1, field).

    The equations are linear in the current but for the drive: the rates of torque, Oersted field and in-plane torque.
    """

    kernel: Kernel
    members: Members
    finest: float
    sense: float

    @classmethod
    def of(cls, pillars: list[VortexOrbit]) -> _Built:
        """Pack pillars, each started on its orbit."""
        packed = np.array([orbit.device.packed() for orbit in pillars])
        currents = np.array([orbit.current for orbit in pillars])
        for row in (OERSTED, TORQUE, ALONG, ACROSS, SWING):
            packed[:, row] *= currents
        angle = GOLDEN * np.arange(len(pillars))
        radius = np.array([orbit.radius for orbit in pillars])
        start = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        device = pillars[0].device
        return cls(
            kernel=Observed(device=device).kernel,
            members=Members(parameters=packed, initial=start),
            finest=min(orbit.device.step for orbit in pillars),
            sense=device.polarity,
        )


_Job = tuple[_Built, float, float]
"""Pillars, the frequency of a tone [Hz] and how long it is watched, as a part of the usual time."""


def follows(pillar: VortexOrbit, tone: float, field: float, duration: float) -> bool:
    """Whether one pillar follows a tone of a frequency [Hz] and an amplitude [T], simulated.

    Parameters
    ----------
    pillar : VortexOrbit
        Device and current.
    tone, field : float
        Frequency [Hz] and amplitude [T] of the in-plane field.
    duration : float
        Simulated time [s]: the first three fifths settle, the rest is counted.
    """
    return bool(_followers(_Built.of([pillar]), (tone, field), (0.6 * duration, 0.4 * duration))[0])


def _followers(built: _Built, tone: tuple[float, float], spans: tuple[float, float]) -> BoolArray:
    """Which pillars follow a tone (frequency, amplitude), seen for the second of two times [s] after the first."""
    frequency, field = tone
    period = max(SAMPLES_A_PERIOD, math.ceil(1 / (frequency * LONG_STEP * built.finest) * (1 - 1e-9)))
    state, holds = built.members.initial, np.array([True, False])
    for span in spans:
        samples = np.arange(math.ceil(span * frequency) * period + 1)
        wave = np.stack([np.ones(len(samples)), field * np.sin(2 * np.pi * (samples % period) / period)], axis=1)
        table = DriveTable(values=wave[:, None], holds=holds, dt=1 / (period * frequency), order=8)
        members = replace(built.members, initial=state)
        seen, state = integrate(built.kernel, members, table, 2, Execution(workers=1))
    looked = seen[::STRIDE, :, 0] + 1j * seen[::STRIDE, :, 1]
    back = np.exp(-2j * np.pi * built.sense / period * np.arange(0, len(seen), STRIDE))
    return np.asarray(np.abs(back @ (looked / np.abs(looked))) / len(looked) >= LOCKED)
