"""Envelope of a spin-torque oscillator: the amplitude of its voltage, as a reservoir reads it through a diode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.fields import check_between, check_not_negative, check_numbers, si
from spinode.signals import Channel, FloatArray
from spinode.units import format_quantity


@njit(KERNEL, cache=True, nogil=True)
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        excess = drive[0, lane] - parameters[0, lane]
        goal = np.sqrt(parameters[1, lane] * (excess + np.sqrt(excess * excess + parameters[2, lane])))
        result[0, lane] = parameters[3, lane] * (goal - state[0, lane])


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[4, lane]


@njit(KERNEL, cache=True, nogil=True)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        result[0, lane] = state[0, lane]


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvelopeOscillator:
    """Amplitude of the voltage that relaxes to the static curve of the oscillator.

    dv/dt = [v_s(I) - v]/tau + sqrt(2/tau) s w(t), v_s = V sqrt(I/Ith - 1) above threshold and 0 below it: the model of
    the speech experiments, Abreu Araujo et al., Sci. Rep. 10, 328 (2020), as a thesis quotes it (the paper itself was
    not at hand). The noise keeps v at the standard deviation s with the same memory tau (Ornstein and Uhlenbeck).

    It is a fit, not the law of an oscillator. That law, dp/dt = 2 Gamma_G [(zeta - 1) p - Q p^2] + 2 Dn for p ~ v^2
    (see ``AutoOscillator``), slows down at threshold, 1/tau = 2 Gamma_G |zeta - 1|, and needs noise to leave p = 0;
    here tau is one number. The two agree for small steps about the current at which 2 Gamma_G (zeta - 1) is 1/tau.

    Parameters
    ----------
    threshold_current : float
        Ith [A], > 0.
    amplitude : float
        V [V]: steady voltage at twice the threshold, > 0.
    relaxation_time : float
        tau [s], > 0.
    threshold_width : float
        d [A], >= 0. Thermal rounding of the threshold, I - Ith -> [(I - Ith) + sqrt((I - Ith)^2 + d^2)]/2 in v_s: the
        steady power of an auto-oscillator with the mean noise 2 Dn in dp/dt (derived here), smooth for d > 0. 0 is the
        form of the literature.
    noise : float
        Standard deviation of the voltage at 300 K [V], >= 0; s = noise sqrt(T/300 K).
    temperature : float
        T [K], >= 0; noise needs a generator as well.

    Raises
    ------
    ValueError
        If a number breaks its rule.
    """

    DERIVED: ClassVar[dict[str, str]] = {"deviation": "V", "step": "s"}
    OPERATING: ClassVar[dict[str, str]] = {"current": "A"}

    threshold_current: float = si("A", "threshold current, assumed", 3.5e-3)
    amplitude: float = si("V", "steady voltage at twice the threshold, assumed", 10e-3)
    relaxation_time: float = si("s", "relaxation time of the amplitude", 410e-9)
    threshold_width: float = si("A", "thermal rounding of the threshold", 0.0)
    noise: float = si("V", "standard deviation of the voltage at 300 K, assumed", 0.1e-3)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "threshold_current", "amplitude", "relaxation_time")
        check_not_negative(self, "threshold_width", "noise", "temperature")

    @property
    def name(self) -> str:
        return "envelope"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="current", unit="A"),)

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return (Channel(name="voltage", unit="V"),)

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="v", unit="V"),)

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """A twentieth of tau [s]: Heun's variance is then 7e-4 too small, the Runge-Kutta error of a step 3e-9."""
        return self.relaxation_time / 20

    def packed(self) -> FloatArray:
        return np.array(
            [
                self.threshold_current,
                self.amplitude**2 / (2 * self.threshold_current),
                self.threshold_width**2,
                1 / self.relaxation_time,
                self.deviation * np.sqrt(2 / self.relaxation_time),
            ]
        )

    def initial(self) -> FloatArray:
        """No oscillation."""
        return np.zeros(1)

    @property
    def deviation(self) -> float:
        """Standard deviation s of the voltage [V]: noise sqrt(T/300 K)."""
        return self.noise * float(np.sqrt(self.temperature / 300))

    def static(self, current: ArrayLike) -> FloatArray:
        """Steady voltage v_s [V] at constant currents [A], in their shape."""
        excess = np.asarray(current, dtype=np.float64) - self.threshold_current
        rounded = (excess + np.sqrt(excess**2 + self.threshold_width**2)) / 2
        return np.asarray(self.amplitude * np.sqrt(rounded / self.threshold_current))

    def response(self, start: ArrayLike, current: ArrayLike, time: ArrayLike) -> FloatArray:
        """Voltage v_s + (start - v_s) e^(-t/tau) [V] a time [s] after the current [A] became constant; no noise."""
        goal = self.static(current)
        fading = np.exp(-np.asarray(time, dtype=np.float64) / self.relaxation_time)
        return np.asarray(goal + (np.asarray(start, dtype=np.float64) - goal) * fading)

    def datasheet(self, current: float = 0.0) -> Datasheet:
        """What the envelope does at a constant current [A]."""
        steady = float(self.static(current))
        excess = np.hypot(current - self.threshold_current, self.threshold_width)
        slope = steady / (2 * excess) if excess else 0.0
        rows = (
            Row(name="supercriticality", value=current / self.threshold_current, formula="I/Ith"),
            Row(name="voltage", value=steady, unit="V", formula="V sqrt(I/Ith - 1)"),
            Row(name="slope", value=slope, unit="V/A", formula="dv_s/dI = v_s/(2 (I - Ith))"),
            Row(name="relaxation time", value=self.relaxation_time, unit="s", formula="tau"),
            Row(name="deviation", value=self.deviation, unit="V", formula="s = noise sqrt(T/300 K)"),
        )
        if current <= self.threshold_current:
            given, needed = format_quantity(current, "A"), format_quantity(self.threshold_current, "A")
            verdict = f"Does not oscillate: the current is {given}, and it takes {needed}."
            return Datasheet(rows=rows, verdict=verdict)
        voltage, time = format_quantity(steady, "V"), format_quantity(self.relaxation_time, "s")
        return Datasheet(
            rows=rows, verdict=f"Oscillates with an amplitude of {voltage}, which follows the current in {time}."
        )
