"""A noisy limit cycle in five numbers: its line, its answer to a force, and its locking to another one.

The closed forms are those of the linearised power p and phase phi of Slavin and Tiberkevich, IEEE Trans. Magn. 45,
1875 (2009); each was derived again here and is compared with simulations in the tests:

    d(dp)/dt = -2 Gamma_p dp + 2 sqrt(p0 Dn) w1,   dphi/dt = w + (nu Gamma_p/p0) dp + sqrt(Dn/p0) w2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from spinode.devices.datasheet import Row
from spinode.signals import FloatArray
from spinode.units import format_quantity

LORENTZIAN = "(1 + nu^2) Dn/(2 pi p0), the limit of low temperature"
GAUSSIAN = "sqrt(8 ln 2) |nu| sqrt(Dn Gamma_p/p0)/(2 pi), the limit of high temperature"
LARGE_DEVIATION = 0.5
"""Deviation of p over p0 above which the linear theory of its fluctuations does not hold; assumed."""
FORGOTTEN = 80.0
"""Phase variance [rad2] at which the correlation e^(-V/2) is over, e^-40."""
LINE_SAMPLES = 20_001
"""Times at which the correlation of the phase is summed for the spectrum."""
REAL_ROOT = 1e-7
"""Imaginary over absolute value below which a root of a cubic counts as real: about the root of the rounding error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Oscillation:
    """Steady oscillation c = sqrt(p0) e^(-i w t) of an auto-oscillator at a constant current.

    Parameters
    ----------
    power : float
        p0 > 0.
    frequency : float
        w(p0)/(2 pi) [Hz].
    relaxation_rate : float
        Gamma_p [1/s]: small deviations of the power fall as e^(-2 Gamma_p t).
    nonlinearity : float
        nu = N p0/Gamma_p: phase shift that goes with a relative change of amplitude.
    noise_rate : float
        Dn/p0 = Gamma+(p0) kB T/(p0 dE/dp) [1/s].
    """

    power: float
    frequency: float
    relaxation_rate: float
    nonlinearity: float
    noise_rate: float

    @property
    def locking_gain(self) -> float:
        """sqrt(1 + nu^2): how much wider than that of an isochronous oscillator a locking range is."""
        return float(np.hypot(1.0, self.nonlinearity))

    @property
    def power_deviation(self) -> float:
        """Standard deviation of p over p0: sqrt(Dn/(p0 Gamma_p)), small fluctuations."""
        return float(np.sqrt(self.noise_rate / self.relaxation_rate))

    @property
    def phase_diffusion(self) -> float:
        """D [rad2/s] of <(phi(t) - phi(0) - w t)^2> -> 2 D t: (1 + nu^2) Dn/(2 p0)."""
        return self.locking_gain**2 * self.noise_rate / 2

    def phase_variance(self, time: ArrayLike) -> FloatArray:
        """<(phi(t) - phi(0) - w t)^2> [rad2] after ``time`` [s].

        (Dn/p0) [(1 + nu^2) t - nu^2 (1 - e^(-2 Gamma_p t))/(2 Gamma_p)]: a random walk of the phase, and frequency
        fluctuations whose memory is 1/(2 Gamma_p).
        """
        elapsed, rate = np.abs(np.asarray(time, dtype=np.float64)), 2 * self.relaxation_rate
        remembered = elapsed + np.expm1(-rate * elapsed) / rate
        return np.asarray(self.noise_rate * (elapsed + self.nonlinearity**2 * remembered))

    @property
    def linewidth(self) -> float:
        """Full width at half maximum [Hz] of the line at any temperature at which p fluctuates little around p0.

        The spectrum is the integral of cos(w t) e^(-V(t)/2) with V the ``phase_variance``; its half maximum is found
        numerically. It is narrower than both limits, Lorentzian and Gaussian.
        """
        if self.noise_rate == 0:
            return 0.0
        last = optimize.brentq(lambda turns: self.phase_variance(turns / self.noise_rate) - FORGOTTEN, 0.0, FORGOTTEN)
        time = last / self.noise_rate * np.linspace(0, 1, LINE_SAMPLES) ** 2
        weight = np.exp(-self.phase_variance(time) / 2) * np.gradient(time)

        def beyond_half(part: float) -> float:
            return float(weight @ np.cos(part * np.pi * self.lorentzian_linewidth * time) / weight.sum() - 0.5)

        return float(optimize.brentq(beyond_half, 0.0, 1.001) * self.lorentzian_linewidth)

    @property
    def lorentzian_linewidth(self) -> float:
        """Full width [Hz] of the line at low temperature: (1 + nu^2) Dn/(2 pi p0)."""
        return self.phase_diffusion / np.pi

    @property
    def gaussian_linewidth(self) -> float:
        """Full width [Hz] of the line at high temperature: sqrt(8 ln 2) |nu| sqrt(Dn Gamma_p/p0)/(2 pi).

        It grows as sqrt(T): Tiberkevich, Slavin and Kim, arXiv 0806.4116 (2008); the factor is derived here.
        """
        spread = abs(self.nonlinearity) * np.sqrt(self.noise_rate * self.relaxation_rate)
        return float(np.sqrt(8 * np.log(2)) * spread / (2 * np.pi))

    @property
    def is_hot(self) -> bool:
        """Whether the line is nearer to its Gaussian limit: nu^2 Dn/p0 > 8 ln 2 Gamma_p."""
        return bool(self.nonlinearity**2 * self.noise_rate > 8 * np.log(2) * self.relaxation_rate)

    def injection_half_width(self, force: float) -> float:
        """Largest detuning [Hz] at which a weak force locks the oscillation: F sqrt(1 + nu^2)/(2 pi sqrt(p0)).

        Parameters
        ----------
        force : float
            Amplitude [1/s] of a sine on the input ``force``; F is the half of it that turns with the oscillation.
        """
        return abs(force) / 2 * self.locking_gain / (2 * np.pi * float(np.sqrt(self.power)))

    def mutual_locking_width(self, coupling: float, angle: float = 0.0) -> float:
        """Largest difference [Hz] of two frequencies that lock by a weak coupling: 2 k |cos b + nu sin b|/(2 pi).

        Parameters
        ----------
        coupling, angle : float
            k [1/s] and b [rad] of the term k e^(ib) c of the other oscillator: b = 0 is resistive, +-pi/2 conservative.
        """
        return float(abs(coupling * (np.cos(angle) + self.nonlinearity * np.sin(angle))) / np.pi)

    def rows(self) -> tuple[Row, ...]:
        """Its part of a datasheet."""
        return (
            Row(name="power", value=self.power, formula="p0"),
            Row(name="power deviation", value=self.power_deviation, formula="sqrt(Dn/(p0 Gamma_p)), part of p0"),
            Row(name="frequency", value=self.frequency, unit="Hz", formula="w(p0)/(2 pi)"),
            Row(name="nonlinearity parameter", value=self.nonlinearity, formula="nu = N p0/Gamma_p"),
            Row(name="locking gain", value=self.locking_gain, formula="sqrt(1 + nu^2)"),
            Row(name="linewidth", value=self.linewidth, unit="Hz", formula="full width of FT e^(-V/2), numerically"),
            Row(name="Lorentzian linewidth", value=self.lorentzian_linewidth, unit="Hz", formula=LORENTZIAN),
            Row(name="Gaussian linewidth", value=self.gaussian_linewidth, unit="Hz", formula=GAUSSIAN),
        )

    def verdict(self) -> str:
        """One sentence: what it does and how pure its line is."""
        text = f"Oscillates at {_text(self.frequency, 'Hz')} with power {self.power:.3g}"
        if self.power_deviation > LARGE_DEVIATION:
            return (
                f"{text}, which noise changes by {self.power_deviation:.0%}: too close to threshold for a clean line."
            )
        kind = "Gaussian" if self.is_hot else "Lorentzian"
        return f"{text}; its line is {_text(self.linewidth, 'Hz')} wide and nearly {kind}."


