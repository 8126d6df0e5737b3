"""Simulating a network: one compiled loop, and results whose memory does not grow with oscillators times samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinode.compiled import aligned
from spinode.devices.base import address_of
from spinode.drive_table import DriveTable
from spinode.eighth_order import NODES
from spinode.integrator import BLOCK, LARGEST, DivergedError
from spinode.networks.coupling import Coupling
from spinode.networks.loop import begin, steps
from spinode.networks.network import Network
from spinode.networks.packing import KICKS, Layout, layout_of, pack_couplings, pack_drive, pack_tones
from spinode.networks.stages import EIGHTH, HEUN, RUNGE_KUTTA
from spinode.signals import STAGES, FloatArray, Signal
from spinode.simulate import check_temperature, steps_a_sample, table_of

PLACES = {HEUN: np.array([0.0, 1.0]), RUNGE_KUTTA: np.array(STAGES), EIGHTH: np.array(NODES)}
"""Where in a step the slopes of each method are taken."""
ROWS = {HEUN: 5, RUNGE_KUTTA: 5, EIGHTH: 12}
"""Slopes that are kept of a step, and the trial state."""
LARGEST_TURN = 0.45
"""Turns between two samples above which the direction of turning is in doubt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is kept of a run; nothing of it grows with oscillators times samples but what is asked for.

    Parameters
    ----------
    total : bool
        Sum of the outputs over the oscillators, at each sample.
    order : bool
        Order parameter (1/N) sum_j e^(i phase_j), at each sample.
    window : int
        Turns of each oscillator are kept every so many samples, at least 1; 0: not at all.
    oscillators : sequence of int
        Whose outputs are kept.
    every : int
        Their outputs are kept every so many samples, at least 1.

    Raises
    ------
    ValueError
        If a count is out of range.
    """

    total: bool = True
    order: bool = True
    window: int = 0
    oscillators: Sequence[int] = ()
    every: int = 1

    def __post_init__(self) -> None:
        if self.window < 0 or self.every < 1:
            raise ValueError(
                f"Record.window and every must be at least 0 and 1 samples, got {self.window} and {self.every}"
            )
        object.__setattr__(self, "oscillators", tuple(int(number) for number in self.oscillators))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NetworkRun:
    """What ``simulate_network`` gives; what was not asked for has no rows.

    Parameters
    ----------
    total : array, shape (T, O)
        Sum of the outputs.
    order : complex array, shape (T,)
        Order parameter; its absolute value is r.
    turns : array, shape (W, N)
        Turns of each oscillator since phase 0, every ``window`` samples.
    outputs : array, shape (ceil(T/every), K, O)
        Of the chosen oscillators.
    state : array, shape (N, S)
        At the last sample.
    dt, start, record
        Sample interval [s], time of the first sample [s], and what was asked for.
    source : str
        How it was made.
    """

    total: FloatArray
    order: NDArray[np.complex128]
    turns: FloatArray
    outputs: FloatArray
    state: FloatArray
    dt: float
    start: float
    record: Record
    source: str

    def frequencies(self, first: int = 0, last: int = -1) -> FloatArray:
        """Mean frequency of each oscillator [Hz] between two windows, shape (N,); counterclockwise counts positive."""
        if len(self.turns) < 2:
            raise ValueError(
                f"NetworkRun.frequencies needs 2 windows of turns, got {len(self.turns)}; try Record.window"
            )
        numbers = np.arange(len(self.turns))
        span = (numbers[last] - numbers[first]) * self.record.window * self.dt
        return np.asarray((self.turns[last] - self.turns[first]) / span)


def simulate_network(
    network: Network,
    drive: Signal | Sequence[Signal],
    *,
    initial: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
    substeps: int | None = None,
    record: Record | None = None,
) -> NetworkRun:
    """Run a network through a drive: the couplings act inside every stage of every step.

    The Runge-Kutta 3/8 rule without ``rng``, or the method of eighth order with long steps where the device is smooth
    and no signal is delayed; the stochastic Heun method (Stratonovich) with ``rng``. Outputs that couplings read and
    the record keeps are those under the drive and bias, without tones and couplings. Oscillator i has the same noise
    whatever the size of the network; a run uses one thread, so run several networks on threads of your own.

    Parameters
    ----------
    network : Network
    drive : Signal or sequence of Signal
        For all oscillators, or one each; T >= 2 samples, at which the record is kept.
    initial : array, shape (N, S), optional
        States at the first sample; the devices' own start where left out.
    rng : numpy.random.Generator, optional
        Source of the thermal noise; without it there is no noise.
    substeps : int, optional
        Solver steps of fourth order a sample; as many as the devices ask for where left out.
    record : Record, optional
        What is kept; sums and order parameter where left out.

    Raises
    ------
    ValueError
        If drive, initial states or record do not fit the network, a delay is shorter than a step, or the samples are
        too far apart to count turns.
    DivergedError
        If a state leaves the range in which the equations hold.
    """
    record, drives = record or Record(), [drive] if isinstance(drive, Signal) else list(drive)
    if len(drives) not in (1, len(network)):
        raise ValueError(f"simulate_network needs one drive or one each of {len(network)}, got {len(drives)}")
    if rng is not None:
        check_temperature(network.devices)
    count, order = _steps(network, drives[0].dt, substeps, rng is not None)
    table = table_of(network.devices[0], drives, count, order)
    return _Run(network=network, table=table, record=record, start=drives[0].start).run(initial, rng)


def _steps(network: Network, dt: float, wanted: int | None, noisy: bool) -> tuple[int, int]:
    """Steps a sample and their order; an order of eight cannot look back, and no delay is shorter than a step."""
    delays = [coupling.delay for coupling in network.couplings if coupling.delay > 0]
    count, order = steps_a_sample([network.finest], dt, wanted, noisy or bool(delays))
    if delays and min(delays) < dt / count * (1 - 1e-9):
        late: Coupling = next(each for each in network.couplings if each.delay == min(delays))
        raise ValueError(
            f"{type(late).__name__}.delay must be 0 or at least a solver step of {dt / count:.3g} s, got"
            f" {late.delay:.3g}; try 0, or substeps of {int(np.ceil(dt / late.delay))}"
        )
    return count, order


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One run: packs, steps through the blocks of time, and unpacks."""

    network: Network
    table: DriveTable
    record: Record
    start: float

    def run(self, initial: ArrayLike | None, rng: np.random.Generator | None) -> NetworkRun:
        """All of it."""
        method = HEUN if rng is not None else EIGHTH if self.table.order == 8 else RUNGE_KUTTA
        memory, layout = self._memory(initial, rng, method)
        step = self.table.dt / self.table.substeps
        links = (*pack_couplings(self.network, layout, step), pack_tones(self.network, layout, self.start))
        drive, kept = pack_drive(self.network, layout, self.table), self._kept(layout)
        kernel = self.network.devices[0].kernel
        reads = bool(links[0][2][:, : len(self.network.devices[0].outputs)].any())
        readout = address_of(kernel.readout)
        addresses = (address_of(kernel.rhs), address_of(kernel.diffusion), readout if reads else 0, readout)
        sends = any(coupling.delay == 0 for coupling in self.network.couplings)
        begin(memory, links, drive, kept, addresses)
        last, slot = (len(self.table.values) - 1) * self.table.substeps, 0
        block = max(2, BLOCK // (layout.count * memory[0].shape[1]) // 2 * 2)
        for first in range(0, last, block):
            clock = (first, min(first + block, last), self.table.substeps, step, slot)
            failed, where, slot = steps(memory, links, drive, kept, clock, (addresses, method, PLACES[method], sends))
            if failed >= 0:
                raise self._diverged(memory, where, (failed + 1) * step, layout)
        return self._result(
            memory[0], layout, kept, f"{('Heun', 'Runge-Kutta 4', 'Runge-Kutta 8')[method]}, {step:.6g} s"
        )

    def _memory(
        self, initial: ArrayLike | None, rng: np.random.Generator | None, method: int
    ) -> tuple[tuple[Any, ...], Layout]:
        """States, parameters, limits, slopes, inputs, random bits and numbers."""
        network, device = self.network, self.network.devices[0]
        packed = network.packed
        layout = layout_of(network, ROWS[method], 0 if device.kernel.by_member else packed.shape[1])
        first = np.array([each.initial() for each in network.devices]) if initial is None else initial
        state = np.asarray(first, dtype=np.float64)
        if state.shape != (layout.count, len(device.states)):
            raise ValueError(f"initial must have shape ({layout.count}, {len(device.states)}), got {state.shape}")
        shape = (layout.blocks, len(device.states), layout.lanes)
        constants = layout.padded(packed).reshape(layout.blocks, layout.lanes, -1)
        if not device.kernel.by_member:
            constants = layout.rows(packed)
        limits = np.array(device.kernel.limits or [LARGEST] * shape[1])
        work = aligned(shape[0], ROWS[method], *shape[1:])
        inputs = (shape[0], len(device.inputs), shape[2])
        bits = np.zeros((0, 4, shape[2]), dtype=np.uint64)
        kicks = aligned(shape[0], KICKS, *shape[1:]) if rng is not None else np.zeros((shape[0], 1, 1, 1))
        if rng is not None:
            drawn = np.frombuffer(rng.bytes(32 * layout.count), dtype="<u8").reshape(-1, 4)
            bits = np.ascontiguousarray(
                layout.padded(drawn.astype(np.uint64)).reshape(shape[0], shape[2], 4).transpose(0, 2, 1)
            )
        arrays = (layout.rows(state), constants, limits, work, aligned(*inputs), aligned(*inputs), bits, kicks)
        return arrays, layout

    def _kept(self, layout: Layout) -> tuple[Any, ...]:
        """Arrays of the record; see ``loop``."""
        network, record, samples = self.network, self.record, len(self.table.values)
        outputs, size = len(network.devices[0].outputs), layout.blocks * layout.lanes
        sees = network.plane is not None
        if record.window and not sees:
            raise ValueError(f"Record.window must be 0 for {network.devices[0].name}, got {record.window}; try a plane")
        for number in record.oscillators:
            if not 0 <= number < layout.count:
                raise ValueError(f"Record.oscillators must be 0 to {layout.count - 1}, got {number}")
        weights = np.zeros((2, len(network.visible) + 1))
        if network.plane is not None:
            for axis, source in enumerate((network.plane.cosine, network.plane.sine)):
                weights[axis] = [*network.weights(source), network.plane.centre[axis]]
        marks = np.zeros(((samples - 1) // record.window + 1 if record.window else 0, size))
        turns = np.zeros((1 if record.window else 0, size))
        chosen = np.array(record.oscillators, dtype=np.int64)
        return (
            weights,
            np.zeros((samples if record.total else 0, outputs)),
            np.zeros((samples if record.order and sees else 0, 2)),
            chosen,
            np.zeros(((samples - 1) // record.every + 1, chosen.size, outputs)),
            turns,
            np.zeros(size if record.window else 0),
            aligned(2, layout.lanes),
            np.zeros(1),
            marks,
            np.array([record.every, record.window or 1], dtype=np.int64),
        )

    def _result(self, state: FloatArray, layout: Layout, kept: tuple[Any, ...], source: str) -> NetworkRun:
        if kept[8][0] > LARGEST_TURN:
            raise ValueError(
                f"Record.window needs samples at most {LARGEST_TURN} turns apart, got {kept[8][0]:.2g};"
                f" try a drive with dt below {self.table.dt / 2:.3g} s"
            )
        return NetworkRun(
            total=kept[1],
            order=kept[2] @ np.array([1, 1j]) / layout.count,
            turns=kept[9][:, : layout.count],
            outputs=kept[4],
            state=layout.columns(state),
            dt=self.table.dt,
            start=self.start,
            record=self.record,
            source=f"network of {layout.count} {self.network.devices[0].name}, {source}",
        )

    def _diverged(self, memory: tuple[Any, ...], block: int, time: float, layout: Layout) -> DivergedError:
        """Who left the range, when and with what."""
        device, limits = self.network.devices[0], memory[2]
        state = memory[0][block].T
        row = int(np.argmin((np.abs(state) <= limits).all(axis=1)))
        member = min(block * layout.lanes + row, layout.count - 1)
        text = ", ".join(f"{c.name} = {v:.4g}" for c, v in zip(device.states, state[row], strict=True))
        cause = device.kernel.rule if device.kernel.limits else "the step is too long or the drive too strong"
        return DivergedError(
            f"oscillator {member} of the network diverged at {self.start + time:.6g} s with {text}: {cause};"
            " try a weaker coupling or drive",
            member,
            self.start + time,
            state[row].copy(),
        )
