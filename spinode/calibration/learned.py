"""A surrogate with unknown static parameters: exact derivatives through its own free run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spinode.calibration.candidate import Windows, scaled_outputs
from spinode.calibration.unknowns import Unknown, values_at
from spinode.signals import FloatArray
from spinode.surrogate import Surrogate
from spinode.surrogate.dataset import stage_inputs, with_parameters
from spinode.surrogate.parameter_tangents import parameter_runs
from spinode.surrogate.quotient import divided_traces
from spinode.surrogate.rollout import free_runs
from spinode.traces import Parameter, Trace, TraceSet

FARTHEST = 4.0
"""Largest scaled state with which a run may begin, in deviations of the training: further out the field is a guess."""


@dataclass(frozen=True, kw_only=True)
class LearnedCandidate:
    """A surrogate beside a trace whose known static parameters are filled in; see ``Candidate``."""

    surrogate: Surrogate
    unknowns: tuple[Unknown, ...]
    trace: Trace
    outputs: FloatArray
    stages: FloatArray
    inputs: FloatArray
    chosen: NDArray[np.int64]
    gain: FloatArray
    offset: FloatArray

    @property
    def name(self) -> str:
        return self.surrogate.name

    @property
    def first(self) -> int:
        return self.surrogate.warm_up - 1

    @property
    def own_error(self) -> FloatArray:
        """The larger of the errors along training windows and in free runs on held-out time, if that is on record."""
        held_out = self.surrogate.record.get("held_out_nrmse", 0.0)
        free = float(held_out) if isinstance(held_out, int | float) and np.isfinite(held_out) else 0.0
        return max(self.surrogate.fitted_error, free) * self.gain

    def guess(self, q: FloatArray, starts: NDArray[np.int64], steps: int) -> FloatArray:
        inputs = self.inputs.copy()
        inputs[:, self.chosen] = self._scaled(q)
        outputs = self.surrogate.scaling.outputs(self.trace.output.values)
        states = np.clip(self.surrogate.encoder.states(outputs, inputs, starts), -FARTHEST, FARTHEST)
        runs = self.run(q, Windows(starts=starts, steps=steps, initial=states))
        states[~np.isfinite(runs).all(axis=(1, 2))] = 0.0  # the mean output: a trace of something else leads anywhere
        return states

    def run(self, q: FloatArray, windows: Windows) -> FloatArray:
        twin = self.surrogate
        drive = self._drive(q)
        runs = free_runs(twin.shape.sizes, twin.theta, windows.initial, windows.starts, windows.steps, drive)
        result: FloatArray = self.offset + self.gain * runs[:, :, : len(self.gain)]
        return result

    def tangent(self, q: FloatArray, windows: Windows, *, free: bool = True) -> FloatArray:
        twin, outputs = self.surrogate, len(self.gain)
        extent = (windows.starts, windows.steps, outputs)
        drive = self._drive(q)
        result = parameter_runs(twin.shape.sizes, twin.theta, windows.initial, extent, self.chosen, drive)
        slopes = [unknown.slope(float(place)) for unknown, place in zip(self.unknowns, q, strict=True)]
        result[:, :, : len(q)] *= np.array(slopes) / twin.scaling.input_scale[self.chosen]
        result *= np.tile(self.gain, windows.steps + 1)[:, None]
        return result

    def device(self, q: FloatArray) -> Surrogate:
        parameters = {name: self.trace.parameters[name] for name in self.surrogate.parameters}
        for name, value in values_at(self.unknowns, q).items():
            parameters[name] = replace(parameters[name], value=value)
        return replace(self.surrogate, parameters=parameters)

    def _scaled(self, q: FloatArray) -> FloatArray:
        """The unknowns in the surrogate's own units."""
        values = np.array(list(values_at(self.unknowns, q).values()))
        scaling = self.surrogate.scaling
        result: FloatArray = (values - scaling.input_centre[self.chosen]) / scaling.input_scale[self.chosen]
        return result

    def _drive(self, q: FloatArray) -> FloatArray:
        drive = self.stages.copy()
        drive[:, :, self.chosen] = self._scaled(q)
        return drive


def learned_candidate(surrogate: Surrogate, trace: Trace, unknowns: tuple[Unknown, ...]) -> LearnedCandidate:
    """A surrogate made ready for the search.

    Raises
    ------
    ValueError
        If the trace does not fit the surrogate: channels, units, sample interval, length, or a known static parameter
        that it does not carry.
    """
    parameters = dict(trace.parameters)
    for unknown in unknowns:
        parameters[unknown.name] = Parameter(value=unknown.value(0.0), unit=unknown.unit)
    filled = replace(trace, parameters=parameters)
    surrogate.check(filled)
    filled = divided_traces(TraceSet((filled,)), surrogate.divisors).traces[0]  # what the field was fitted to
    cut = replace(filled, parameters={name: parameters[name] for name in surrogate.parameters})
    outputs, mean, deviation = scaled_outputs(cut)
    order = sorted(surrogate.parameters)
    scaling = surrogate.scaling
    return LearnedCandidate(
        surrogate=surrogate,
        unknowns=unknowns,
        trace=cut,
        outputs=outputs,
        stages=stage_inputs(cut, scaling),
        inputs=scaling.inputs(with_parameters(cut)),
        chosen=np.array([len(surrogate.inputs) + order.index(u.name) for u in unknowns], dtype=np.int64),
        gain=scaling.output_scale / deviation,
        offset=(scaling.output_mean - mean) / deviation,
    )
