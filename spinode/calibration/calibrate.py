"""``calibrate``: static parameters of a device from a trace, with their uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from spinode.calibration.analytic import analytic_candidate
from spinode.calibration.candidate import Candidate
from spinode.calibration.checking import Checked, with_checks
from spinode.calibration.judging import Assessment, assess, memories_of, noise_levels
from spinode.calibration.learned import learned_candidate
from spinode.calibration.least_squares import Point
from spinode.calibration.result import BLURRED, FOREIGN, Calibration, Estimate, Residual
from spinode.calibration.search import Found, polish, search
from spinode.calibration.unknowns import Unknown
from spinode.devices.base import Device
from spinode.devices.fields import parameters_of
from spinode.signals import FloatArray, missing_name
from spinode.surrogate import Surrogate
from spinode.traces import Parameter, Trace, TraceSet

REACH = 0.25
"""How far beyond each end of the trained range a surrogate is searched, in parts of the range's width."""
PRIOR = 3.0
"""An analytic device is searched from its present value over this to its present value times this."""
REWEIGHTED = 2
"""Rounds in which each output is weighed by the error that the round before has left."""
UNCHECKED = (
    "the errors hold noise and what the residual shows, not the surrogate's own error between the trained values of the"
    " unknowns; give checks, traces of devices with known parameters that were not in its training"
)

Wanted = Sequence[str] | Mapping[str, tuple[float, float] | None]


def calibrate(
    device: Device, trace: Trace, unknown: Wanted = (), *, checks: TraceSet | Sequence[Checked] | None = None
) -> Calibration:
    """Static parameters of a device, analytic or learned, from its answer to a known drive.

    Minimises the weighted sum of squares of measured minus calculated outputs over the unknowns p and the first states
    x0 of the runs, with y = g(x, u), dx/dt = f(x, u, p), x(0) = x0: maximum likelihood for white measurement noise of
    unknown level. A scan of the range over short runs is followed by Levenberg-Marquardt over runs that grow to the
    whole trace, or to as much of it as one run can follow. The covariance is M^-1 V M^-1 with M = J^T J and
    V = J^T G J, J the derivatives of the outputs to p without what x0 can do instead, and G the covariance of the error
    that was left: an autoregression, plus, for a surrogate, its own error of training with the spectrum of the output
    (docs/calibration.md; derived here from Huber 1967).

    Parameters
    ----------
    device : Device
        A surrogate, or an analytic device that holds the known numbers; those of the unknowns are only used for the
        search range of an analytic device.
    trace : Trace
        Drive and measured outputs. Static parameters of a surrogate that are not unknown must be on it.
    unknown : sequence of str, or mapping of str to (low, high) or None
        Names, with the range to search [unit]. Without a range: of a surrogate the trained one and a quarter of its
        width on each side, of an analytic device a third to three times its value. All static parameters of a
        surrogate where left out.
    checks : TraceSet or what ``check`` made of it, optional
        Traces of devices whose unknowns are on them and were not in the training of a surrogate: what it finds there,
        minus the truth, is its systematic error between the trained values, which no residual shows; it is added to the
        errors.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If a name is not there, a range is empty, the trace does not fit the device or is too short, the device gives
        no finite run in the range, or a check does not tell the unknowns.
    """
    begun = monotonic()
    learned = isinstance(device, Surrogate)
    unknowns = _of_surrogate(device, unknown) if isinstance(device, Surrogate) else _of_device(device, unknown)
    candidate = _candidate(device, trace, unknowns)
    found, judged = _solved(candidate)
    if judged.verdict not in (FOREIGN, BLURRED):
        if checks is not None:
            judged = with_checks(judged, _seen(device, checks, unknowns))
        elif learned:
            judged = replace(judged, notes=(*judged.notes, UNCHECKED))
    return _result(candidate, found, judged, begun)


