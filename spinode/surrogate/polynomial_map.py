"""A polynomial map of one sample on a delay embedding, fitted in closed form and free-run by one compiled loop.

y[i+1] = y[i] + P(y[i], y[i-d], ..., u[i+1/2], u[i+1/2-d], ...),

with P a polynomial. u[i+1/2] is the drive in the middle of the step, which for a held channel is the value that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from spinode.signals import FloatArray, missing_name, stage_values
from spinode.traces import Trace, TraceSet

IntArray = NDArray[np.int64]
RIDGE = 1e-10
"""Added to the diagonal of the normal equations of unit terms: only removes directions that the data cannot see."""
MAX_ROWS = 20_000
"""Rows of a regression; a longer record is thinned evenly, since more rows hardly change the coefficients."""
MAX_TERMS = 300
"""Terms of a polynomial, so that all candidates are tried within seconds."""
ROWS_PER_TERM = 4
"""Fewest rows a coefficient; with fewer a fit is a memory of the samples."""
CHUNK = 4096
"""Rows whose terms are held in memory at once."""
LIMIT = 1e3
"""Standard deviations of the training data beyond which a free run counts as diverged."""
SAME_INTERVAL = 1e-6
"""Largest relative difference of two sample intervals that count as equal."""


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """Which samples a map reads, and which powers of them.

    Parameters
    ----------
    delay : int
        Samples between two delayed copies, >= 1.
    copies, drive_copies : int
        Copies of each output and of each input, the present one included, >= 1.
    degree, delayed_degree : int
        Highest degree of terms of outputs and present inputs, and of terms with a delayed input; >= 1.
    """

    delay: int
    copies: int
    drive_copies: int
    degree: int
    delayed_degree: int = 1

    def __post_init__(self) -> None:
        if min(self.delay, self.copies, self.drive_copies, self.degree, self.delayed_degree) < 1:
            raise ValueError(f"Embedding needs positive integers, got {self}")

    @property
    def reach(self) -> int:
        """Samples before the present one that are read."""
        return self.delay * (max(self.copies, self.drive_copies) - 1)

    def terms(self, outputs: int, inputs: int) -> IntArray | None:
        """Monomials as rows (earlier monomial, variable it is multiplied by), shape (2, M); None above MAX_TERMS."""
        main = self.copies * outputs + inputs
        count = main + (self.drive_copies - 1) * inputs
        parent, factor, degree = [0], [0], [0]
        number = 0
        while number < len(parent):
            for variable in range(factor[number], count):
                if degree[number] < (self.degree if variable < main else self.delayed_degree):
                    parent.append(number)
                    factor.append(variable)
                    degree.append(degree[number] + 1)
            if len(parent) > MAX_TERMS:
                return None
            number += 1
        return np.array([parent, factor], dtype=np.int64)

    def variables(self, record: Record, rows: IntArray) -> FloatArray:
        """Outputs copy by copy, then inputs copy by copy, of these samples; shape (rows, variables)."""
        outputs = [record.outputs[rows - self.delay * copy] for copy in range(self.copies)]
        inputs = [record.drive[rows - self.delay * copy] for copy in range(self.drive_copies)]
        return np.concatenate(outputs + inputs, axis=1)


@dataclass(frozen=True, kw_only=True)
class Record:
    """Scaled outputs (T, O) and the drive in the middle of each step (T - 1, I)."""

    outputs: FloatArray
    drive: FloatArray

    def samples(self, first: int, last: int) -> Record:
        """Samples first, ..., last - 1."""
        return Record(outputs=self.outputs[first:last], drive=self.drive[first : last - 1])


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Channels of the training data with the mean and scale that make their samples (z - mean) / scale.

    Inputs are the drive channels and then those static parameters that differ between the training traces.
    """

    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    dt: float
    output_mean: FloatArray
    output_scale: FloatArray
    input_mean: FloatArray
    input_scale: FloatArray

    def record(self, trace: Trace) -> Record:
        """The trace in these units; raises ValueError for a channel, parameter or sample interval that does not fit."""
        if abs(trace.dt - self.dt) > SAME_INTERVAL * self.dt:
            raise ValueError(f"trace '{trace.name}' must be sampled at {self.dt:g} s as the model, got {trace.dt:g} s")
        outputs = (trace.output.select(self.outputs).values - self.output_mean) / self.output_scale
        drive = (_drive(trace, self.inputs, self.parameters) - self.input_mean) / self.input_scale
        return Record(outputs=np.ascontiguousarray(outputs), drive=np.ascontiguousarray(drive))


def scaling_of(traces: TraceSet) -> Scaling:
    """Mean and standard deviation of every channel over all traces; a constant channel keeps the scale 1."""
    first = traces.traces[0]
    for trace in traces:
        if abs(trace.dt - first.dt) > SAME_INTERVAL * first.dt:
            raise ValueError(f"trace '{trace.name}' must be sampled at {first.dt:g} s as the first, got {trace.dt:g} s")
        if len(trace) < 2:
            raise ValueError(f"trace '{trace.name}' must hold at least 2 samples, got {len(trace)}")
    varying = tuple(n for n in sorted(first.parameters) if len({t.parameters[n].value for t in traces}) > 1)
    outputs = np.concatenate([trace.output.values for trace in traces])
    drive = np.concatenate([_drive(trace, first.drive.names, varying) for trace in traces])
    return Scaling(
        outputs=first.output.names, inputs=first.drive.names, parameters=varying, dt=first.dt,
        output_mean=outputs.mean(axis=0), output_scale=_scale(outputs),
        input_mean=drive.mean(axis=0), input_scale=_scale(drive),
    )  # fmt: skip


