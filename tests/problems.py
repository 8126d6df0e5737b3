"""Small problems with exact solutions, for the integrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.fields import si
from spinode.signals import Channel, FloatArray, Signal, signal_of

U = Channel(name="u")


@njit(KERNEL)
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = -parameters[0, lane] * state[0, lane] + drive[0, lane]


@njit(KERNEL)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[1, lane] * state[0, lane]


@njit(KERNEL)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = state[0, lane]
        result[1, lane] = drive[0, lane]


LINEAR = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class Relaxation:
    """dx/dt = -rate x + u(t), with Stratonovich noise spread x dW; outputs x and u."""

    rate: float = si("1/s", "decay rate", 1.0)
    spread: float = si("1/s^0.5", "relative noise", 0.0)
    limits: tuple[float, ...] = ()
    step: float = 0.1
    name: str = "relaxation"
    inputs: tuple[Channel, ...] = (U,)
    outputs: tuple[Channel, ...] = (Channel(name="x"), Channel(name="seen"))
    states: tuple[Channel, ...] = (Channel(name="x"),)

    @property
    def kernel(self) -> Kernel:
        return Kernel(rhs=LINEAR.rhs, diffusion=LINEAR.diffusion, readout=LINEAR.readout, limits=self.limits)

    def packed(self) -> FloatArray:
        return np.array([self.rate, self.spread])

    def initial(self) -> FloatArray:
        return np.array([1.0])


class ReplayedPaths:
    """Stands for ``NormalNumbers``: its generators are the increments of known Brownian paths, shape (steps,) each."""

    def __init__(self, rngs: Sequence[FloatArray], most: int, spare: int = 0) -> None:
        del most
        self.increments = np.pad(np.array(rngs).T, ((0, 0), (0, spare)))
        self.position = 0

    def take(self, count: int) -> FloatArray:
        taken = self.increments[self.position : self.position + count]
        self.position += count
        return np.ascontiguousarray(taken)


def cosine_drive(count: int, dt: float, omega: float) -> Signal:
    return signal_of(np.cos(omega * dt * np.arange(count)), dt, U)


def relaxation_to_cosine(time: FloatArray, rate: float, omega: float) -> FloatArray:
    """x(t) of dx/dt = -rate x + cos(omega t), x(0) = 1."""
    steady = (rate * np.cos(omega * time) + omega * np.sin(omega * time)) / (rate**2 + omega**2)
    return np.asarray(steady + (1 - rate / (rate**2 + omega**2)) * np.exp(-rate * time))


def relaxation_to_holds(levels: FloatArray, dt: float, rate: float) -> FloatArray:
    """x at the samples for a drive that keeps level i on [t_i, t_(i+1)), x(0) = 1."""
    x = np.empty(len(levels))
    x[0] = 1.0
    for number in range(len(levels) - 1):
        goal = levels[number] / rate
        x[number + 1] = goal + (x[number] - goal) * np.exp(-rate * dt)
    return x


def bernoulli(time: FloatArray, start: float, growth: float, loss: float) -> FloatArray:
    """s(t) of ds/dt = growth s - loss s^3, s(0) = start."""
    final = growth / loss
    return np.asarray(np.sqrt(final / (1 + (final / start**2 - 1) * np.exp(-2 * growth * time))))


def order(steps: FloatArray, errors: FloatArray) -> float:
    """Slope of log error over log step."""
    return float(np.polyfit(np.log(steps), np.log(errors), 1)[0])
