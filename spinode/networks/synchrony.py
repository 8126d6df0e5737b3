"""How much in step oscillators are: phases, frequencies, order, pairs and clusters, from states or voltages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, signal
from scipy.sparse.csgraph import connected_components

from spinode.signals import FloatArray

LOCKED = 0.9
"""Phase-locking value from which two oscillators count as locked; assumed."""
LINES = 30.0
"""Half of the range of a fitted line, in its first guess of the width."""


def hilbert_phases(voltages: ArrayLike) -> FloatArray:
    """Unwrapped phases [rad] of measured signals, from their analytic signals; shape of the input, (T,) or (T, K).

    phase = arg(v + i H v) of v less its mean, with the Hilbert transform H (Gabor, J. IEE 93, 429 (1946)). It means the
    phase of one line: filter first where there are more. A few periods at both ends are bent by the transform.

    Parameters
    ----------
    voltages : array, shape (T,) or (T, K)
        At least 4 samples and more than 2 a period.

    Raises
    ------
    ValueError
        If there are fewer samples, or a signal does not vary.
    """
    values = np.asarray(voltages, dtype=np.float64)
    if values.ndim not in (1, 2) or len(values) < 4:
        raise ValueError(f"hilbert_phases.voltages must have shape (T >= 4,) or (T >= 4, K), got {values.shape}")
    if (np.ptp(values, axis=0) == 0).any():
        raise ValueError("hilbert_phases.voltages must vary, got a constant signal; try a higher current")
    return np.asarray(np.unwrap(np.angle(signal.hilbert(values - values.mean(axis=0), axis=0)), axis=0))


def plane_phases(cosine: ArrayLike, sine: ArrayLike) -> FloatArray:
    """Unwrapped phases [rad] of points that turn about 0, along the first axis.

    Parameters
    ----------
    cosine, sine : array, shape (T,) or (T, K)
        For instance the states x and y.
    """
    return np.asarray(np.unwrap(np.arctan2(np.asarray(sine), np.asarray(cosine)), axis=0))


def instantaneous_frequencies(phases: ArrayLike, dt: float) -> FloatArray:
    """(1/2 pi) dphase/dt [Hz] by central differences, in the shape of the phases.

    Parameters
    ----------
    phases : array, shape (T,) or (T, K)
        Unwrapped [rad].
    dt : float
        Sample interval [s].
    """
    return np.asarray(np.gradient(np.asarray(phases, dtype=np.float64), dt, axis=0) / (2 * np.pi))


def order_parameter(phases: ArrayLike) -> NDArray[np.complex128]:
    """(1/K) sum_j e^(i phase_j) at each sample, shape (T,); its absolute value is r.

    Parameters
    ----------
    phases : array, shape (T, K)
        [rad].
    """
    return np.asarray(np.exp(1j * np.asarray(phases)).mean(axis=-1))


def phase_locking(phases: ArrayLike) -> FloatArray:
    """Phase-locking value |<e^(i (phase_i - phase_j))>| of each pair, shape (K, K): 1 in step, 0 apart.

    Lachaux et al., Hum. Brain Mapp. 8, 194 (1999). Two drifting oscillators give 1/(turns of their difference) or less.

    Parameters
    ----------
    phases : array, shape (T, K)
        [rad], over a time that is long beside the inverse coupling.
    """
    turned = np.exp(1j * np.asarray(phases))
    return np.asarray(np.minimum(np.abs(turned.conj().T @ turned) / len(turned), 1.0))


def clusters(locking: ArrayLike, threshold: float = LOCKED) -> NDArray[np.int64]:
    """Number of the cluster of each oscillator, shape (K,); 0 is the largest.

    Two belong together if a chain of pairs at or above the threshold joins them.

    Parameters
    ----------
    locking : array, shape (K, K)
        Phase-locking values.
    threshold : float
        0 to 1.

    Raises
    ------
    ValueError
        If the threshold is out of range or the matrix is not square.
    """
    values = np.asarray(locking)
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        raise ValueError(f"clusters.locking must be square, got shape {values.shape}")
    if not 0 < threshold <= 1:
        raise ValueError(f"clusters.threshold must be above 0, up to 1, got {threshold:g}")
    _, labels = connected_components(values >= threshold, directed=False)
    sizes = np.bincount(labels)
    place = np.argsort(np.lexsort((np.arange(sizes.size), -sizes)))
    return np.asarray(place[labels], dtype=np.int64)


def power_spectrum(values: ArrayLike, dt: float, segments: int = 8) -> tuple[FloatArray, FloatArray]:
    """Frequencies [Hz] and power density [unit^2/Hz] of a signal: Welch's mean over segments with a Hann window.

    Parameters
    ----------
    values : array, shape (T,)
        Real: one side. Complex, such as an order parameter: both sides, in rising order.
    dt : float
        Sample interval [s].
    segments : int
        Length of each is T/segments; they overlap by half.
    """
    given = np.asarray(values)
    size = max(8, len(given) // segments)
    both = bool(np.iscomplexobj(given))
    frequency, density = signal.welch(given, 1 / dt, nperseg=size, return_onesided=not both, detrend="constant")
    order = np.argsort(frequency)
    return np.asarray(frequency[order]), np.asarray(density[order])


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a spectrum.

    Parameters
    ----------
    frequency : float
        Centre [Hz].
    linewidth : float
        Full width at half maximum [Hz].
    power : float
        Area of the fitted line [unit^2].
    """

    frequency: float
    linewidth: float
    power: float


