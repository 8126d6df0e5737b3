"""The report of free runs: every model beside the baselines on one trace, as a table, as JSON and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from spinode.signals import FloatArray
from spinode.surrogate.metrics import FreeRunScore, is_constant, score_free_run
from spinode.traces import Trace
from spinode.units import format_quantity

HEADER = (
    "model", "output", "NRMSE", "frequency", "frequency error", "amplitude error", "phase drift / 100 periods",
    "training", "prediction", "verdict",
)  # fmt: skip
"""Columns of ``FreeRunReport.table``."""
BAD = ("diverged", "collapsed to the mean", "oscillation dies", "oscillation missing")
"""Verdicts that are worth a warning."""


@dataclass(frozen=True, kw_only=True)
class FreeRun:
    """What one model predicted.

    Parameters
    ----------
    prediction : array, shape (T, O)
        Outputs in SI over the whole trace, the warm-up included.
    training_seconds, prediction_seconds : float
        Wall times [s]; NaN where not known.
    baseline : bool
        True for a model that the others have to beat.
    """

    prediction: FloatArray
    training_seconds: float
    prediction_seconds: float
    baseline: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """Scores of one model, one an output channel; other fields as in ``FreeRun``."""

    name: str
    scores: tuple[FreeRunScore, ...]
    training_seconds: float
    prediction_seconds: float
    baseline: bool

    @property
    def nrmse(self) -> float:
        """Root mean square of the outputs' NRMSE, those of a constant truth left out; NaN if there are no others."""
        squares = [score.nrmse**2 for score in self.scores if not math.isnan(score.nrmse)]
        return math.sqrt(sum(squares) / len(squares)) if squares else math.nan


@dataclass(frozen=True, kw_only=True)
class FreeRunReport:
    """Free runs of several models on one trace.

    Parameters
    ----------
    title, trace : str
        Heading and name of the trace.
    outputs, units : tuple of str
        Output channels with their units.
    samples, warm_up : int
        Samples of the trace, and how many of the first ones were known to the models and are not scored.
    dt : float
        Sample interval [s].
    rows : tuple of ModelRow
        Models in the order given.
    warnings : tuple of str
        Sentences on what is wrong; empty if nothing is.
    """

    title: str
    trace: str
    outputs: tuple[str, ...]
    units: tuple[str, ...]
    samples: int
    warm_up: int
    dt: float
    rows: tuple[ModelRow, ...]
    warnings: tuple[str, ...]

    @property
    def strongest_baseline(self) -> ModelRow | None:
        """The baseline of lowest NRMSE; None if there is none."""
        return _strongest(self.rows)

    def table(self) -> tuple[tuple[str, ...], ...]:
        """Cells as text, one row a model and output, in the columns of ``HEADER``."""
        return tuple(_cells(row, output, score) for row in self.rows for output, score in self._pairs(row))

    def as_dict(self) -> dict[str, object]:
        """The report in SI for JSON; NaN and infinity become None.

        Keys: ``title``, ``trace``, ``samples``, ``warm_up``, ``dt`` [s], ``outputs`` {name: unit}, ``warnings`` [text],
        ``strongest_baseline`` (name or None), ``models`` [{``name``, ``baseline``, ``nrmse``, ``training_seconds``,
        ``prediction_seconds``, ``scores`` {output: the fields of ``FreeRunScore``}}].
        """
        strongest = self.strongest_baseline
        return {
            "title": self.title,
            "trace": self.trace,
            "samples": self.samples,
            "warm_up": self.warm_up,
            "dt": self.dt,
            "outputs": dict(zip(self.outputs, self.units, strict=True)),
            "warnings": list(self.warnings),
            "strongest_baseline": strongest.name if strongest else None,
            "models": [self._model(row) for row in self.rows],
        }

    def _pairs(self, row: ModelRow) -> list[tuple[str, FreeRunScore]]:
        return list(zip(self.outputs, row.scores, strict=True))

    def _model(self, row: ModelRow) -> dict[str, object]:
        """One entry of ``models``."""
        return {
            "name": row.name,
            "baseline": row.baseline,
            "nrmse": _number(row.nrmse),
            "training_seconds": _number(row.training_seconds),
            "prediction_seconds": _number(row.prediction_seconds),
            "scores": {
                output: {key: _number(value) if isinstance(value, float) else list(value) for key, value in
                         asdict(score).items()}
                for output, score in self._pairs(row)
            },
        }  # fmt: skip