def check(device: Device, traces: TraceSet, unknown: Wanted = ()) -> tuple[Checked, ...]:
    """What ``calibrate`` finds on traces with known parameters, to be used for several devices.

    Parameters
    ----------
    device, unknown
        As in ``calibrate``, and the same there.
    traces : TraceSet
        Their unknowns are on them.

    Raises
    ------
    ValueError
        As ``calibrate``; or if a trace does not carry or does not tell an unknown.
    """
    unknowns = _of_surrogate(device, unknown) if isinstance(device, Surrogate) else _of_device(device, unknown)
    return tuple(_checked(_candidate(device, each, unknowns), each) for each in traces)


def _seen(device: Device, checks: TraceSet | Sequence[Checked], unknowns: tuple[Unknown, ...]) -> Sequence[Checked]:
    if isinstance(checks, TraceSet):
        return [_checked(_candidate(device, each, unknowns), each) for each in checks]
    if not checks or any(one.unknowns != unknowns for one in checks):
        raise ValueError("calibrate.checks must be made by check for the same unknowns and ranges; make them again")
    return checks


def _candidate(device: Device, trace: Trace, unknowns: tuple[Unknown, ...]) -> Candidate:
    if isinstance(device, Surrogate):
        return learned_candidate(device, trace, unknowns)
    return analytic_candidate(device, trace, unknowns)


def _solved(candidate: Candidate) -> tuple[Found, Assessment]:
    """Search, the last minimum, and what is to be said of it."""
    found = search(candidate)
    point = found.point
    for _ in range(REWEIGHTED if candidate.outputs.shape[1] > 1 else 1):
        point = polish(candidate, point, noise_levels(memories_of(point)))
    return replace(found, point=point), assess(candidate, point)


def _checked(candidate: Candidate, trace: Trace) -> Checked:
    """What the search finds on a trace whose unknowns are known."""
    truth = []
    for unknown in candidate.unknowns:
        if unknown.name not in trace.parameters:
            raise ValueError(
                f"check trace '{trace.name}': " + missing_name("parameter", unknown.name, list(trace.parameters))
            )
        given = trace.parameters[unknown.name]
        if given.unit != unknown.unit:
            raise ValueError(
                f"check trace '{trace.name}': '{unknown.name}' must be in '{unknown.unit}', got '{given.unit}'"
            )
        truth.append(unknown.coordinate(given.value))
    found, judged = _solved(candidate)
    if not np.isfinite(judged.covariance).all():
        raise ValueError(f"check trace '{trace.name}' does not tell the unknowns: {judged.notes[0]}")
    return Checked(unknowns=candidate.unknowns, error=found.point.q - np.array(truth), covariance=judged.covariance)


def _of_surrogate(surrogate: Surrogate, wanted: Wanted) -> tuple[Unknown, ...]:
    """Static parameters of a surrogate with the ranges to search."""
    if not surrogate.parameters:
        raise ValueError(
            f"surrogate '{surrogate.name}' has no static parameter to find: it was trained on traces of one device;"
            " fit it on traces that differ in one"
        )
    ranges = _ranges(wanted) or dict.fromkeys(sorted(surrogate.parameters))
    unknowns = []
    for name, given in ranges.items():
        if name in surrogate.conditions:
            raise ValueError(
                f"'{name}' had one value in all traces that '{surrogate.name}' was trained on, so it knows nothing of"
                " it; fit a surrogate on traces that differ in it"
            )
        if name not in surrogate.parameters:
            raise ValueError(missing_name("static parameter", name, sorted(surrogate.parameters)))
        trained = surrogate.ranges[name]
        reach = REACH * (trained.high - trained.low)
        low, high = (trained.low - reach, trained.high + reach) if given is None else given
        unit = surrogate.parameters[name].unit
        trained_range = (trained.low, trained.high)
        unknowns.append(Unknown(name=name, unit=unit, low=low, high=high, trained=trained_range))
    return tuple(unknowns)


