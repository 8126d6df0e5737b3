"""Auto-oscillator of Slavin and Tiberkevich: one complex amplitude with negative damping and a nonlinear frequency.

Signs, stated once. c = x + i y turns clockwise, c = sqrt(p) e^(-i phi). The input ``force`` F(t) [1/s] acts along the
real axis; of F cos(w t) the half (F/2) e^(-iwt) turns with c, and the other half averages out. The voltage reads the
axis Re(c e^(i readout_angle)), so a force proportional to another oscillator's voltage couples with the angle
b = readout_angle of ``Oscillation.mutual_locking_width``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from spinode.compiled import wide
from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import BOLTZMANN
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.fields import check_between, check_not_negative, check_numbers, si
from spinode.devices.oscillation import Oscillation, locked_rates
from spinode.devices.vortex import VortexOscillator
from spinode.devices.vortex_energy import MOMENT, OERSTED_GROWTH
from spinode.signals import Channel, FloatArray
from spinode.units import format_quantity

PHASE_STEP = 2 * np.pi / 100
"""Fastest angle in a step [rad]: the Runge-Kutta error is (0.063)^5/120 = 8e-9 a step."""
HEUN_GROWTH = 0.002
"""Largest growth that stochastic Heun adds by itself, (w h)^4/(8 h), over Gamma_G."""


@njit(KERNEL, cache=True, nogil=True, fastmath={"contract"})
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        x, y, current = state[0, lane], state[1, lane], drive[0, lane]
        power = x * x + y * y
        w = parameters[0, lane] + parameters[1, lane] * current + parameters[2, lane] * power
        growth = parameters[3, lane] * current - parameters[4, lane]
        growth -= (parameters[5, lane] + parameters[6, lane] * current) * power
        result[0, lane] = growth * x + w * y + drive[1, lane]
        result[1, lane] = growth * y - w * x


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        power = state[0, lane] * state[0, lane] + state[1, lane] * state[1, lane]
        strength = np.sqrt(parameters[7, lane] * max(1.0 + parameters[8, lane] * power, 0.0))
        result[0, lane] = strength
        result[1, lane] = strength


@njit(KERNEL, cache=True, nogil=True)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        along = parameters[9, lane] * state[0, lane] - parameters[10, lane] * state[1, lane]
        result[0, lane] = along * drive[0, lane]


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, limits=(1.0, 1.0), smooth=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class AutoOscillator:
    """Spin-torque oscillator near its threshold: power and phase of one mode.

    dc/dt + i w c + [Gamma+(p) - Gamma-(p)] c = F(t) + noise, p = |c|^2, with w = w0 + N p + (dw/dI) I,
    Gamma+ = Gamma_G (1 + Q p), Gamma- = sigma I (1 - eta p): Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875 (2009),
    with eta = 1 for a uniform mode and 0 for a vortex. The noise obeys fluctuation-dissipation,
    <f f*> = 2 Dn delta(t - t'), Dn = Gamma+(p) kB T/(dE/dp), so that without current <p> dE/dp = kB T. The drift
    (Gamma_G Q/2) kB T/(dE/dp) c that goes with a noise whose strength depends on p is left out: a part
    (Q/2) kB T/(dE/dp) of the damping, 1e-3 for the defaults. Valid for p < 1.

    Parameters
    ----------
    frequency : float
        w0/(2 pi) [Hz] of a small oscillation without current, >= 0; 0 is the rotating frame.
    frequency_shift : float
        N/(2 pi) [Hz] per unit power.
    current_shift : float
        (dw/dI)/(2 pi) [Hz/A], for instance by the current's own field.
    damping_rate : float
        Gamma_G [1/s], > 0.
    damping_growth : float
        Q > -1.
    torque_rate : float
        sigma [1/(A s)], not 0; below 0 a negative current drives the oscillation.
    torque_saturation : float
        eta.
    energy : float
        dE/dp [J], > 0.
    resistance_swing : float
        Peak to peak change of the resistance [Ohm] at p = 1, >= 0.
    readout_angle : float
        Angle [rad] of the axis that the voltage reads, against the axis of the force.
    temperature : float
        T [K], >= 0; noise needs a generator as well.

    Raises
    ------
    ValueError
        If a number breaks its rule.

    Notes
    -----
    The defaults are assumed: rounded from ``AutoOscillator.from_vortex(VortexOscillator())``.
    """

    DERIVED: ClassVar[dict[str, str]] = {"threshold_current": "A", "thermal_power": "", "step": "s"}
    OPERATING: ClassVar[dict[str, str]] = {"current": "A"}

    frequency: float = si("Hz", "frequency of a small oscillation, assumed", 455e6)
    frequency_shift: float = si("Hz", "N/(2 pi), assumed", 90e6)
    current_shift: float = si("Hz/A", "change of the frequency with the current, assumed", 15e9)
    damping_rate: float = si("1/s", "Gamma_G, assumed", 4.9e7)
    damping_growth: float = si("", "Q in Gamma_G (1 + Q p), assumed", 1.3)
    torque_rate: float = si("1/(A s)", "sigma, assumed", 2.3e10)
    torque_saturation: float = si("", "eta in sigma I (1 - eta p)", 0.0)
    energy: float = si("J", "energy of a unit of power, assumed", 4e-18)
    resistance_swing: float = si("ohm", "change of the resistance at p = 1, assumed", 13.0)
    readout_angle: float = si("rad", "axis of the voltage against that of the force", 0.0)
    temperature: float = si("K", "temperature of the noise", 300.0)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "damping_rate", "energy")
        check_between(self, -1.0, np.inf, "damping_growth")
        check_not_negative(self, "frequency", "resistance_swing", "temperature")
        if self.torque_rate == 0:
            raise ValueError("AutoOscillator.torque_rate must not be 0, got 0; try 2.3e10/(A s)")

    @classmethod
    def from_vortex(cls, vortex: VortexOscillator, current: float | None = None) -> AutoOscillator:
        """The auto-oscillator of a gyrating core: p = s^2, c = C (x - i y) for polarity +1 and -C (x + i y) for -1.

        w0 = kappa/G, N = w0 N_u + g O I, dw/dI = O, Gamma_G = d0 w0, Q = d1/d0 + N_u, sigma = chi/I - d0 O,
        eta = O (d1 + g d0)/sigma and dE/dp = kappa R^2/2, where O is the shift by the Oersted field and g = -4/7 its
        change with s^2. It is the vortex to first order in p, derived here: d1 N_u w0 s^4 of the damping is left out
        (the orbit is then too large by a part d1 N_u/(d1 + N_u d0) s^2/2, 1 % at s = 0.3), and the change of N with the
        current is taken at ``current``. A field B on the vortex is the force (gamma/3) B; the steady force of a tilted
        polariser or a field-like torque and the critical velocity of the core are left out.

        Parameters
        ----------
        vortex : VortexOscillator
            Its temperature is kept.
        current : float, optional
            Operating point [A] of N; the threshold current where left out.

        Raises
        ------
        ValueError
            If no current drives the vortex.
        """
        if not np.isfinite(vortex.threshold_current):
            raise ValueError("AutoOscillator.from_vortex must have a vortex with a threshold current, got one without")
        bias = vortex.threshold_current if current is None else current
        shift, d0, d1 = vortex.oersted_shift, vortex.linear_damping, vortex.nonlinear_damping
        torque = vortex.torque_rate - d0 * shift
        return cls(
            frequency=vortex.frequency,
            frequency_shift=vortex.frequency * vortex.frequency_growth + OERSTED_GROWTH * shift * bias / (2 * np.pi),
            current_shift=shift / (2 * np.pi),
            damping_rate=d0 * 2 * np.pi * vortex.frequency,
            damping_growth=d1 / d0 + vortex.frequency_growth,
            torque_rate=torque,
            torque_saturation=shift * (d1 + OERSTED_GROWTH * d0) / torque,
            energy=vortex.stiffness * vortex.radius**2 / 2,
            resistance_swing=vortex.resistance_swing * MOMENT,
            readout_angle=-np.pi / 2,
            temperature=vortex.temperature,
        )

    @property
    def name(self) -> str:
        return "auto-oscillator"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return (Channel(name="current", unit="A"), Channel(name="force", unit="1/s"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """(resistance_swing/2) I Re(c e^(i readout_angle))."""
        return (Channel(name="voltage", unit="V"),)

    @property
    def states(self) -> tuple[Channel, ...]:
        return (Channel(name="x"), Channel(name="y"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """0.063 rad of the fastest rate up to p = 1 [s], and short enough for Heun's own growth."""
        turning = 2 * np.pi * max(self.frequency, abs(self.frequency + self.frequency_shift))
        longest = PHASE_STEP / (turning + self.damping_rate * (1 + abs(self.damping_growth)))
        quiet = np.cbrt(8 * HEUN_GROWTH * self.damping_rate / turning**4) if turning else np.inf
        return float(min(longest, quiet))

    def packed(self) -> FloatArray:
        swing = self.resistance_swing / 2
        return np.array(
            [
                2 * np.pi * self.frequency,
                2 * np.pi * self.current_shift,
                2 * np.pi * self.frequency_shift,
                self.torque_rate,
                self.damping_rate,
                self.damping_rate * self.damping_growth,
                self.torque_rate * self.torque_saturation,
                self.damping_rate * self.thermal_power,
                self.damping_growth,
                swing * np.cos(self.readout_angle),
                swing * np.sin(self.readout_angle),
            ]
        )

    def initial(self) -> FloatArray:
        """c = 0.01: at 0 there would be nothing to grow."""
        return np.array([0.01, 0.0])

    @property
    def threshold_current(self) -> float:
        """Ith = Gamma_G/sigma [A]."""
        return self.damping_rate / self.torque_rate

    @property
    def thermal_power(self) -> float:
        """<p> = kB T/(dE/dp) without current."""
        return BOLTZMANN * self.temperature / self.energy

    def power_at(self, current: float) -> float:
        """p0 = (zeta - 1)/(Q + eta zeta) with zeta = I/Ith, and 0 below threshold; without noise.

        Raises
        ------
        ValueError
            If there is no steady p < 1.
        """
        excess = current / self.threshold_current - 1
        slope = self.damping_growth + self.torque_saturation * (excess + 1)
        if excess <= 0:
            return 0.0
        if slope <= excess:
            raise ValueError(f"AutoOscillator has no steady power below 1 at {current:g} A; try a smaller current")
        return excess / slope

    def frequency_at(self, current: float) -> float:
        """(w0 + N p0 + (dw/dI) I)/(2 pi) [Hz]; of the decaying oscillation below threshold."""
        return self.frequency + self.frequency_shift * self.power_at(current) + self.current_shift * current

    def relaxation_time(self, current: float) -> float:
        """Time constant of p [s]: 1/(2 Gamma_G |zeta - 1|) below and above threshold."""
        rate = 2 * self.damping_rate * abs(current / self.threshold_current - 1)
        return float(np.inf) if rate == 0 else 1 / rate

    def oscillation(self, current: float) -> Oscillation:
        """The steady oscillation at a constant current [A]: Gamma_p = Gamma_G (zeta - 1), nu = N p0/Gamma_p.

        Raises
        ------
        ValueError
            If the current is not above threshold, or there is no steady p < 1.
        """
        power = self.power_at(current)
        if power == 0:
            raise ValueError(
                f"AutoOscillator must have a current beyond its threshold {self.threshold_current:.3g} A to oscillate,"
                f" got {current:g}"
            )
        rate = 0.5 / self.relaxation_time(current)
        return Oscillation(
            power=power,
            frequency=self.frequency_at(current),
            relaxation_rate=rate,
            nonlinearity=2 * np.pi * self.frequency_shift * power / rate,
            noise_rate=self.damping_rate * (1 + self.damping_growth * power) * self.thermal_power / power,
        )

    def linewidth(self, current: float) -> float:
        """Full width of the line [Hz]: Gamma_G (1 - zeta)/pi below threshold, ``Oscillation.linewidth`` above it."""
        excess = current / self.threshold_current - 1
        return -self.damping_rate * excess / np.pi if excess <= 0 else self.oscillation(current).linewidth

    def injection_rates(self, current: float, force: float, frequency: float) -> tuple[complex, complex]:
        """Rates [1/s] at which power and phase settle while locked to F cos(2 pi f t): ``locked_rates``.

        Parameters
        ----------
        current, force, frequency : float
            I [A], F [1/s] and f [Hz]; F/2 turns with the oscillation.

        Raises
        ------
        ValueError
            If no locked state is stable.
        """
        drive = self.torque_rate * current
        loss = self.damping_rate * self.damping_growth + self.torque_saturation * drive
        detuning = 2 * np.pi * (self.frequency + self.current_shift * current - frequency)
        cubic = complex(loss, 2 * np.pi * self.frequency_shift)
        return locked_rates(complex(drive - self.damping_rate, -detuning), cubic, force / 2)

    def datasheet(self, current: float = 0.0) -> Datasheet:
        """What the oscillator does at a constant current [A]."""
        zeta = current / self.threshold_current
        rows: tuple[Row, ...] = (
            Row(name="threshold current", value=self.threshold_current, unit="A", formula="Ith = Gamma_G/sigma"),
            Row(name="supercriticality", value=zeta, formula="zeta = I/Ith"),
        )
        if zeta == 1:
            return Datasheet(rows=rows, verdict="Does not oscillate: the current is the threshold current.")
        time = self.relaxation_time(current)
        rows += (Row(name="relaxation time", value=time, unit="s", formula="1/(2 Gamma_G |zeta - 1|), of p"),)
        if zeta < 1:
            given, needed = (format_quantity(float(f"{each:.3g}"), "A") for each in (current, self.threshold_current))
            verdict = f"Does not oscillate: the current is {given}, and it takes {needed}."
            return Datasheet(rows=rows + self._silent_rows(current), verdict=verdict)
        try:
            steady = self.oscillation(current)
        except ValueError:
            text = "Leaves the model: the current is {:.3g} times the threshold current, and p would pass 1."
            return Datasheet(rows=rows, verdict=text.format(zeta))
        return Datasheet(rows=rows + steady.rows(), verdict=steady.verdict())

    def _silent_rows(self, current: float) -> tuple[Row, ...]:
        power = self.thermal_power / (1 - current / self.threshold_current)
        return (
            Row(name="power", value=power, formula="<p> = kB T/(dE/dp (1 - zeta)), noise alone"),
            Row(name="frequency", value=self.frequency_at(current), unit="Hz", formula="(w0 + (dw/dI) I)/(2 pi)"),
            Row(name="linewidth", value=self.linewidth(current), unit="Hz", formula="Gamma_G (1 - zeta)/pi"),
        )