def build_report(truth: Trace, runs: Mapping[str, FreeRun], title: str, warm_up: int) -> FreeRunReport:
    """Score every run on the samples after the warm-up.

    Parameters
    ----------
    truth : Trace
        What really happened.
    runs : mapping of str to FreeRun
        Predictions by model name, at least one, baselines marked.
    title : str
        Heading.
    warm_up : int
        First samples that are not scored, the same for all models, >= 0.

    Raises
    ------
    ValueError
        If there is no run, a prediction has another shape than the truth, or fewer than 2 samples are left.
    """
    outputs = truth.output
    if not runs:
        raise ValueError("build_report needs at least one run, got none")
    if not 0 <= warm_up <= len(truth) - 2:
        raise ValueError(f"build_report.warm_up must lie between 0 and {len(truth) - 2}, got {warm_up}")
    for name, run in runs.items():
        if run.prediction.shape != outputs.values.shape:
            raise ValueError(
                f"prediction of '{name}' must have the truth's shape {outputs.values.shape}, got {run.prediction.shape}"
            )
    rows = tuple(_row(name, run, outputs.values, warm_up, truth.dt) for name, run in runs.items())
    return FreeRunReport(
        title=title,
        trace=truth.name,
        outputs=outputs.names,
        units=tuple(channel.unit for channel in outputs.channels),
        samples=len(truth),
        warm_up=warm_up,
        dt=truth.dt,
        rows=rows,
        warnings=_warnings(rows, outputs.names, outputs.values[warm_up:]),
    )


def _row(name: str, run: FreeRun, truth: FloatArray, warm_up: int, dt: float) -> ModelRow:
    """Scores of one model."""
    scores = tuple(
        score_free_run(truth[warm_up:, column], run.prediction[warm_up:, column], dt)
        for column in range(truth.shape[1])
    )
    return ModelRow(
        name=name,
        scores=scores,
        training_seconds=run.training_seconds,
        prediction_seconds=run.prediction_seconds,
        baseline=run.baseline,
    )


def _warnings(rows: tuple[ModelRow, ...], outputs: tuple[str, ...], truth: FloatArray) -> tuple[str, ...]:
    """Constant truths, runs that went wrong, and learners that do not beat the strongest baseline."""
    found = [
        f"output '{output}' is constant on this trace: its NRMSE is not defined"
        for output, values in zip(outputs, truth.T, strict=True)
        if is_constant(values)
    ]
    learned = [row for row in rows if not row.baseline]
    for row in learned:
        for output, score in zip(outputs, row.scores, strict=True):
            found += [f"{row.name}: {word} on output '{output}'" for word in score.verdict if word in BAD]
    strongest = _strongest(rows)
    if strongest is not None:
        found += [_beaten(row, strongest) for row in learned if not row.nrmse < strongest.nrmse]
    return tuple(found)


def _beaten(row: ModelRow, strongest: ModelRow) -> str:
    """The sentence for a learner that is no better than a baseline."""
    return (
        f"{row.name} does not beat the strongest baseline, {strongest.name} (NRMSE {_short(row.nrmse)} against"
        f" {_short(strongest.nrmse)}): a learner that does not beat it has shown nothing"
    )


def _strongest(rows: tuple[ModelRow, ...]) -> ModelRow | None:
    """The baseline of lowest NRMSE."""
    candidates = [row for row in rows if row.baseline and not math.isnan(row.nrmse)]
    return min(candidates, key=lambda row: row.nrmse, default=None)


def _cells(row: ModelRow, output: str, score: FreeRunScore) -> tuple[str, ...]:
    """One row of the table."""
    return (
        row.name + (" (baseline)" if row.baseline else ""),
        output,
        _short(score.nrmse),
        _quantity(score.predicted_frequency, "Hz"),
        _percent(score.frequency_error),
        _percent(score.amplitude_error),
        "-" if math.isnan(score.phase_drift) else f"{score.phase_drift:+.2g}",
        _quantity(row.training_seconds, "s"),
        _quantity(row.prediction_seconds, "s"),
        "; ".join(score.verdict),
    )


def _short(value: float) -> str:
    if math.isnan(value):
        return "-"
    return "infinite" if math.isinf(value) else f"{value:.3g}"


def _percent(value: float) -> str:
    return "-" if not math.isfinite(value) else f"{100.0 * value:+.3g} %"


def _quantity(value: float, unit: str) -> str:
    return "-" if not math.isfinite(value) else format_quantity(float(f"{value:.4g}"), unit)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
