"""One-step predictions of a surrogate with learned noise, with intervals, and the noise of a measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from spinode.signals import FloatArray
from spinode.surrogate.dataset import stage_inputs, with_parameters
from spinode.surrogate.filter import filter_trace
from spinode.surrogate.learned_noise import LearnedNoise
from spinode.surrogate.quotient import divided, multiplied
from spinode.traces import Trace

if TYPE_CHECKING:
    from spinode.surrogate.model import Surrogate


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """One-step predictions, each from the samples before it, in the outputs' units.

    Parameters
    ----------
    mean, low, high : array, shape (T, O)
        Prediction and the ends of its interval; NaN in the first ``Surrogate.warm_up`` samples.
    level : float
        Probability with which a sample should lie between ``low`` and ``high``.
    normalised : array, shape (T, O)
        (sample - mean) / standard deviation: standard normal and independent in time where the surrogate is right.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    normalised: FloatArray

    def coverage(self, values: FloatArray) -> FloatArray:
        """Part of the samples (T, O) inside the intervals, shape (O,)."""
        known = np.isfinite(self.mean).all(axis=1)
        inside = (values >= self.low) & (values <= self.high)
        found: FloatArray = inside[known].mean(axis=0)
        return found


def one_step(surrogate: Surrogate, trace: Trace, level: float = 0.9) -> Intervals:
    """Predict each sample of a measured trace from all samples before it, by the filter of ``surrogate.filter``.

    Normal intervals mean -/+ q sqrt(P + r), q = ndtri((1 + level)/2): process noise, measurement noise and what is not
    known of the state. They are as wide as the learned noise says; ``coverage`` on a trace that the fit never saw is
    the test of that.

    Parameters
    ----------
    surrogate : Surrogate
        With learned noise.
    trace : Trace
        Channels, units and dt of the training, longer than the warm-up.
    level : float
        0.01 to 0.9999.

    Raises
    ------
    ValueError
        If the surrogate has no noise, the trace does not fit, or the level is out of range.
    """
    noise = _noise(surrogate)
    if not 0.01 <= level <= 0.9999:
        raise ValueError(f"intervals.level must be 0.01 to 0.9999, got {level}; try 0.9")
    surrogate.check(trace)
    trace = replace(trace, parameters={name: trace.parameters[name] for name in surrogate.parameters})
    scaling, first = surrogate.scaling, surrogate.warm_up - 1
    outputs, inputs = scaling.outputs(divided(trace, surrogate.divisors)), scaling.inputs(with_parameters(trace))
    drive = stage_inputs(trace, scaling)
    guess = surrogate.encoder.states(outputs, inputs, np.array([first]))[0]
    start = (guess, np.diag(surrogate.encoder.spread**2))
    count, columns = len(trace) - first, len(surrogate.outputs)
    found = (*(np.empty((count, columns)) for _ in range(4)), np.empty((count, surrogate.shape.states)))
    model = (surrogate.shape.sizes, surrogate.theta, noise.packed(), noise.measurement)
    filter_trace(model, (outputs[first:], drive[first:]), start, found)
    mean, spread = np.full((2, *outputs.shape), np.nan)
    mean[first + 1 :], spread[first + 1 :] = found[2][1:], np.sqrt(found[3][1:])
    reach = float(ndtri((1 + level) / 2)) * spread
    factors = _factors(surrogate, trace)
    low, middle, high = (
        factors * (scaling.output_mean + scaling.output_scale * each) for each in (mean - reach, mean, mean + reach)
    )
    low, high = np.minimum(low, high), np.maximum(low, high)  # a negative current turns them round
    return Intervals(mean=middle, low=low, high=high, level=level, normalised=(outputs - mean) / spread)


def measured(surrogate: Surrogate, trace: Trace, rng: np.random.Generator) -> Trace:
    """Add the learned measurement noise to the outputs of a simulated trace.

    Parameters
    ----------
    surrogate : Surrogate
        With learned noise.
    trace : Trace
        Made by ``simulate``; its outputs are those of the surrogate.
    rng : numpy.random.Generator
        Source of the noise.

    Raises
    ------
    ValueError
        If the surrogate has no noise, or the trace has other outputs.
    """
    noise = _noise(surrogate)
    if [channel.name for channel in surrogate.outputs] != list(trace.output.names):
        own = [channel.name for channel in surrogate.outputs]
        raise ValueError(f"measured needs a trace of the outputs {own}, got {list(trace.output.names)}")
    deviation = np.sqrt(noise.measurement) * surrogate.scaling.output_scale * np.abs(_factors(surrogate, trace))
    values = trace.output.values + deviation * rng.standard_normal(trace.output.values.shape)
    return replace(
        trace, output=replace(trace.output, values=values), source=f"{trace.source}, measurement noise added"
    )


def _factors(surrogate: Surrogate, trace: Trace) -> FloatArray:
    """What the learned outputs are multiplied by at each sample, shape (T, O)."""
    ones = np.ones((len(trace), len(surrogate.outputs)))
    return multiplied(ones, trace.output.names, trace.drive, surrogate.divisors)


def _noise(surrogate: Surrogate) -> LearnedNoise:
    if surrogate.noise is None:
        raise ValueError(
            f"surrogate '{surrogate.name}' must have learned noise, got none; fit it with noise 'learn'"
        )  # fmt: skip
    return surrogate.noise
