"""How well a free run follows the truth, in physical numbers: error, frequency, amplitude, phase drift and words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import detrend, hilbert

from spinode.signals import FloatArray

COLLAPSED_VARIANCE = 0.05
"""Predicted over true variance below which a run is its own mean: 5 % is an amplitude of less than a quarter."""
DYING_ENVELOPE = 0.2
"""Predicted over true envelope in the last quarter below which an oscillation is gone (24 times less power)."""
LIVING_ENVELOPE = 0.5
"""Last-quarter over whole-record envelope above which the truth itself still oscillates."""
FOLLOWS_NRMSE = 0.3
"""Largest NRMSE of a run that follows: above it less than 91 % of the variance is explained."""
SAME_FREQUENCY = 0.02
"""Largest relative frequency error of a run that keeps the oscillation though not its phase."""
SAME_AMPLITUDE = 0.2
"""Largest relative amplitude error of such a run."""
CONSTANT_SPREAD = 1e-12
"""Standard deviation over largest magnitude below which a record is constant up to rounding."""
FIRST_CYCLES = 4.0
"""Cycles in the record from which on a spectrum is searched; below lie trends."""
MIN_CYCLES = 6.0
"""Cycles that an oscillation must have: a peak at the edge of the search is the flank of a trend."""
WEIGHTS = (2, 1)
"""Powers of f that weigh the spectrum, in the order tried: f^2 S is the spectrum of the rate of change, in which slow
steps of the working point do not outweigh the oscillation; f S still finds an oscillation under much fast noise."""
PEAK_OVER_MEDIAN = 25.0
"""Peak over median of the spectrum, weighted and plain, that an oscillation must reach; the largest of 1e5 noise bins
is about 17 medians."""
BAND = 0.5
"""Half width of the band-pass around the dominant frequency, relative to it: wide enough for a chirp by a half."""
NEAR = 0.1
"""Half width of the band in which the prediction's peak is looked for, relative to the truth's frequency."""
NEAR_POWER = 0.25
"""Predicted over true power in that band below which the prediction's own dominant peak is taken instead."""
PHASE_ENVELOPE = 0.1
"""Envelopes below this fraction of their rms carry no phase; those samples are left out of the drift."""
PADDING = 4
"""Zero-padded over true length of the spectrum; with the parabola the peak of a Hann line is right to 1e-3 bins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeRunScore:
    """One output of one free run against the truth.

    Parameters
    ----------
    nrmse : float
        sqrt(mean(error^2) / var(truth)); infinite for a run that left the numbers, NaN for a constant truth.
    rmse : float
        sqrt(mean(error^2)) in the unit of the output; defined for a constant truth too.
    truth_frequency, predicted_frequency : float
        Dominant frequency [Hz]; NaN where there is no oscillation.
    frequency_error : float
        (predicted - true) / true frequency.
    amplitude_error : float
        (predicted - true) / true rms of the part in the band around the truth's dominant frequency; of the whole
        signal around its mean where the truth does not oscillate.
    phase_drift : float
        Periods that the prediction gains in 100 periods of the truth; NaN where one of the two does not oscillate.
    correlation : float
        Pearson's coefficient; NaN where one of the two is constant.
    verdict : tuple of str
        What the numbers mean, in words; never empty.
    """

    nrmse: float
    rmse: float
    truth_frequency: float
    predicted_frequency: float
    frequency_error: float
    amplitude_error: float
    phase_drift: float
    correlation: float
    verdict: tuple[str, ...]

    @property
    def follows(self) -> bool:
        """True if nothing is wrong with the run."""
        return "follows" in self.verdict


@dataclass(frozen=True, kw_only=True)
class _Oscillation:
    """Truth and prediction in the band of the truth's dominant frequency [Hz], as analytic signals."""

    frequency: float
    predicted_frequency: float
    truth: np.ndarray
    prediction: np.ndarray