def fit_line(values: ArrayLike, dt: float) -> Line:
    """The strongest line of a noisy signal, as a Lorentzian.

    S(f) = (P/pi) (g/2)/[(f - f0)^2 + (g/2)^2] + floor is fitted to the periodogram I(f) of the whole record by maximum
    likelihood, sum [log S + I/S] (Whittle, Ark. Mat. 2, 423 (1953)): the statistical error of g is about
    sqrt(2/(pi g T)) of it. A line that is narrower than 1/T cannot be told from one of that width.

    Parameters
    ----------
    values : array, shape (T,)
        Real or complex.
    dt : float
        Sample interval [s].

    Raises
    ------
    ValueError
        If the record is shorter than 64 samples.
    """
    given = np.asarray(values)
    if given.ndim != 1 or len(given) < 64:
        raise ValueError(f"fit_line.values must have shape (T >= 64,), got {given.shape}")
    sides = 1 if np.iscomplexobj(given) else 2
    frequency, density = signal.periodogram(
        given, 1 / dt, window="hann", return_onesided=sides == 2, detrend="constant"
    )
    order = np.argsort(frequency)
    frequency, density = frequency[order], np.maximum(density[order], 1e-300)
    spacing = 1 / (dt * len(given))
    smooth = signal.fftconvolve(density, np.ones(9) / 9, "same")
    centre, area = frequency[smooth.argmax()], float(density.sum() * spacing)
    width = max(2 * area / (np.pi * smooth.max()), 2 * spacing)
    near = np.abs(frequency - centre) < LINES * width
    floor = float(np.median(density)) * 0.1

    def shape(numbers: FloatArray) -> FloatArray:
        half = np.exp(numbers[1]) / 2
        line = np.exp(numbers[2]) / np.pi * half / ((frequency[near] - centre - numbers[0] * width) ** 2 + half**2)
        return np.asarray(line + np.exp(numbers[3]))

    def cost(numbers: FloatArray) -> float:
        model = shape(numbers)
        return float(np.sum(np.log(model) + density[near] / model))

    start = np.array([0.0, np.log(width), np.log(area), np.log(floor + 1e-300)])
    found = optimize.minimize(
        cost, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4, "maxiter": 4000}
    )
    shift, breadth, power, _ = found.x
    return Line(
        frequency=float(centre + shift * width), linewidth=float(np.exp(breadth)), power=float(np.exp(power))
    )  # fmt: skip


def load_power(total: ArrayLike, resistance: float, load: float) -> float:
    """Microwave power [W] that a series chain gives to its load: <v^2> Z/(R + Z)^2 of the summed voltage.

    Parameters
    ----------
    total : array, shape (T,)
        Sum of the voltages [V], such as ``NetworkRun.total[:, 0]``; its mean is taken off.
    resistance, load : float
        R of the whole chain and Z [ohm], > 0; Z = R is the matched load.

    Raises
    ------
    ValueError
        If a resistance is not positive.
    """
    if not (resistance > 0 and load > 0):
        raise ValueError(f"load_power.resistance and load must be above 0 ohm, got {resistance:g} and {load:g}")
    return float(np.var(np.asarray(total)) * load / (resistance + load) ** 2)
