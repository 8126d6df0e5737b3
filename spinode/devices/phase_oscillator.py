"""A phase that turns, and is pulled by a force in the plane: the reference model of every network of oscillators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from spinode.compiled import wide
from spinode.devices.base import KERNEL, Kernel
from spinode.devices.fields import check_not_negative, check_numbers, si
from spinode.devices.trigonometry import sine_cosine
from spinode.signals import Channel, FloatArray

PHASE_STEP = 0.1
"""Angle in a step [rad]: the Runge-Kutta error is 0.1^5/120 = 8e-8 a step."""


@njit(KERNEL, cache=True, nogil=True, fastmath={"contract"})
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        sine, cosine = sine_cosine(state[0, lane])
        result[0, lane] = parameters[0, lane] + drive[1, lane] * cosine - drive[0, lane] * sine


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[1, lane]


@njit(KERNEL, cache=True, nogil=True, fastmath={"contract"})
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        sine, cosine = sine_cosine(state[0, lane])
        result[0, lane] = cosine
        result[1, lane] = sine


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, smooth=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseOscillator:
    """Phase of a limit cycle whose amplitude is fixed.

    dtheta/dt = 2 pi f + Im[(A + i B) e^(-i theta)] + sqrt(2 D) w(t) = 2 pi f + B cos theta - A sin theta + noise, with
    the inputs ``along`` A and ``across`` B [1/s] and the outputs cos theta and sin theta. With A + i B = (K/N) sum_j
    e^(i (theta_j - lag)) it is the model of Kuramoto, Lecture Notes in Physics 39, 420 (1975), and with a lag that of
    Sakaguchi and Kuramoto, Prog. Theor. Phys. 76, 576 (1986): see ``networks.kuramoto``.

    Parameters
    ----------
    frequency : float
        f [Hz]; any sign, for the frame may turn.
    diffusion : float
        D [rad2/s], >= 0; needs a generator as well.
    longest_step : float
        Largest solver step [s]; 0: a tenth of a radian of ``frequency``. A constant frequency costs no accuracy, so
        0.1 over the strongest force is enough for a force that turns slowly beside it.

    Raises
    ------
    ValueError
        If a number breaks its rule.
    """

    DERIVED: ClassVar[dict[str, str]] = {"step": "s"}
    OPERATING: ClassVar[dict[str, str]] = {}

    frequency: float = si("Hz", "frequency of the free oscillator", 1.0)
    diffusion: float = si("rad2/s", "phase diffusion", 0.0)
    longest_step: float = si("s", "largest solver step, 0 for a tenth of a radian", 0.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_not_negative(self, "diffusion", "longest_step")

    @property
    def name(self) -> str:
        return "phase"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="along", unit="1/s"), Channel(name="across", unit="1/s"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return (Channel(name="cosine"), Channel(name="sine"))

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="theta", unit="rad"),)

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """``longest_step``, or a tenth of a radian of the frequency [s]."""
        if self.longest_step > 0:
            return self.longest_step
        return PHASE_STEP / (2 * np.pi * abs(self.frequency)) if self.frequency else np.inf

    def packed(self) -> FloatArray:
        return np.array([2 * np.pi * self.frequency, np.sqrt(2 * self.diffusion)])

    def initial(self) -> FloatArray:
        """theta = 0."""
        return np.zeros(1)