def score_free_run(truth: FloatArray, prediction: FloatArray, dt: float) -> FreeRunScore:
    """Judge one output of a free run.

    The dominant frequency is the peak of f^2 S(f) of the detrended, Hann-windowed, zero-padded record (``WEIGHTS``),
    refined by a parabola through log S. The prediction's peak is taken near the truth's unless its power is elsewhere.
    The phase drift is the slope of the unwrapped difference of the two analytic phases (Hilbert) in the band around
    that frequency.

    Parameters
    ----------
    truth, prediction : array, shape (T,)
        The same samples of both, without those that gave the prediction its initial state; T >= 2.
    dt : float
        Sample interval [s], > 0.

    Raises
    ------
    ValueError
        If shapes differ, the truth is not finite or dt is not positive.
    """
    truth, prediction = _checked(truth, prediction, dt)
    if not np.isfinite(prediction).all():
        frequency = dominant_frequency(truth, dt)
        return FreeRunScore(
            nrmse=math.inf, rmse=math.inf, truth_frequency=frequency, predicted_frequency=math.nan,
            frequency_error=math.nan, amplitude_error=math.inf, phase_drift=math.nan, correlation=math.nan,
            verdict=("diverged",),
        )  # fmt: skip
    rmse = _rms(prediction - truth)
    if is_constant(truth):
        nan = math.nan
        return FreeRunScore(
            nrmse=nan, rmse=rmse, truth_frequency=nan, predicted_frequency=dominant_frequency(prediction, dt),
            frequency_error=nan, amplitude_error=nan, phase_drift=nan, correlation=nan,
            verdict=("truth is constant: NRMSE is not defined",),
        )  # fmt: skip
    return _score(truth, prediction, dt, rmse)


def dominant_frequency(values: FloatArray, dt: float) -> float:
    """Dominant frequency [Hz] of a record, NaN where nothing stands out; method as in ``score_free_run``."""
    if values.size < 2 * MIN_CYCLES or is_constant(values):
        return math.nan
    frequency, power = _spectrum(values, dt)
    allowed = frequency >= FIRST_CYCLES / (values.size * dt)
    lowest = MIN_CYCLES / (values.size * dt)
    for exponent in WEIGHTS:
        weighted = np.where(allowed, frequency**exponent * power, 0.0)
        peak = int(np.argmax(weighted))
        stands_out = all(v[peak] >= PEAK_OVER_MEDIAN * float(np.median(v[allowed])) for v in (weighted, power))
        if stands_out and frequency[peak] >= lowest and peak < frequency.size - 1:
            return _refined(frequency, power, peak)
    return math.nan


def _checked(truth: FloatArray, prediction: FloatArray, dt: float) -> tuple[FloatArray, FloatArray]:
    """Both as float arrays of one shape (T,)."""
    truth, prediction = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != prediction.shape or truth.size < 2:
        raise ValueError(
            f"score_free_run needs truth and prediction of one shape (T,), T >= 2, got {truth.shape} and"
            f" {prediction.shape}"
        )
    if not np.isfinite(truth).all():
        raise ValueError("score_free_run.truth must be finite, got NaN or infinity")
    if not (math.isfinite(dt) and dt > 0):
        raise ValueError(f"score_free_run.dt must be a positive number of seconds, got {dt}")
    return truth, prediction


def _score(truth: FloatArray, prediction: FloatArray, dt: float, rmse: float) -> FreeRunScore:
    """The score of a finite prediction against a truth that varies."""
    nrmse = rmse / float(truth.std())
    wave = _oscillation(truth, prediction, dt)
    if wave is None:
        change = float(prediction.std() / truth.std()) - 1.0
        frequency = predicted = drift = math.nan
        frequency_error = math.nan
    else:
        frequency, predicted = wave.frequency, wave.predicted_frequency
        change = _rms(wave.prediction) / _rms(wave.truth) - 1.0
        frequency_error = predicted / frequency - 1.0
        drift = _phase_drift(wave, dt) if change > DYING_ENVELOPE - 1.0 else math.nan
    flat = is_constant(prediction)
    return FreeRunScore(
        nrmse=nrmse,
        rmse=rmse,
        truth_frequency=frequency,
        predicted_frequency=predicted,
        frequency_error=frequency_error,
        amplitude_error=change,
        phase_drift=drift,
        correlation=math.nan if flat else float(np.corrcoef(truth, prediction)[0, 1]),
        verdict=_verdict(truth, prediction, wave, (nrmse, frequency_error, change)),
    )


def _verdict(
    truth: FloatArray, prediction: FloatArray, wave: _Oscillation | None, numbers: tuple[float, float, float]
) -> tuple[str, ...]:
    """Words for a finite run; ``numbers`` are NRMSE, frequency error and amplitude error."""
    nrmse, frequency_error, amplitude_error = numbers
    if prediction.var() < COLLAPSED_VARIANCE * truth.var():
        return ("collapsed to the mean",)
    words = [] if wave is None else _envelope_words(wave)
    if words:
        return tuple(words)
    remark = ("no oscillation",) if wave is None else ()
    if nrmse <= FOLLOWS_NRMSE:
        return ("follows", *remark)
    if abs(frequency_error) <= SAME_FREQUENCY and abs(amplitude_error) <= SAME_AMPLITUDE:
        return ("keeps the oscillation but loses its phase",)
    return ("does not follow", *remark)


