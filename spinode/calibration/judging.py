"""From the end of the search to numbers with errors, or to the line that says why there are none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from spinode.calibration.candidate import Candidate
from spinode.calibration.least_squares import Point, Weighing, projected
from spinode.calibration.noise import Memory, memory_of, output_covariance, sandwich, scores
from spinode.calibration.result import BLURRED, EDGE, FITS, FOREIGN, ROUGHLY
from spinode.signals import FloatArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
NOISE_FLOOR = 1e-7
"""Least deviation of an output's error, in deviations of the output, that its weight is made of."""
STRUCTURED, FOREIGN_STRUCTURE = 0.1, 0.3
"""Structured error, in deviations of an output, from which a device fits but roughly, and from which it does not."""
UNEXPLAINED = 0.8
"""Error, in deviations of an output, from which a run explains too little to say that the device fits."""
UNDETERMINED = 0.5
"""Standard error, in parts of half the search range, from which the trace tells nothing that was not known before: an
even prior over that range has 0.58."""
SAME_DIRECTION = 1e-9
"""Least eigenvalue of the correlation matrix of the derivatives: below it two unknowns change the trace in the same
way, as far as differences can tell."""
SHARES = 0.1
"""Part of a direction that no sample determines from which an unknown belongs to it."""
TIED = 0.9
"""Correlation of two errors, each as wide as the range, from which it is the two that cannot be told apart."""
NO_INFLUENCE = 1e-6
"""Change of the whole trace, in deviations of its error, by half the range of an unknown: below it there is none."""
COVERAGE = 0.95
MANY_RUNS = 8
"""Runs from which their own scatter says what the errors of the unknowns are, whatever the noise."""
FEWEST_FREE = 4.0
"""Least degrees of freedom: a long memory leaves few, and Student's quantile grows without bound below."""
AT_EDGE = 1e-3


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """Errors of the unknowns in q, and what is to be said of them.

    ``covariance`` (K, K) is NaN where the trace does not determine an unknown; ``freedom`` (K,) are the degrees of
    freedom with which its diagonal is known.
    """

    covariance: FloatArray
    freedom: FloatArray
    memories: tuple[Memory, ...]
    verdict: str
    verdicts: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def deviation(self) -> FloatArray:
        """Standard errors (K,)."""
        result: FloatArray = np.sqrt(np.diag(self.covariance))
        return result

    @property
    def correlation(self) -> FloatArray:
        """Of the errors, (K, K)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            result: FloatArray = self.covariance / np.outer(self.deviation, self.deviation)
        return result

    @property
    def reach(self) -> FloatArray:
        """Half widths of the intervals (K,): Student's quantile times the standard errors."""
        result: FloatArray = student.ppf(0.5 + COVERAGE / 2, self.freedom) * self.deviation
        return result


def memories_of(point: Point) -> tuple[Memory, ...]:
    """Noise of each output, in its deviations."""
    error = point.error
    outputs = error.shape[2]
    used = (len(point.q) + point.windows.initial.size) / outputs
    freedom = max(error[:, :, 0].size - used, 1.0)
    return tuple(memory_of(error[:, :, o], freedom) for o in range(outputs))


def noise_levels(memories: tuple[Memory, ...]) -> FloatArray:
    """Deviation of each output's error, with a floor."""
    return np.array([max(float(np.sqrt(memory.covariance[0])), NOISE_FLOOR) for memory in memories])


def assess(candidate: Candidate, point: Point) -> Assessment:
    """Covariance of the unknowns by the sandwich of ``noise``, and the verdict."""
    memories = memories_of(point)
    noise = noise_levels(memories)
    flat = projected(candidate, Weighing(outputs=1.0 / noise, centre=point.q), point)
    slopes = flat.reshape(len(flat), point.windows.steps + 1, len(noise), -1)
    by_output = [np.ascontiguousarray(slopes[:, :, o].reshape(-1, len(point.q))) for o in range(len(noise))]
    square, meat = sandwich(by_output, [m.covariance / level**2 for m, level in zip(memories, noise, strict=True)])
    freedom = sum(memory.effective for memory in memories) - len(point.q) - point.windows.initial.size
    if len(flat) >= MANY_RUNS:
        meat = scores(flat, (point.error / noise).reshape(len(flat), -1))
        freedom = float(len(flat) - len(point.q))
    if candidate.own_error.any():
        meat = meat + sandwich(by_output, _own_covariances(candidate, point, noise))[1]
    lost, lines = _undetermined(candidate, square)
    covariance = _covariance(square, meat, lost)
    deviation = np.sqrt(np.diag(covariance))
    wide = (deviation > UNDETERMINED) & ~lost
    lines += _too_wide(candidate, covariance, np.flatnonzero(wide))
    verdict, verdicts, notes = _verdict(candidate, point, memories, lost | wide)
    gone = lost | wide | (verdict == FOREIGN)
    covariance = np.where(gone[:, None] | gone, np.nan, covariance)
    return Assessment(
        covariance=covariance,
        freedom=np.full(len(gone), max(freedom, FEWEST_FREE)),
        memories=memories,
        verdict=verdict,
        verdicts=verdicts,
        notes=notes if verdict == FOREIGN else (*lines, *notes),
    )