def fit_map(embedding: Embedding, records: Sequence[Record]) -> FloatArray | None:
    """Coefficients (O, M) of least squared one-sample error; None where there are too many terms or too few rows."""
    outputs, inputs = records[0].outputs.shape[1], records[0].drive.shape[1]
    terms = embedding.terms(outputs, inputs)
    steps = sum(max(0, len(record.drive) - embedding.reach) for record in records)
    if terms is None or steps < ROWS_PER_TERM * terms.shape[1]:
        return None
    square, right = np.zeros((terms.shape[1], terms.shape[1])), np.zeros((terms.shape[1], outputs))
    for record, rows in _chunks(records, embedding.reach, -(-steps // MAX_ROWS)):
        values = _monomials(embedding.variables(record, rows), terms)
        square += values @ values.T
        right += values @ (record.outputs[rows + 1] - record.outputs[rows])
    return np.ascontiguousarray(_solve(square, right).T)


def _solve(square: FloatArray, right: FloatArray) -> FloatArray:
    """Solution of the normal equations with RIDGE on each term's own scale (a term that is always 0 gets 0)."""
    scale = np.sqrt(np.diag(square))
    scale = np.where(scale > 0.0, scale, 1.0)
    system = square / scale / scale[:, None]
    system[np.diag_indices(len(system))] += RIDGE
    solution: FloatArray = cho_solve(cho_factor(system), right / scale[:, None]) / scale[:, None]
    return solution


def run_map(embedding: Embedding, coefficients: FloatArray, record: Record, known: int) -> FloatArray:
    """Free run (T, O) in scaled units from the first ``known`` samples of the record; infinite after divergence."""
    terms = embedding.terms(record.outputs.shape[1], record.drive.shape[1])
    if terms is None or terms.shape[1] != coefficients.shape[1] or known <= embedding.reach:
        raise ValueError(f"run_map needs coefficients of {embedding} and more than {embedding.reach} known samples")
    result = record.outputs.copy()
    sizes = np.array([embedding.delay, embedding.copies, embedding.drive_copies], dtype=np.int64)
    _iterate(result, known, np.ascontiguousarray(record.drive), sizes, terms, coefficients)
    return result


def compile_map() -> None:
    """Compile the loop of ``run_map`` now, so that no measured time holds it."""
    blank = Record(outputs=np.zeros((2, 1)), drive=np.zeros((1, 0)))
    run_map(Embedding(delay=1, copies=1, drive_copies=1, degree=1), np.zeros((1, 2)), blank, 1)


def _chunks(records: Sequence[Record], reach: int, stride: int) -> Iterator[tuple[Record, IntArray]]:
    """Rows of a regression: every ``stride``-th sample whose past and successor are in the record."""
    for record in records:
        rows = np.arange(reach, len(record.drive), stride)
        for first in range(0, rows.size, CHUNK):
            yield record, rows[first : first + CHUNK]


def _monomials(variables: FloatArray, terms: IntArray) -> FloatArray:
    """Values of all terms, shape (M, rows)."""
    values = np.ones((terms.shape[1], len(variables)))
    columns = np.ascontiguousarray(variables.T)
    for number in range(1, terms.shape[1]):
        values[number] = values[terms[0, number]] * columns[terms[1, number]]
    return values


def _drive(trace: Trace, inputs: tuple[str, ...], parameters: tuple[str, ...]) -> FloatArray:
    """Drive in the middle of each step with the static parameters as constant columns, shape (T - 1, I)."""
    for name in parameters:
        if name not in trace.parameters:
            raise ValueError(missing_name("parameter", name, tuple(trace.parameters)))
    steps = len(trace) - 1
    static = np.array([trace.parameters[name].value for name in parameters])
    middle = stage_values(trace.drive.select(inputs), 0, steps, stages=(0.5,))[:, 0]
    return np.concatenate([middle, np.broadcast_to(static, (steps, static.size))], axis=1)


def _scale(values: FloatArray) -> FloatArray:
    """Standard deviation of every column, 1 where it is only rounding."""
    spread = values.std(axis=0)
    return np.where(spread > 1e-12 * np.abs(values).max(axis=0, initial=0.0), spread, 1.0)


@njit(cache=True, error_model="numpy")
def _gather(variables: FloatArray, values: FloatArray, sample: int, delay: int, first: int, last: int) -> None:
    """Copies of a row of ``values`` and of those before it, ``delay`` apart, to ``variables[first:last]``."""
    columns = values.shape[1]
    for place in range(first, last):
        copy = (place - first) // columns
        variables[place] = values[sample - copy * delay, place - first - copy * columns]


@njit(cache=True, error_model="numpy")
def _iterate(
    result: FloatArray, known: int, drive: FloatArray, sizes: IntArray, terms: IntArray, coefficients: FloatArray
) -> None:
    """Overwrite ``result`` (T, O) from sample ``known`` on; ``sizes`` are delay, copies and drive copies."""
    outputs, inputs = result.shape[1], drive.shape[1]
    delay, copies, drive_copies = sizes[0], sizes[1], sizes[2]
    values = np.ones(terms.shape[1])
    variables = np.empty(copies * outputs + drive_copies * inputs)
    for i in range(known - 1, result.shape[0] - 1):
        _gather(variables, result, i, delay, 0, copies * outputs)
        _gather(variables, drive, i, delay, copies * outputs, variables.shape[0])
        for j in range(1, values.shape[0]):
            values[j] = values[terms[0, j]] * variables[terms[1, j]]
        for o in range(outputs):
            step = 0.0
            for j in range(values.shape[0]):
                step += coefficients[o, j] * values[j]
            result[i + 1, o] = result[i, o] + step
            if not abs(result[i + 1, o]) < LIMIT:
                result[i + 1 :] = np.inf
                return