def _text(value: float, unit: str) -> str:
    return format_quantity(float(f"{value:.3g}"), unit)


def locked_rates(linear: complex, cubic: complex, force: float) -> tuple[complex, complex]:
    """Rates [1/s] at which power and phase of dc/dt = (a - b |c|^2) c + F settle on their stable fixed point.

    The fixed points are the roots of p |a - b p|^2 = F^2; their rates are Re A +- sqrt(|b p|^2 - (Im A)^2) with
    A = a - 2 b p. A pair of complex rates is an oscillatory transient: the strong forcing of Zhou et al., arXiv
    0912.3650. Derived here.

    Parameters
    ----------
    linear, cubic : complex
        a and b [1/s] in the frame that turns with the force.
    force : float
        F [1/s].

    Raises
    ------
    ValueError
        If no fixed point is stable: the oscillation is not locked.
    """
    a, b = linear, cubic
    roots = np.roots([abs(b) ** 2, -2 * (a * b.conjugate()).real, abs(a) ** 2, -(force**2)])
    for power in sorted((root.real for root in roots if abs(root.imag) < REAL_ROOT * abs(root)), reverse=True):
        centre = a - 2 * b * power
        root = np.sqrt(complex(abs(b * power) ** 2 - centre.imag**2))
        if power > 0 and centre.real + root.real < 0:
            return complex(centre.real + root), complex(centre.real - root)
    raise ValueError(f"a force of {force:g} 1/s has no stable locked state; try a stronger force or less detuning")


def adler_beat(detuning: float, half_width: float) -> float:
    """Mean difference of the frequencies [Hz] of source and oscillator: sqrt(detuning^2 - half_width^2), 0 if locked.

    Adler, Proc. IRE 34, 351 (1946). For an auto-oscillator it is the limit of a force that is weak beside Gamma_p.

    Parameters
    ----------
    detuning, half_width : float
        Difference of the free frequencies and half of the locking range [Hz].
    """
    return float(np.sqrt(max(detuning**2 - half_width**2, 0.0)))