def _own_covariances(candidate: Candidate, point: Point, noise: FloatArray) -> list[FloatArray]:
    """Autocovariance of the model's own error of each output, with the spectrum of the measured output, weighted."""
    rows = (point.windows.starts[:, None] + np.arange(point.windows.steps + 1)).ravel()
    factors = (candidate.own_error / noise) ** 2
    return [factor * output_covariance(row) for factor, row in zip(factors, candidate.outputs[rows].T, strict=True)]


def _undetermined(candidate: Candidate, square: FloatArray) -> tuple[BoolArray, list[str]]:
    """Unknowns (K,) that the trace cannot determine whatever its noise, and a line for each reason."""
    size = np.sqrt(np.diag(square))
    lost, lines = np.zeros(len(size), dtype=np.bool_), []
    for k in range(len(size)):
        if not size[k] > NO_INFLUENCE:
            lost[k] = True
            lines.append(_no_influence(candidate, k, "nothing"))
    kept = np.flatnonzero(~lost)
    if len(kept) < 2:
        return lost, lines
    scaled = square[np.ix_(kept, kept)] / np.outer(size[kept], size[kept])
    values, vectors = np.linalg.eigh(scaled)
    for value, vector in zip(values, vectors.T, strict=True):
        if value < SAME_DIRECTION:
            members = kept[np.abs(vector) > SHARES]
            lost[members] = True
            lines.append(_same_way(candidate, members))
    return lost, lines


def _too_wide(candidate: Candidate, covariance: FloatArray, wide: IntArray) -> list[str]:
    """A line for each unknown, or group of them, whose error is as wide as the search range."""
    lines, told = [], set()
    for k in wide.tolist():
        scale = np.sqrt(covariance[k, k] * np.diag(covariance)[wide])
        group = wide[np.abs(covariance[k, wide]) > TIED * scale]
        if k not in told:
            lines.append(_same_way(candidate, group) if len(group) > 1 else _no_influence(candidate, k, "too little"))
        told.update(group.tolist())
    return lines


def _same_way(candidate: Candidate, members: IntArray) -> str:
    names = " and ".join(f"'{candidate.unknowns[k].name}'" for k in members)
    return (
        f"the trace cannot tell {names} apart: they change it in the same way; fix all but one of them, or record an"
        " answer to another drive"
    )


def _no_influence(candidate: Candidate, k: int, much: str) -> str:
    unknown = candidate.unknowns[k]
    searched = f"{unknown.low:.4g} to {unknown.high:.4g} {unknown.unit}".rstrip()
    return f"the trace tells {much} of '{unknown.name}' within {searched}; fix it, or record a trace on which it acts"


def _covariance(square: FloatArray, meat: FloatArray, lost: BoolArray) -> FloatArray:
    """M^-1 V M^-1 over the unknowns that are not lost; NaN elsewhere."""
    result = np.full(square.shape, np.nan)
    kept = np.flatnonzero(~lost)
    if len(kept):
        size = np.sqrt(np.diag(square))[kept]
        scaled = square[np.ix_(kept, kept)] / np.outer(size, size)
        inverse = np.linalg.pinv(scaled, hermitian=True) / np.outer(size, size)
        result[np.ix_(kept, kept)] = inverse @ meat[np.ix_(kept, kept)] @ inverse
    return result


def _verdict(
    candidate: Candidate, point: Point, memories: tuple[Memory, ...], lost: BoolArray
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Of the whole, of each unknown, and the notes on both."""
    structured = max(memory.structured for memory in memories)
    left = max(float(np.sqrt(memory.covariance[0])) for memory in memories)
    if structured > FOREIGN_STRUCTURE or left > UNEXPLAINED:
        line = (
            f"the trace is not one of this device: the best run leaves {left:.0%} of the output's deviation"
            f" ({structured:.0%} of it structured), so no value is given"
        )
        return FOREIGN, (FOREIGN,) * len(lost), (line,)
    verdicts, notes = [], []
    for unknown, place, gone in zip(candidate.unknowns, point.q, lost, strict=True):
        value = unknown.value(float(place))
        if gone:
            verdicts.append(BLURRED)
        elif abs(place) > 1.0 - AT_EDGE:
            verdicts.append(EDGE)
            notes.append(f"'{unknown.name}' is at the edge of the search range: the true value may lie beyond")
        elif unknown.trained is not None and not unknown.trained[0] <= value <= unknown.trained[1]:
            verdicts.append("outside the trained range")
            notes.append(
                f"'{unknown.name}' is outside the trained range {unknown.trained[0]:.4g} to {unknown.trained[1]:.4g}"
                f" {unknown.unit}".rstrip()
                + ": the surrogate extrapolates there"
            )
        else:
            verdicts.append(FITS)
    if structured > STRUCTURED:
        notes.append(
            f"the best run leaves a structured error of {structured:.0%} of the output's deviation: the device fits but"
            " roughly, and the intervals are widened for it"
        )
    return _worst(verdicts, structured), tuple(verdicts), tuple(notes)


def _worst(verdicts: list[str], structured: float) -> str:
    for one in (BLURRED, EDGE):
        if one in verdicts:
            return one
    return ROUGHLY if structured > STRUCTURED else FITS
