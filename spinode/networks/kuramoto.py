"""Networks of phase oscillators and what is known of them in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from spinode.devices.phase_oscillator import PHASE_STEP, PhaseOscillator
from spinode.networks.coupling import MeanField, quadrature
from spinode.networks.network import Network
from spinode.signals import FloatArray

ANGLES = 20_001
"""Midpoints of the sum that gives the order parameter of a Gaussian spread."""


def kuramoto(frequencies: ArrayLike, coupling: float, *, lag: float = 0.0, diffusion: float = 0.0) -> Network:
    """The model of Kuramoto, or with a lag that of Sakaguchi and Kuramoto.

    dtheta_i/dt = 2 pi f_i + (K/N) sum_j sin(theta_j - theta_i - lag) + sqrt(2 D) w_i(t), as two mean fields on
    ``PhaseOscillator``: (A, B) = K (<cos(theta_j - lag)>, <sin(theta_j - lag)>).

    Parameters
    ----------
    frequencies : array, shape (N,)
        f_i [Hz], in a frame that turns with their centre: the step is 0.1/K.
    coupling : float
        K [1/s], > 0.
    lag : float
        [rad].
    diffusion : float
        D [rad2/s].

    Raises
    ------
    ValueError
        If K is not positive.
    """
    if not coupling > 0:
        raise ValueError(f"kuramoto.coupling must be above 0 /s, got {coupling:g}")
    step = PHASE_STEP / coupling
    devices = [
        PhaseOscillator(frequency=each, diffusion=diffusion, longest_step=step)
        for each in np.asarray(frequencies, dtype=np.float64).tolist()
    ]
    along = MeanField(source=quadrature("cosine", "sine", -lag), target="along", gain=coupling)
    across = MeanField(source=quadrature("sine", "cosine", lag), target="across", gain=coupling)
    return Network(devices=devices, couplings=(along, across))


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Frequencies that scatter about 0 with a width, in closed form: Lorentzian, Gaussian or uniform.

    Parameters
    ----------
    kind : str
        ``lorentzian`` (width: half width at half maximum), ``gaussian`` (standard deviation) or ``uniform`` (half
        width).
    width : float
        [Hz], > 0.

    Raises
    ------
    ValueError
        If the kind is another or the width is not positive.
    """

    kind: Literal["lorentzian", "gaussian", "uniform"]
    width: float

    def __post_init__(self) -> None:
        if self.kind not in ("lorentzian", "gaussian", "uniform"):
            raise ValueError(f"Spread.kind must be 'lorentzian', 'gaussian' or 'uniform', got {self.kind!r}")
        if not (np.isfinite(self.width) and self.width > 0):
            raise ValueError(f"Spread.width must be above 0 Hz, got {self.width}")

    def frequencies(self, count: int, rng: np.random.Generator | None = None) -> FloatArray:
        """Quantiles at (i + 1/2)/count [Hz], which carry the least noise of a finite number; shuffled by ``rng``."""
        part = (np.arange(count) + 0.5) / count
        if self.kind == "lorentzian":
            result = np.tan(np.pi * (part - 0.5))
        else:
            result = np.asarray(special.ndtri(part)) if self.kind == "gaussian" else 2 * part - 1
        result = np.asarray(self.width * result)
        return result if rng is None else rng.permutation(result)

    @property
    def peak(self) -> float:
        """g(0) [s/rad], density of the angular frequencies at their centre."""
        w = 2 * np.pi * self.width
        return float({"lorentzian": 1 / np.pi, "gaussian": 1 / np.sqrt(2 * np.pi), "uniform": 0.5}[self.kind] / w)

    def density(self, rate: FloatArray) -> FloatArray:
        """g [s/rad] at angular frequencies [rad/s]."""
        x = np.asarray(rate) / (2 * np.pi * self.width)
        shapes = {"lorentzian": 1 / (1 + x**2), "gaussian": np.exp(-(x**2) / 2), "uniform": 1.0 * (np.abs(x) <= 1)}
        return np.asarray(self.peak * shapes[self.kind])

    def critical_coupling(self, *, lag: float = 0.0, diffusion: float = 0.0) -> float:
        """Coupling [1/s] at which incoherence gives way.

        Without lag and noise Kc = 2/(pi g(0)): 2 g for a Lorentzian of half width g, 1.596 sigma for a Gaussian, 4 D/pi
        for a uniform spread. For a Lorentzian also 2 (g + diffusion)/cos(lag), derived here: a small order parameter z
        of the population obeys dz/dt = [-(g + D) + (K/2) e^(-i lag)] z (Ott and Antonsen, Chaos 18, 037113 (2008); the
        noise adds D, by the linear part of the Fokker-Planck equation), and its growth is (K/2) cos(lag) - g - D.

        Raises
        ------
        ValueError
            If lag or diffusion are given for another kind than the Lorentzian.
        """
        if self.kind == "lorentzian":
            return float(2 * (2 * np.pi * self.width + diffusion) / np.cos(lag))
        if lag or diffusion:
            raise ValueError(f"Spread.critical_coupling knows lag and diffusion for a Lorentzian only, got {self.kind}")
        return float(2 / (np.pi * self.peak))

    def order(self, coupling: float, *, lag: float = 0.0) -> float:
        """Order parameter r of infinitely many oscillators at a coupling [1/s]; 0 below the critical one.

        Those within K r of the centre are locked, sin(theta) = w/(K r), and the others drift and add nothing to a
        symmetric spread: 1 = K int cos^2(a) g(K r sin a) da over half a turn (Kuramoto 1975). For a Lorentzian with a
        lag r = sqrt(1 - Kc/K): on the manifold of Ott and Antonsen dz/dt = -g z + (K/2) (e^(-i lag) z - e^(i lag)
        |z|^2 z), whose absolute value rests at K cos(lag) (1 - r^2)/2 = g; derived here.

        Raises
        ------
        ValueError
            If a lag is given for another kind than the Lorentzian.
        """
        critical = self.critical_coupling(lag=lag)
        if coupling <= critical * (1 - 1e-12):
            return 0.0
        if self.kind == "lorentzian":
            return float(np.sqrt(max(0.0, 1 - critical / coupling)))
        angle = (np.arange(ANGLES) + 0.5) / ANGLES * np.pi - np.pi / 2
        if self.kind == "uniform":
            return _uniform_order(coupling / (2 * np.pi * self.width))

        def excess(r: float) -> float:
            return float(
                coupling * np.mean(np.cos(angle) ** 2 * self.density(coupling * r * np.sin(angle))) * np.pi - 1
            )

        return float(optimize.brentq(excess, 1e-9, 1.0)) if excess(1e-9) > 0 else 0.0


