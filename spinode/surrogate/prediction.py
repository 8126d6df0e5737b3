"""A prediction with what is known about its error: samples outside the training, and a band from the ensemble."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinode.signals import FloatArray
from spinode.surrogate.dataset import stage_inputs, with_parameters
from spinode.surrogate.ensemble import Ensemble, spread_of
from spinode.surrogate.model import Surrogate
from spinode.surrogate.quotient import multiplied
from spinode.surrogate.trust import Outside, TrustRegion, outside
from spinode.traces import Trace

START_SEED = 0
"""The starts of the members are moved by the same normal numbers in every run, so a band is no matter of chance."""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A free run and how far it may be trusted.

    Parameters
    ----------
    values : array, shape (T, O)
        Outputs of the free run, the warm-up as measured; NaN or infinite where it diverged.
    outside : Outside or None
        Samples outside the training; None for a surrogate that does not know its region.
    half_width : array, shape (T, O), or None
        Half width of the 90 % band, in the outputs' units, 0 during the warm-up; None without an ensemble.
    """

    values: FloatArray
    outside: Outside | None
    half_width: FloatArray | None

    def coverage(self, truth: FloatArray, first: int) -> FloatArray:
        """Part of the samples from ``first`` on that lie inside the band, by output, shape (O,); NaN without one."""
        if self.half_width is None:
            return np.full(truth.shape[1], np.nan)
        with np.errstate(invalid="ignore"):
            hit = np.abs(self.values - truth)[first:] <= self.half_width[first:]
        return np.asarray(hit.mean(axis=0), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction(Trace):
    """A free run as a trace, with its mask and band.

    Parameters
    ----------
    drive, output, parameters, name, source
        As in ``Trace``; the output is that of the surrogate.
    outside : Outside or None
        Samples outside the training.
    half_width : array, shape (T, O), or None
        Half width of the 90 % band in the outputs' units.
    """

    outside: Outside | None = None
    half_width: FloatArray | None = None

    def samples(self, first: int, last: int) -> Prediction:
        """Samples first, ..., last - 1 with their part of mask and band."""
        return Prediction(
            drive=self.drive.samples(first, last),
            output=self.output.samples(first, last),
            parameters=self.parameters,
            name=self.name,
            source=self.source,
            outside=None if self.outside is None else self.outside.samples(first, last),
            half_width=None if self.half_width is None else self.half_width[first:last],
        )

    def extras(self) -> dict[str, FloatArray]:
        """What a file keeps beside the trace: ``outside`` (T,), 0 or 1, and ``half_width`` (T, O)."""
        found: dict[str, FloatArray] = {}
        if self.outside is not None:
            found["outside"] = self.outside.mask.astype(np.float64)
        if self.half_width is not None:
            found["half_width"] = self.half_width
        return found


def assess(surrogate: Surrogate, trace: Trace) -> Assessment:
    """Free run of a surrogate with its mask and band.

    Parameters
    ----------
    surrogate : Surrogate
    trace : Trace
        As in ``Surrogate.free_run``.

    Raises
    ------
    ValueError
        If the trace does not fit. A drive outside the trained range is a warning, a divergence is neither.
    """
    states = surrogate.free_states(trace)
    values = surrogate.measured_then(trace, states)
    mask = None if surrogate.trust is None else _mask(surrogate, surrogate.trust, trace, states)
    width = None if surrogate.ensemble is None else _half_width(surrogate, surrogate.ensemble, trace)
    return Assessment(values=values, outside=mask, half_width=width)


def _mask(surrogate: Surrogate, region: TrustRegion, trace: Trace, states: FloatArray) -> Outside:
    own = replace(trace, parameters={name: trace.parameters[name] for name in surrogate.parameters})
    inputs = surrogate.scaling.inputs(with_parameters(own)[surrogate.warm_up :])
    distance = np.concatenate([np.zeros(surrogate.warm_up), region.distance(states, inputs)])
    return outside(region, trace, surrogate.learned_then(trace, states), distance)


def run_and_spread(
    surrogate: Surrogate, members: FloatArray, trace: Trace, drive: FloatArray, *, starts: bool = True
) -> tuple[FloatArray, FloatArray]:
    """States of the free run after the warm-up, and the scaled spread of the outputs between members.

    Parameters
    ----------
    surrogate : Surrogate
    members : array, shape (M, P)
        Coefficients of the members. Each finds its own start, and moves it by as much as the warm-up leaves open.
    trace, drive
        As in ``Surrogate.run``.
    starts : bool
        Whether to move the starts.

    Returns
    -------
    states : array, shape (T - warm_up, S)
    spread : array, shape (T - warm_up, O)
        Infinite where a member diverged.
    """
    count, runs = len(surrogate.outputs), []
    moves = np.random.default_rng(START_SEED).standard_normal((len(members), surrogate.shape.states))
    for theta, move in zip(members, moves, strict=True):
        member = surrogate.with_coefficients(theta)
        start = member.start(trace, drive)
        state = start.state + start.root @ move if starts else start.state
        runs.append(member.run_from(state, drive)[:, :count])
    return surrogate.run(trace, drive), spread_of(runs)


def _half_width(surrogate: Surrogate, ensemble: Ensemble, trace: Trace) -> FloatArray:
    own = replace(trace, parameters={name: trace.parameters[name] for name in surrogate.parameters})
    drive = stage_inputs(own, surrogate.scaling)
    spread = run_and_spread(surrogate, ensemble.members, own, drive, starts=ensemble.windows > 0)[1]
    width = ensemble.half_width(spread) * surrogate.scaling.output_scale
    rest = trace.drive.samples(surrogate.warm_up, len(trace))
    width = np.abs(multiplied(width, trace.output.names, rest, surrogate.divisors))
    result: FloatArray = np.concatenate([np.zeros((surrogate.warm_up, len(surrogate.outputs))), width])
    return result
