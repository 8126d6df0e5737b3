"""A linear oscillator as a device: its answer, and the least possible error of its parameters, are closed forms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.fields import si
from spinode.signals import Channel, FloatArray, Signal, signal_of
from spinode.traces import Trace

PUSH = Channel(name="push", unit="V", hold=True)


@njit(KERNEL)
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        w, loss, force = parameters[0, lane], parameters[1, lane], parameters[2, lane]
        result[0, lane] = w * state[1, lane]
        result[1, lane] = -w * state[0, lane] - loss * state[1, lane] + force * drive[0, lane]


@njit(KERNEL)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    result[:, :] = 0.0


@njit(KERNEL)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[3, lane] * state[0, lane]


LINEAR = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinearOscillator:
    """x' = w v, v' = -w x - loss v + coupling u; output gain x. ``mass`` and ``inverse`` multiply into one number."""

    frequency: float = si("Hz", "frequency", 1e9)
    loss: float = si("1/s", "damping rate", 0.0)
    coupling: float = si("1/(V s)", "force of the drive", 1e9)
    inverse: float = si("", "another factor of that force", 1.0)
    gain: float = si("m", "output of x = 1", 1e-9)
    idle: float = si("K", "no influence at all", 300.0)
    name: str = "linear"
    inputs: tuple[Channel, ...] = (PUSH,)
    outputs: tuple[Channel, ...] = (Channel(name="position", unit="m"),)
    states: tuple[Channel, ...] = (Channel(name="x"), Channel(name="v"))

    @property
    def kernel(self) -> Kernel:
        return LINEAR

    @property
    def step(self) -> float:
        return 1 / (64 * self.frequency)

    def packed(self) -> FloatArray:
        return np.array([2 * np.pi * self.frequency, self.loss, self.coupling * self.inverse, self.gain])

    def initial(self) -> FloatArray:
        return np.array([1.0, 0.0])


def ringing(count: int, samples_a_turn: int, frequency: float = 1e9, loss: float = 0.0) -> Trace:
    """Free answer of the oscillator from x = 0.8, v = 0.3, exactly.

    x = e^(-loss t/2) [x0 cos vt + (w v0 + loss x0/2)/v sin vt] with v^2 = w^2 - loss^2/4.
    """
    time = np.arange(count) / (samples_a_turn * 1e9)
    w = 2 * np.pi * frequency
    v = np.sqrt(w**2 - loss**2 / 4)
    x = np.exp(-loss * time / 2) * (0.8 * np.cos(v * time) + (w * 0.3 + loss * 0.4) / v * np.sin(v * time))
    still = Signal(values=np.zeros((count, 1)), dt=float(time[1]), channels=(PUSH,))
    return Trace(drive=still, output=signal_of(1e-9 * x, float(time[1]), Channel(name="position", unit="m")))


def noisy(trace: Trace, decibels: float, rng: np.random.Generator, memory: float = 0.0) -> Trace:
    """The trace with normal noise of this signal-to-noise ratio; ``memory`` is the correlation of neighbours."""
    values = trace.output.values
    size = values.std(axis=0) * 10 ** (-decibels / 20)
    kicks = rng.standard_normal(values.shape)
    for row in range(1, len(kicks)):
        kicks[row] = memory * kicks[row - 1] + np.sqrt(1 - memory**2) * kicks[row]
    return replace(trace, output=replace(trace.output, values=values + size * kicks))
