"""``fit``: from traces to a surrogate, with progress, a time budget, and checkpoints that survive a killed run."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from time import monotonic

import numpy as np

from spinode.surrogate.checkpoint import read_checkpoint, write_checkpoint
from spinode.surrogate.confidence import chosen_of, fitted_traces, with_confidence
from spinode.surrogate.dataset import Dataset, make_dataset, with_parameters
from spinode.surrogate.events import Event, before_events
from spinode.surrogate.model import Range, Surrogate
from spinode.surrogate.noise_fit import learn
from spinode.surrogate.noise_result import as_candidate, is_noise, noise_record
from spinode.surrogate.plan import FitSettings, Stage, make_plan
from spinode.surrogate.quotient import divided_traces, find_divisors
from spinode.surrogate.training import Candidate, FitState, best, check_state, encode, run_plan
from spinode.traces import Parameter, TraceSet, layout

CHECKPOINT_SECONDS = 5.0
"""Time between checkpoints: what a killed run can lose."""


@dataclass(frozen=True, kw_only=True)
class FitProgress:
    """What a running fit tells its watcher.

    Parameters
    ----------
    done : float
        Part of the plan or of the time budget that is over, whichever is larger, 0 to 1.
    stage : str
        What is being fitted.
    error : float
        Root mean square error of the present windows, in deviations of the outputs.
    held_out : float
        Best held-out error so far; infinite before the first.
    seconds : float
        Time spent, that of earlier runs included.
    """

    done: float
    stage: str
    error: float
    held_out: float
    seconds: float


def fit(
    traces: TraceSet,
    settings: FitSettings | None = None,
    *,
    name: str = "surrogate",
    watch: Callable[[FitProgress], None] | None = None,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
) -> Surrogate:
    """Learn a surrogate from traces.

    Minimises the error of free runs over growing windows (``surrogate.least_squares``) for polynomials of several
    degrees and for the winner plus a network; free runs on held-out time decide which stays; the last stage goes over
    all samples. The same traces, settings and seed give the same surrogate unless the time budget cuts the fit short.

    Parameters
    ----------
    traces : TraceSet
        One sample interval; inputs and static parameters are learned as inputs.
    settings : FitSettings, optional
        Defaults suit a device with one or two inputs.
    name : str
        Name of the surrogate.
    watch : callable, optional
        Called with a ``FitProgress`` after each iteration; may raise to stop the fit.
    checkpoint : path, optional
        File that keeps the state every few seconds; removed by the caller when the surrogate is safe.
    resume : bool
        Go on from the checkpoint.

    Raises
    ------
    ValueError
        If the traces are too short or constant, or the checkpoint belongs to other traces or settings.
    """
    settings = settings or FitSettings()
    events: tuple[Event, ...] = ()
    if not settings.keep_events:
        traces, events = before_events(traces)
        for event in events:
            warnings.warn(f"{event.line()}; fitted up to {event.before} samples", UserWarning, stacklevel=2)
    traces, conditions = split_parameters(traces)
    outputs, divisors = traces.traces[0].output.channels, find_divisors(traces)
    traces = divided_traces(traces, divisors)
    found = None if settings.noise == "none" else _fit_noise(traces, settings, name, watch)
    if found is None:
        found = _fit_field(traces, settings, name, watch, checkpoint if resume else None, checkpoint)
    record, trust = dict(found.record), found.trust
    if trust is not None:  # a quotient goes under the name of its output
        names = [channel.name for channel in outputs]
        trust = replace(trust, output=dict(zip(names, trust.output.values(), strict=True)))
    if events:
        record["events"] = "; ".join(event.line() for event in events)[:1000]
    return replace(found, conditions=conditions, outputs=outputs, divisors=divisors, record=record, trust=trust)


def _fit_field(
    traces: TraceSet,
    settings: FitSettings,
    name: str,
    watch: Callable[[FitProgress], None] | None,
    begun: str | PathLike[str] | None,
    checkpoint: str | PathLike[str] | None,
) -> Surrogate:
    """The surrogate without noise; ``begun`` is the checkpoint to go on from, where it is there."""
    data = make_dataset(traces, settings.order, settings.delay, settings.held_out, settings.hold_out)
    plan = make_plan(data, settings)
    key = fingerprint(traces, settings)
    at = read_checkpoint(begun, key) if begun is not None and Path(begun).exists() else FitState()
    check_state(data, settings, plan, at)
    keeper = _Keeper(checkpoint, key, at)

    def tell(now: FitState) -> None:
        keeper.keep(now)
        if watch is not None:
            watch(_progress(plan, settings, now))

    try:
        at = run_plan(data, settings, plan, at, monotonic, tell)
    except BaseException:
        keeper.save()
        raise
    surrogate = _finish(traces, data, settings, at, name)
    return with_confidence(surrogate, traces, data, settings, chosen_of(at.candidates))


def _fit_noise(
    traces: TraceSet, settings: FitSettings, name: str, watch: Callable[[FitProgress], None] | None
) -> Surrogate | None:
    """The surrogate with learned noise; None where the settings leave it to the data and these are not noisy."""
    begun = monotonic()

    def tell(done: float, stage: str) -> None:
        if watch is not None:
            part = done if settings.noise == "learn" else 0.1 * done
            watch(FitProgress(done=part, stage=stage, error=np.nan, held_out=np.inf, seconds=monotonic() - begun))

    found = learn(traces, settings, tell)
    if settings.noise == "auto" and not is_noise(found):
        return None
    chosen = as_candidate(found)
    at = FitState(candidates=(chosen, replace(chosen, label="all samples")), seconds=monotonic() - begun)
    surrogate = _finish(traces, found.data, settings, at, name)
    surrogate = replace(surrogate, noise=found.noise, record={**surrogate.record, **noise_record(found)})
    return with_confidence(surrogate, traces, found.data, settings, chosen_of(at.candidates))


class _Keeper:
    """Writes the latest state every few seconds, and once more when the fit is stopped."""

    def __init__(self, path: str | PathLike[str] | None, key: str, state: FitState) -> None:
        self._path, self._key, self._state, self._saved = path, key, state, -np.inf

    def keep(self, state: FitState) -> None:
        self._state = state
        if monotonic() - self._saved > CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        if self._path is not None and self._state.seconds > 0:
            write_checkpoint(self._path, self._key, self._state)
            self._saved = monotonic()


def split_parameters(traces: TraceSet) -> tuple[TraceSet, dict[str, Parameter]]:
    """Traces with only the static parameters that differ between them, and the constant ones."""
    first = traces.traces[0].parameters
    same = {
        name: parameter
        for name, parameter in first.items()
        if all(trace.parameters[name].value == parameter.value for trace in traces)
    }
    cut = [
        replace(trace, parameters={name: p for name, p in trace.parameters.items() if name not in same})
        for trace in traces
    ]
    return TraceSet(tuple(cut)), same


def fingerprint(traces: TraceSet, settings: FitSettings) -> str:
    """Digest of the samples and of every setting except the time budget: a checkpoint belongs to one of these."""
    digest = hashlib.sha256(repr(replace(settings, minutes=1.0)).encode())
    for trace in traces:
        constants = [(name, parameter.value) for name, parameter in sorted(trace.parameters.items())]
        digest.update(repr((layout(trace), trace.dt, trace.drive.holds.tolist(), constants)).encode())
        digest.update(trace.drive.values.tobytes())
        digest.update(trace.output.values.tobytes())
    return digest.hexdigest()


def _progress(plan: tuple[Stage, ...], settings: FitSettings, at: FitState) -> FitProgress:
    stage = plan[min(at.stage, len(plan) - 1)]
    part = at.iteration / stage.iterations if at.fit is not None else 0.0
    done = max((at.stage + part) / len(plan), at.seconds / (60.0 * settings.minutes))
    error = float(np.sqrt(at.fit.cost)) if at.fit is not None else np.nan
    held_out = best(at.candidates).error if at.candidates else np.inf
    label = f"{stage.label}, windows of {stage.steps}"
    return FitProgress(done=min(done, 1.0), stage=label, error=error, held_out=held_out, seconds=at.seconds)


def _finish(traces: TraceSet, data: Dataset, settings: FitSettings, at: FitState, name: str) -> Surrogate:
    """The surrogate of the chosen candidate, with its record."""
    chosen, judge, refitted = chosen_of(at.candidates)
    if not np.isfinite(chosen.error):
        raise ValueError(
            "every candidate diverged on held-out time; try longer traces, another --delay, or outputs with less noise"
        )
    first = traces.traces[0]
    return Surrogate(
        name=name,
        inputs=first.drive.channels,
        outputs=first.output.channels,
        parameters=first.parameters,
        dt=first.dt,
        shape=chosen.shape,
        theta=chosen.theta,
        scaling=data.scaling,
        encoder=encode(data, chosen.states, everything=refitted),
        fitted_error=chosen.fitted,
        ranges=_ranges(fitted_traces(traces, settings)),
        record=_record(traces, data, settings, at, judge),
        history=np.array(at.history, dtype=np.float64).reshape(-1, 2),
    )


def _ranges(traces: TraceSet) -> dict[str, Range]:
    first = traces.traces[0]
    names = [*first.drive.names, *sorted(first.parameters)]
    columns = np.concatenate([with_parameters(trace) for trace in traces])
    return {
        name: Range(low=float(column.min()), high=float(column.max()))
        for name, column in zip(names, columns.T, strict=True)
    }


def _record(
    traces: TraceSet, data: Dataset, settings: FitSettings, at: FitState, judge: Candidate
) -> dict[str, str | float]:
    shape = judge.shape
    network = " x ".join(str(width) for width in shape.hidden) or "none: it did not lower the held-out error"
    return {
        "samples": sum(len(trace) for trace in traces),
        "traces": len(traces),
        "learned_outputs": ", ".join(traces.traces[0].output.names),
        "embedding_order": data.embedding.order,
        "embedding_delay": data.embedding.delay * traces.traces[0].dt,
        "polynomial_degree": shape.degree,
        "polynomial_input_degree": shape.input_degree or shape.degree,
        "network": network if settings.hidden else "none asked for",
        "coefficients": shape.size,
        "hidden_modes": shape.modes,
        "held_out_nrmse": judge.error,
        "held_out_fraction": settings.held_out,
        **({"held_out_traces": ", ".join(settings.hold_out)} if settings.hold_out else {}),
        "chosen_stage": judge.label,
        "seconds": at.seconds,
        "seed": settings.seed,
        "ridge": settings.ridge,
        "minutes": settings.minutes,
        "data": "; ".join(trace.source for trace in traces)[:1000],
    }
