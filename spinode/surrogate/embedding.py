"""Delay embedding: how the past of a trace is turned into the state from which a surrogate starts.

The coordinates of the embedding are outputs and inputs at t, t - tau, ..., t - 2 (k - 1) tau, and outputs between them:
past samples only, so it can run beside a live measurement. The state of a surrogate of order k is (y, w_1, ...,
w_(k-1)) for each output: the scaled output itself and k - 1 hidden coordinates, which begin as smoothed derivatives and
are then fitted with the field. Because the drive enters the field only at its present value, a jump of the drive inside
the delay is no special case; a field in the delayed coordinates themselves has to guess where the jump was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks, savgol_filter

from spinode.signals import FloatArray
from spinode.surrogate.field import FieldShape, IntArray, monomials

MOST_DELAY = 0.02
"""Longest delay as a fraction of the trace: beyond it the windows that training cuts would be too few."""
DENSE = 9
"""Samples of each output that the encoder looks at, where the span has as many."""
ENCODER_RIDGE = 1e-9
"""Ridge of the encoder beside features of order one: removes the null space of collinear delays, nothing else."""
MOST_FEATURES = 400
"""Features of the encoder above which it becomes linear, so that it stays quick to fit."""


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """Order and delay of the embedding.

    Parameters
    ----------
    order : int
        k >= 1: states for each output; 1 means no hidden coordinate.
    delay : int
        tau [samples], >= 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    order: int
    delay: int

    def __post_init__(self) -> None:
        if self.order < 1 or self.delay < 1:
            raise ValueError(f"Embedding needs order >= 1 and delay >= 1 sample, got {self.order} and {self.delay}")

    @property
    def span(self) -> int:
        """Samples of the past that it needs besides the present one, 2 (k - 1) tau."""
        return 2 * (self.order - 1) * self.delay

    @property
    def input_lags(self) -> tuple[int, ...]:
        """0, tau, ..., 2 (k - 1) tau [samples]."""
        return tuple(range(0, self.span + 1, self.delay))

    @property
    def output_lags(self) -> tuple[int, ...]:
        """Those of the inputs and ``DENSE`` evenly over the span, since hidden coordinates may be quick."""
        fine = np.linspace(0, self.span, min(self.span + 1, DENSE)).round().astype(int)
        return tuple(sorted({*self.input_lags, *fine.tolist()}))

    def coordinates(self, outputs: FloatArray, inputs: FloatArray, samples: IntArray) -> FloatArray:
        """Embedding coordinates at the given samples (each >= span): outputs lag by lag, then inputs lag by lag."""
        delayed = [outputs[samples - lag] for lag in self.output_lags]
        return np.column_stack(delayed + [inputs[samples - lag] for lag in self.input_lags])


def choose_delay(outputs: list[FloatArray]) -> int:
    """Delay [samples] from the data: a quarter of the dominant period.

    The autocorrelation R of an oscillation of period T falls to zero at T/4 and has its first trough at T/2. The trough
    is the safer mark where a slow background keeps R from reaching zero, so tau is half the way to the first trough of
    the autocorrelation of the *increments* (which suppress the background); without a trough, as for a relaxation, tau
    is the time in which R falls to 1/e, halved. Derived here;
    tests hold a sine, a damped sine on a drift, and a relaxation.

    Parameters
    ----------
    outputs : list of array, shape (T, O)
        Scaled outputs of each trace.
    """
    delays = []
    for record in outputs:
        longest = max(2, int(MOST_DELAY * len(record)))
        for column in record.T:
            delays.append(_delay_of(column, longest))
    return max(1, int(np.median(delays)))


def _delay_of(column: FloatArray, longest: int) -> int:
    """Delay of one output; 1 for a constant one."""
    increments = _autocorrelation(np.diff(column), 2 * longest)
    troughs, _ = find_peaks(-increments, height=0.1)
    if len(troughs):
        return int(np.clip(round(troughs[0] / 2), 1, longest))
    level = _autocorrelation(column, 2 * longest)
    below = np.flatnonzero(level < np.exp(-1.0))
    return int(np.clip((below[0] if len(below) else 2 * longest) // 2, 1, longest))


def _autocorrelation(values: FloatArray, longest: int) -> FloatArray:
    """Normalised autocorrelation at lags 0 ... longest by the fast Fourier transform."""
    centred = values - values.mean()
    length = 1 << int(np.ceil(np.log2(2 * max(len(centred), 2))))
    power = np.abs(np.fft.rfft(centred, length)) ** 2
    result: FloatArray = np.fft.irfft(power, length)[: min(longest, len(centred) - 1) + 1]
    return result / result[0] if result[0] > 0 else np.zeros_like(result)


def derivative_coordinates(outputs: FloatArray, embedding: Embedding) -> FloatArray:
    """Outputs and their first k smoothed derivatives in units per sample, shape (T, (k + 1) O).

    A polynomial of degree 4 (or more where k asks for it) is fitted to 2 tau + 3 samples around each one (Savitzky and
    Golay 1964). It looks ahead, which is fine: it only starts the fit on past data and is not used afterwards.
    """
    degree = max(4, embedding.order + 1)
    window = max(2 * embedding.delay + 3, degree + 1 + degree % 2)
    window = min(window, len(outputs) - 1 + len(outputs) % 2)
    columns = [outputs]
    for order in range(1, embedding.order + 1):
        columns.append(savgol_filter(outputs, window, min(degree, window - 1), deriv=order, axis=0, mode="interp"))
    return np.column_stack(columns)


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """State from the embedding coordinates c: x = W psi(c), psi all monomials of c up to ``degree``.

    Parameters
    ----------
    embedding : Embedding
        Which past samples it looks at.
    degree : int
        2, or 1 where there are many coordinates.
    weights : array, shape (features, S)
        Closed-form ridge regression on the states that the training runs went through.
    spread : array, shape (S,)
        Root mean square error of that regression, in scaled units.
    """

    embedding: Embedding
    degree: int
    weights: FloatArray
    spread: FloatArray

    def states(self, outputs: FloatArray, inputs: FloatArray, samples: IntArray) -> FloatArray:
        """States at the given samples, shape (len(samples), S)."""
        coordinates = self.embedding.coordinates(outputs, inputs, samples)
        features = monomials(_encoder_shape(coordinates.shape[1], self.degree), coordinates)
        result: FloatArray = features @ self.weights
        return result


def _encoder_shape(coordinates: int, degree: int) -> FieldShape:
    return FieldShape(states=coordinates, inputs=0, degree=degree)


def fit_encoder(
    embedding: Embedding, outputs: FloatArray, inputs: FloatArray, states: FloatArray, samples: IntArray
) -> Encoder:
    """Least-squares encoder for known states (T, S) at the given samples."""
    coordinates = embedding.coordinates(outputs, inputs, samples)
    degree = 2 if _encoder_shape(coordinates.shape[1], 2).monomials <= MOST_FEATURES else 1
    features = monomials(_encoder_shape(coordinates.shape[1], degree), coordinates)
    ridge = np.sqrt(ENCODER_RIDGE * len(features)) * np.eye(features.shape[1])
    target = np.vstack([states[samples], np.zeros((features.shape[1], states.shape[1]))])
    weights, *_ = np.linalg.lstsq(np.vstack([features, ridge]), target, rcond=None)
    spread = np.sqrt(np.mean((features @ weights - states[samples]) ** 2, axis=0))
    return Encoder(embedding=embedding, degree=degree, weights=weights, spread=np.maximum(spread, 1e-9))
