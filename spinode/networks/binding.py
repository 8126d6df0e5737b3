"""Binding events by mutual synchronization: sequences of events shown to small networks, and what their voltages say.

Our own design, after the idea of Romera et al., Nat. Commun. 13, 883 (2022), of which only the abstract was read: an
event is a set of direct currents added to chosen oscillators, which then lock to each other or do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from spinode.devices.base import Device
from spinode.drives import Sampling, constant, join
from spinode.networks.coupling import MatrixCoupling
from spinode.networks.network import Network
from spinode.networks.run import Record, simulate_network
from spinode.networks.synchrony import hilbert_phases
from spinode.signals import FloatArray, Signal

EDGE = 20
"""Samples at both ends of a window that the Hilbert transform bends."""
TOGETHER = 128
"""Most networks in one run, so that the voltages of a window stay below a hundred megabytes."""
START = 0.3
"""First state of every oscillator before it settles, in units of its first two states."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Binding:
    """Oscillators that hear each other's voltage, and the currents of the events.

    In window n oscillator i has the current I_i = bias_i + sum_m hold^m events[e_(n-m), i], m = 0, 1, ...: with
    ``hold`` above 0 the current of an event stays on and fades, and that is the memory; with 0 only the state of the
    oscillators, such as a locking with hysteresis, can carry anything from one window to the next.

    Parameters
    ----------
    device : Device
        All oscillators are alike, and their currents make them different. The first input is the current, the second
        the microwave input; the first output is the voltage.
    bias : array, shape (N,)
        Currents without an event [A].
    events : array, shape (E, N)
        Currents that each event adds [A].
    gain : float
        Microwave input of each oscillator over the summed voltages of all, itself included.
    hold : float
        0 to below 1.
    window : float
        Duration of an event [s].
    dt : float
        Sample interval of the voltages [s], below half a turn.
    forget : bool
        Start each window from other, settled oscillators: no memory but in the currents.

    Raises
    ------
    ValueError
        If shapes or numbers break their rules.
    """

    device: Device
    bias: FloatArray
    events: FloatArray
    gain: float
    hold: float = 0.0
    window: float = 1e-6
    dt: float = 0.5e-9
    forget: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "bias", np.asarray(self.bias, dtype=np.float64))
        object.__setattr__(self, "events", np.asarray(self.events, dtype=np.float64))
        if self.bias.ndim != 1 or len(self.bias) < 2 or self.events.shape[1:] != self.bias.shape:
            raise ValueError(
                "Binding.events must have a column for each of at least 2 biased oscillators, got shapes"
                f" {self.events.shape} and {self.bias.shape}"
            )
        if len(self.device.inputs) != 2 or len(self.device.outputs) < 1:
            raise ValueError(
                f"Binding.device must have two inputs, a current and a microwave input, got {self.device.name} with"
                f" {len(self.device.inputs)}; try vortex or auto-oscillator"
            )
        if not 0 <= self.hold < 1:
            raise ValueError(f"Binding.hold must be 0 or above and below 1, got {self.hold:g}; try 0.4")
        if not (np.isfinite(self.bias).all() and np.isfinite(self.events).all() and np.isfinite(self.gain)):
            raise ValueError("Binding.bias, events and gain must be finite, got a number that is not")
        if not self.dt > 0 or self.window < 8 * EDGE * self.dt:
            raise ValueError(
                f"Binding.window must be at least {8 * EDGE} samples of dt, got {self.window:g} s of {self.dt:g} s"
            )

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs of oscillators in the order of every list of pairs."""
        return tuple(combinations(range(len(self.bias)), 2))

    def currents(self, sequences: ArrayLike) -> FloatArray:
        """Currents [A] in each window of each sequence of events, shape (B, W, N).

        Parameters
        ----------
        sequences : array of int, shape (B, W)
            Numbers of events; -1 is none.
        """
        numbers = np.asarray(sequences, dtype=np.int64)
        added = np.concatenate([self.events, np.zeros((1, len(self.bias)))])[numbers]
        for number in range(1, numbers.shape[1]):
            added[:, number] += self.hold * added[:, number - 1]
        return np.asarray(self.bias + added)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Response:
    """What the voltages say about each window, from its second half.

    Parameters
    ----------
    locking : array, shape (B, W, P)
        Phase-locking value of each pair, through Hilbert phases of each voltage.
    frequencies : array, shape (B, W, N)
        Mean frequency of each voltage [Hz].
    spectra : array, shape (B, W, F)
        Power density of the summed voltage at ``bins``, over its sum.
    bins : array, shape (F,)
        [Hz].
    voltages : array, shape (B, T, N)
        Of all windows [V], where they were asked for.
    """

    locking: FloatArray
    frequencies: FloatArray
    spectra: FloatArray
    bins: FloatArray
    voltages: FloatArray


def present(
    binding: Binding, sequences: ArrayLike, rng: np.random.Generator, *, noisy: bool = False, keep: bool = False
) -> Response:
    """Show sequences of events to as many networks side by side, in one compiled run a window.

    The oscillators settle alone at their bias for as long as a window before the first event, from phases that are
    drawn, so that no two showings are alike even without thermal noise.

    Parameters
    ----------
    binding : Binding
    sequences : array of int, shape (B, W)
        Numbers of events; -1 is none.
    rng : numpy.random.Generator
        Of the phases and, with ``noisy``, of the thermal noise at the device's temperature.
    noisy : bool
        With thermal noise.
    keep : bool
        Keep the voltages.

    Raises
    ------
    ValueError
        If an event is not there, or as in ``simulate_network``.
    """
    numbers = np.asarray(sequences, dtype=np.int64)
    if numbers.ndim != 2 or numbers.size == 0 or numbers.min() < -1 or numbers.max() >= len(binding.events):
        raise ValueError(
            f"present.sequences must be rows of event numbers -1 to {len(binding.events) - 1}, got shape"
            f" {numbers.shape}"
        )
    parts = [
        _present(binding, numbers[first : first + TOGETHER], rng, noisy, keep)
        for first in range(0, len(numbers), TOGETHER)
    ]
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("locking", "frequencies", "spectra", "voltages")
    }
    return replace(parts[0], **joined)


def _present(binding: Binding, numbers: np.ndarray, rng: np.random.Generator, noisy: bool, keep: bool) -> Response:
    shape = (*numbers.shape, len(binding.bias))
    currents, source = binding.currents(numbers), rng if noisy else None
    state = settled(binding, shape[0], rng, source)
    rows, kept = [], []
    for number in range(shape[1]):
        if binding.forget and number:
            state = settled(binding, shape[0], rng, source)
        network = _network(binding, currents[:, number])
        record = Record(total=False, order=False, oscillators=range(len(network)))
        run = simulate_network(network, _held(binding), initial=state, rng=source, record=record)
        state = run.state
        values = run.outputs[1:, :, 0]
        rows.append(_read(binding, values[len(values) // 2 :].reshape(-1, shape[0], shape[2])))
        if keep:
            kept.append(values.reshape(-1, shape[0], shape[2]).transpose(1, 0, 2))
    columns = [np.stack(column, axis=1) for column in zip(*(row[:3] for row in rows), strict=True)]
    voltages = np.concatenate(kept, axis=1) if keep else np.zeros((shape[0], 0, shape[2]))
    return Response(
        locking=columns[0], frequencies=columns[1], spectra=columns[2], bins=rows[0][3], voltages=voltages
    )  # fmt: skip


def settled(binding: Binding, count: int, rng: np.random.Generator, source: np.random.Generator | None) -> FloatArray:
    """States of ``count`` networks, shape (count N, S), whose oscillators ran alone from drawn phases."""
    states = len(binding.device.states)
    begin = np.zeros((count * len(binding.bias), states))
    angle = rng.uniform(0, 2 * np.pi, len(begin))
    begin[:, 0] = START * np.cos(angle)
    if states > 1:
        begin[:, 1] = START * np.sin(angle)
    alone = Network(
        devices=[binding.device] * len(begin), bias={binding.device.inputs[0].name: np.tile(binding.bias, count)}
    )
    record = Record(total=False, order=False)
    return simulate_network(alone, _held(binding), initial=begin, rng=source, record=record).state


def _held(binding: Binding) -> Signal:
    """A drive of one window that adds nothing to the biases."""
    sampling = Sampling(duration=binding.window, dt=binding.dt)
    return join(*(constant(channel, sampling, 0.0) for channel in binding.device.inputs))


def _network(binding: Binding, currents: FloatArray) -> Network:
    """All networks of a window as one, whose matrix has a block for each."""
    count, size = currents.shape
    first, second = (channel.name for channel in binding.device.inputs)
    block = np.full((size, size), binding.gain)
    matrix = sparse.kron(sparse.eye_array(count), block, "csr")
    link = MatrixCoupling(matrix=matrix, source={binding.device.outputs[0].name: 1.0}, target=second)
    return Network(devices=[binding.device] * (count * size), couplings=[link], bias={first: currents.ravel()})


def _read(binding: Binding, voltages: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Locking, frequencies, spectra and bins of voltages of shape (T, B, N)."""
    length, count, size = voltages.shape
    phases = hilbert_phases(voltages.reshape(length, -1))[EDGE:-EDGE].reshape(-1, count, size)
    turned = np.exp(1j * phases)
    locking = [np.abs((turned[..., i] * turned[..., j].conj()).mean(axis=0)) for i, j in binding.pairs]
    frequencies: FloatArray = (phases[-1] - phases[0]) / (2 * np.pi * binding.dt * (len(phases) - 1))
    total = voltages.sum(axis=2)
    density = np.abs(np.fft.rfft((total - total.mean(axis=0)) * np.hanning(length)[:, None], axis=0).T) ** 2
    bins: FloatArray = np.fft.rfftfreq(length, binding.dt).astype(np.float64)
    return np.stack(locking, axis=-1), frequencies, np.asarray(density / density.sum(axis=1, keepdims=True)), bins