def _of_device(device: Device, wanted: Wanted) -> tuple[Unknown, ...]:
    """Parameters of an analytic device with the ranges to search."""
    known: dict[str, Parameter] = parameters_of(device)
    ranges = _ranges(wanted)
    if not ranges:
        raise ValueError(f"calibrate.unknown must name at least one parameter of {device.name}: {', '.join(known)}")
    unknowns = []
    for name, given in ranges.items():
        if name not in known:
            raise ValueError(missing_name(f"parameter of {device.name}", name, list(known)))
        value, unit = known[name].value, known[name].unit
        if given is None and value == 0:
            raise ValueError(
                f"calibrate.unknown '{name}' must come with a range, since its present value is 0;"
                f" try {name}=LOW:HIGH on the command line or (low, high) in Python"
            )
        low, high = sorted((value / PRIOR, value * PRIOR)) if given is None else given
        unknowns.append(Unknown(name=name, unit=unit, low=low, high=high))
    return tuple(unknowns)


def _ranges(wanted: Wanted) -> dict[str, tuple[float, float] | None]:
    if isinstance(wanted, str):
        raise ValueError(f"calibrate.unknown must be a list of names or a mapping, got the text '{wanted}'")
    if isinstance(wanted, Mapping):
        return dict(wanted)
    names = list(wanted)
    if len(set(names)) != len(names):
        raise ValueError(f"calibrate.unknown must name each parameter once, got {names}")
    return dict.fromkeys(names)


def _result(candidate: Candidate, found: Found, judged: Assessment, begun: float) -> Calibration:
    point, trace = found.point, candidate.trace
    windows = point.windows
    samples = len(windows.starts) * windows.steps + 1
    notes = list(judged.notes)
    if not found.whole and judged.verdict != FOREIGN:
        notes.append(
            f"one run follows {windows.steps * trace.dt:.3g} s of the trace and no longer: noise of the device or an"
            f" error of the model; {len(windows.starts)} runs, each with a first state of its own, were fitted together"
        )
    known = judged.verdict not in (FOREIGN, BLURRED)
    return Calibration(
        device=candidate.name,
        trace=trace.name,
        estimates=_estimates(candidate, point, judged),
        correlation=judged.correlation,
        residuals=_residuals(trace, judged),
        verdict=judged.verdict,
        notes=tuple(notes),
        windows=len(windows.starts),
        samples=samples,
        duration=windows.steps * trace.dt,
        calibrated=candidate.device(point.q) if known else None,
        fitted=_fitted(trace, point),
        seconds=monotonic() - begun,
    )


def _estimates(candidate: Candidate, point: Point, judged: Assessment) -> tuple[Estimate, ...]:
    found = []
    for number, unknown in enumerate(candidate.unknowns):
        place = float(point.q[number])
        error = abs(unknown.slope(place)) * float(judged.deviation[number])
        value = unknown.value(place) if np.isfinite(error) else np.nan
        half = abs(unknown.slope(place)) * float(judged.reach[number])
        found.append(
            Estimate(
                name=unknown.name,
                unit=unknown.unit,
                value=value,
                standard_error=error,
                low=value - half,
                high=value + half,
                searched=(unknown.low, unknown.high),
                verdict=judged.verdicts[number],
            )
        )
    return tuple(found)


def _residuals(trace: Trace, judged: Assessment) -> tuple[Residual, ...]:
    deviation = trace.output.values.std(axis=0)
    return tuple(
        Residual(
            name=channel.name,
            unit=channel.unit,
            rms=float(np.sqrt(memory.covariance[0]) * size),
            nrmse=float(np.sqrt(memory.covariance[0])),
            structured=memory.structured,
        )
        for channel, memory, size in zip(trace.output.channels, judged.memories, deviation, strict=True)
    )


def _fitted(trace: Trace, point: Point) -> FloatArray:
    """Outputs of the calibrated runs in their units, shape (T, O); NaN where there is none."""
    values = trace.output.values
    result = np.full(values.shape, np.nan)
    rows = point.windows.starts[:, None] + np.arange(point.windows.steps + 1)
    result[rows] = values[rows] + values.std(axis=0) * point.error
    return result