def _uniform_order(ratio: float) -> float:
    """r of a uniform spread with K = ratio D >= 4/pi; all are locked there, r = <sqrt(1 - (w/(K r))^2)>.

    With q = K r/D >= 1 the mean is [sqrt(1 - 1/q^2) + q arcsin(1/q)]/2 = q/ratio; at q = 1 it is pi/4. Derived here.
    """

    def excess(q: float) -> float:
        return float((np.sqrt(1 - 1 / q**2) + q * np.arcsin(1 / q)) / 2 - q / ratio)

    return float(optimize.brentq(excess, 1.0, 2 * ratio) / ratio) if excess(1.0) > 0 else np.pi / 4


def sakaguchi_frequency(width: float, coupling: float, lag: float) -> float:
    """Frequency [Hz] of the order parameter of a Lorentzian spread with lag: -(K/2) sin(lag) (1 + r^2)/(2 pi).

    The imaginary part of the equation of Ott and Antonsen in ``Spread.order``; derived here.

    Parameters
    ----------
    width, coupling, lag : float
        Half width [Hz], K [1/s] and lag [rad].
    """
    r = Spread(kind="lorentzian", width=width).order(coupling, lag=lag)
    return float(-coupling / 2 * np.sin(lag) * (1 + r**2) / (2 * np.pi))