def _envelope_words(wave: _Oscillation) -> list[str]:
    """Says whether the prediction's oscillation is missing from the start or dies while the truth's goes on."""
    quarter = max(1, wave.truth.size // 4)
    truth_end = _rms(wave.truth[-quarter:])
    if truth_end < LIVING_ENVELOPE * _rms(wave.truth) or _rms(wave.prediction[-quarter:]) >= DYING_ENVELOPE * truth_end:
        return []
    start = _rms(wave.prediction[:quarter]) < DYING_ENVELOPE * _rms(wave.truth[:quarter])
    return ["oscillation missing" if start else "oscillation dies"]


def _oscillation(truth: FloatArray, prediction: FloatArray, dt: float) -> _Oscillation | None:
    """Both records in the band of the truth's dominant frequency; None where it has none."""
    frequency = dominant_frequency(truth, dt)
    if math.isnan(frequency):
        return None
    return _Oscillation(
        frequency=frequency,
        predicted_frequency=_predicted_frequency(truth, prediction, dt, frequency),
        truth=_analytic(truth, dt, frequency),
        prediction=_analytic(prediction, dt, frequency),
    )


def _predicted_frequency(truth: FloatArray, prediction: FloatArray, dt: float, target: float) -> float:
    """The prediction's peak within the truth's band, or its own dominant one where the band is nearly empty."""
    if is_constant(prediction):
        return math.nan
    frequency, power = _spectrum(prediction, dt)
    near = np.abs(frequency - target) <= NEAR * target
    true_power = _spectrum(truth, dt)[1]
    if power[near].sum() < NEAR_POWER * true_power[near].sum():
        return dominant_frequency(prediction, dt)
    peak = int(np.argmax(np.where(near, power, 0.0)))
    return _refined(frequency, power, peak)


def _spectrum(values: FloatArray, dt: float) -> tuple[FloatArray, FloatArray]:
    """Frequencies [Hz] and power of the detrended, Hann-windowed, zero-padded record."""
    length = next_fast_len(PADDING * values.size, real=True)
    window = np.hanning(values.size + 2)[1:-1]
    power = np.abs(rfft(detrend(values) * window, length)) ** 2
    return np.asarray(rfftfreq(length, dt)), np.asarray(power)


def _refined(frequency: FloatArray, power: FloatArray, peak: int) -> float:
    """Vertex of the parabola through log power at the peak and its neighbours [Hz]."""
    if peak in (0, frequency.size - 1):
        return float(frequency[peak])
    left, middle, right = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    curvature = left - 2.0 * middle + right
    shift = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
    return float(frequency[peak] + np.clip(shift, -1.0, 1.0) * (frequency[1] - frequency[0]))


def _analytic(values: FloatArray, dt: float, centre: float) -> np.ndarray:
    """Analytic signal in the band centre (1 +- BAND), with cosine edges; reflected at both ends against wrapping."""
    size = values.size
    margin = min(size - 1, math.ceil(4.0 / (centre * dt)))
    extended = np.pad(detrend(values), margin, mode="reflect", reflect_type="odd")
    length = next_fast_len(extended.size, real=True)
    distance = np.abs(np.asarray(rfftfreq(length, dt)) - centre) / (BAND * centre)
    edge = np.clip(2.0 * distance - 1.0, 0.0, 1.0)
    gain = 0.5 + 0.5 * np.cos(np.pi * edge)
    band = irfft(rfft(extended, length) * gain, length)[: extended.size]
    return np.asarray(hilbert(band)[margin : margin + size])


def _phase_drift(wave: _Oscillation, dt: float) -> float:
    """Slope of the unwrapped phase difference, weighted by both envelopes [periods in 100 periods]."""
    edge = min(wave.truth.size // 20, math.ceil(2.0 / (wave.frequency * dt)))
    inside = slice(edge, wave.truth.size - edge)
    product = wave.prediction[inside] * np.conj(wave.truth[inside])
    weight = np.abs(product)
    kept = weight > (PHASE_ENVELOPE**2) * _rms(wave.truth) * _rms(wave.prediction)
    if np.count_nonzero(kept) < 2:
        return math.nan
    time = np.arange(product.size)[kept] * dt
    phase = np.unwrap(np.angle(product[kept]))
    weight = weight[kept] / weight[kept].sum()
    time = time - weight @ time
    slope = float((weight * time) @ phase / ((weight * time) @ time))
    return 100.0 * slope / (2.0 * math.pi * wave.frequency)


def _rms(values: np.ndarray) -> float:
    """Root mean square of real or complex samples."""
    with np.errstate(over="ignore"):
        return float(np.sqrt(np.mean(np.abs(values) ** 2)))


def is_constant(values: FloatArray) -> bool:
    """True if a record, shape (T,), varies by no more than rounding."""
    return bool(values.std() <= CONSTANT_SPREAD * max(float(np.abs(values).max()), 1e-300))
