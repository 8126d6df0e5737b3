"""A surrogate: a device whose right-hand side was learned, with its origin and where it may be trusted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from spinode.devices.base import Kernel
from spinode.signals import Channel, FloatArray, missing_name
from spinode.surrogate.dataset import Scaling, stage_inputs, with_parameters
from spinode.surrogate.embedding import Encoder
from spinode.surrogate.ensemble import Ensemble
from spinode.surrogate.field import FieldShape
from spinode.surrogate.intervals import Intervals, measured, one_step
from spinode.surrogate.kernel import SURROGATE_KERNEL, pack
from spinode.surrogate.learned_noise import LearnedNoise
from spinode.surrogate.quotient import divided, multiplied
from spinode.surrogate.rollout import free_runs
from spinode.surrogate.start import Start, smoothed_start
from spinode.surrogate.trust import TrustRegion
from spinode.traces import Parameter, Trace

if TYPE_CHECKING:
    from spinode.surrogate.prediction import Prediction

RANGE_MARGIN = 0.01
"""Part of the trained width by which a drive may leave the range without a warning: splines overshoot a little."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """Values of one input seen in training, in its unit."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """Neural ODE of order k with its embedding, scaling, trained range and training record; a ``Device``.

    dx/dt = rate f(x, u): f as in ``surrogate.field``, rate = 1/dt of the training traces; the first O states are the
    outputs in units of their deviation. Method after Chen et al., Nat. Commun. 13, 1016 (2022); the hidden coordinates
    and the polynomial part are ours (docs/surrogate.md).

    Parameters
    ----------
    name : str
    inputs, outputs : tuple of Channel
        Drive and output channels, in the order of the training traces.
    parameters : mapping of str to Parameter
        Static parameters that are inputs; the values are those that ``simulate`` uses.
    dt : float
        Sample interval of the training traces [s].
    shape, theta
        Field and its coefficients.
    scaling, encoder
        Units of the state, and the state from past samples.
    fitted_error : float
        Root mean square error along the training windows, in deviations of the outputs.
    ranges : mapping of str to Range
        Trained range of each input and static parameter.
    conditions : mapping of str to Parameter
        Static parameters that had one value in all training traces: not inputs, but another value is a warning.
    record : mapping of str to text or number
        How it was trained: settings, seed, seconds, held-out error, samples.
    history : array, shape (n, 2)
        Seconds and held-out error at the end of each stage.
    divisors : mapping of str to str
        Outputs that are a state times an input, such as a voltage under a current: by output, the input's name. Scaling
        and field belong to the quotient (``surrogate.quotient``).
    noise : LearnedNoise, optional
        Process and measurement noise, where they were learned: ``simulate`` with a generator then gives noisy runs.
    trust : TrustRegion or None
        Values, rates and combinations seen in training; None in files of before.
    ensemble : Ensemble or None
        Members and calibration of the 90 % band; None where none was asked for.
    """

    name: str
    inputs: tuple[Channel, ...]
    outputs: tuple[Channel, ...]
    parameters: Mapping[str, Parameter]
    dt: float
    shape: FieldShape
    theta: FloatArray
    scaling: Scaling
    encoder: Encoder
    fitted_error: float
    ranges: Mapping[str, Range]
    conditions: Mapping[str, Parameter] = field(default_factory=dict)
    record: Mapping[str, str | float] = field(default_factory=dict)
    history: FloatArray = field(default_factory=lambda: np.empty((0, 2)))
    divisors: Mapping[str, str] = field(default_factory=dict)
    noise: LearnedNoise | None = None
    trust: TrustRegion | None = None
    ensemble: Ensemble | None = None

    def __post_init__(self) -> None:
        if self.theta.shape != (self.shape.size,):
            raise ValueError(f"Surrogate.theta must have {self.shape.size} coefficients, got shape {self.theta.shape}")
        if self.shape.inputs != len(self.inputs) + len(self.parameters):
            raise ValueError(
                f"Surrogate.inputs and parameters must be the field's {self.shape.inputs} inputs,"
                f" got {len(self.inputs)} and {len(self.parameters)}"
            )
        inputs, outputs = {c.name for c in self.inputs}, {c.name for c in self.outputs}
        if not (set(self.divisors) <= outputs and set(self.divisors.values()) <= inputs):
            raise ValueError(f"Surrogate.divisors must lead from outputs to inputs, got {dict(self.divisors)}")
        if self.noise is not None:
            self.noise.check(self.shape.states, self.shape.inputs, len(self.outputs))
        for name in ("parameters", "ranges", "conditions", "record", "divisors"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def states(self) -> tuple[Channel, ...]:
        """Scaled outputs, then hidden coordinates; pure numbers."""
        hidden = self.shape.states - len(self.outputs)
        names = [f"{channel.name} (scaled)" for channel in self.outputs] + [f"hidden {i + 1}" for i in range(hidden)]
        return tuple(Channel(name=name) for name in names)

    @property
    def kernel(self) -> Kernel:
        """The compiled field."""
        return SURROGATE_KERNEL

    @property
    def step(self) -> float:
        """Solver step [s]: the training sample, for which the field was fitted; a part of it with learned noise."""
        return self.dt if self.noise is None else self.dt / self.noise.substeps

    @property
    def warm_up(self) -> int:
        """Samples of a trace that give the initial state: its free run is a prediction after these."""
        return self.encoder.embedding.span + 1

    def packed(self) -> FloatArray:
        """Parameter vector of the kernels, shape (P,)."""
        scaling, channels = self.scaling, len(self.inputs)
        static = np.array([self.parameters[name].value for name in sorted(self.parameters)], dtype=np.float64)
        scaled = (static - scaling.input_centre[channels:]) / scaling.input_scale[channels:]
        order = {channel.name: float(number) for number, channel in enumerate(self.inputs)}
        divisors = np.array([order[self.divisors[c.name]] if c.name in self.divisors else -1.0 for c in self.outputs])
        parts = [
            scaling.output_mean, scaling.output_scale, divisors, scaling.input_centre[:channels],
            scaling.input_scale[:channels], scaled, self.theta, *([] if self.noise is None else [self.noise.packed()]),
        ]  # fmt: skip
        sizes = self.shape.sizes.astype(np.float64)
        return pack(sizes, (len(self.outputs), channels), 1.0 / self.dt, parts)

    def initial(self) -> FloatArray:
        """Mean output of the training traces, hidden coordinates zero, shape (S,)."""
        return np.zeros(self.shape.states)

    def initial_from(self, trace: Trace) -> FloatArray:
        """State at sample ``warm_up - 1`` of a trace, from the samples up to it, shape (S,).

        The encoder's guess and the measured warm-up are weighed by their errors: see ``start.smoothed_start``.
        """
        trace = self._fitting(trace)
        return self.start(trace, stage_inputs(trace, self.scaling)).state

    def start(self, trace: Trace, drive: FloatArray) -> Start:
        """``initial_from`` of a trace that fits and its stage inputs, with what is not known of it."""
        last = np.array([self.warm_up - 1])
        outputs = self.scaling.outputs(divided(trace.samples(0, self.warm_up), self.divisors))
        inputs = self.scaling.inputs(with_parameters(trace)[: self.warm_up])
        guess = self.encoder.states(outputs, inputs, last)[0]
        run = partial(_one_run, self.shape, self.theta, drive, self.warm_up - 1)
        return smoothed_start(run, outputs, guess, self.encoder.spread, self.fitted_error)

    def free_run(self, trace: Trace) -> FloatArray:
        """Outputs that the surrogate gives from the first ``warm_up`` samples and the drive alone.

        Parameters
        ----------
        trace : Trace
            Channels, units and dt of the training; static parameters by name.

        Returns
        -------
        array, shape (T, O)
            In the outputs' units; the first ``warm_up`` rows are the measured ones. NaN or infinite where it diverged.

        Raises
        ------
        ValueError
            If the trace does not fit. A drive outside the trained range is a warning.
        """
        return self.measured_then(trace, self.free_states(trace))

    def free_states(self, trace: Trace) -> FloatArray:
        """States of the free run after the warm-up, shape (T - warm_up, S); otherwise as ``free_run``."""
        self._warn_conditions(trace)
        trace = self._fitting(trace)
        self._warn_outside(trace)
        return self.run(trace, stage_inputs(trace, self.scaling))

    def run(self, trace: Trace, drive: FloatArray) -> FloatArray:
        """States after the warm-up of a trace that fits and its stage inputs (T, 4, I + K), shape (T - warm_up, S)."""
        return self.run_from(self.start(trace, drive).state, drive)

    def run_from(self, state: FloatArray, drive: FloatArray) -> FloatArray:
        """The same from a state (S,) at sample ``warm_up - 1``."""
        begin, steps = np.array([self.warm_up - 1]), len(drive) - self.warm_up
        states: FloatArray = free_runs(self.shape.sizes, self.theta, state[None], begin, steps, drive)[0, 1:]
        return states

    def measured_then(self, trace: Trace, states: FloatArray) -> FloatArray:
        """Outputs (T, O) in their units: measured in the warm-up, and those of the states after it."""
        result = trace.output.values.copy()
        rest = trace.drive.samples(self.warm_up, len(trace))
        result[self.warm_up :] = multiplied(self._learned(states), trace.output.names, rest, self.divisors)
        return result

    def learned_then(self, trace: Trace, states: FloatArray) -> FloatArray:
        """As ``measured_then``, of what the field was fitted to: where there are ``divisors``, of the quotients."""
        begin = divided(trace.samples(0, self.warm_up), self.divisors)
        return np.concatenate([begin, self._learned(states)])

    def _learned(self, states: FloatArray) -> FloatArray:
        found: FloatArray = self.scaling.output_mean + self.scaling.output_scale * states[:, : len(self.outputs)]
        return found

    def with_coefficients(self, theta: FloatArray) -> Surrogate:
        """The same surrogate with other coefficients, such as those of a member of its ensemble."""
        return replace(self, theta=theta)

    def predict(self, trace: Trace) -> Prediction:
        """The free run as a trace with its mask and band; an error that says when, if it left the finite numbers."""
        from spinode.surrogate.prediction import Prediction, assess  # they know this class

        found = assess(self, trace)
        values = found.values
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            time = trace.output.start + bad[0] * trace.dt
            raise ValueError(
                f"the free run of '{self.name}' on trace '{trace.name}' diverged at {time:.6g} s (sample {bad[0]});"
                " the drive is probably outside what it was trained on"
            )
        output = replace(trace.output, values=values, channels=self.outputs)
        return Prediction(
            drive=trace.drive, output=output, parameters=trace.parameters, name=trace.name,
            source=f"free run of {self.name}", outside=found.outside, half_width=found.half_width,
        )  # fmt: skip

    def intervals(self, trace: Trace, level: float = 0.9) -> Intervals:
        """One-step prediction of each sample from those before it, with an interval: see ``intervals.one_step``."""
        return one_step(self, trace, level)

    def measured(self, trace: Trace, rng: np.random.Generator) -> Trace:
        """A simulated trace as it would be measured: with the learned measurement noise, see ``intervals.measured``."""
        return measured(self, trace, rng)

    def _fitting(self, trace: Trace) -> Trace:
        """The trace, checked, with no static parameter that the surrogate does not know."""
        self.check(trace)
        return replace(trace, parameters={name: trace.parameters[name] for name in self.parameters})

    def check(self, trace: Trace) -> None:
        """Raise ValueError in one line if channels, units, parameters, dt or length of a trace do not fit."""
        _check_channels("drive", self.inputs, trace.drive.channels)
        _check_channels("output", self.outputs, trace.output.channels)
        for name, own in self.parameters.items():
            if name not in trace.parameters:
                raise ValueError(missing_name("static parameter", name, sorted(trace.parameters)))
            if trace.parameters[name].unit != own.unit:
                given = trace.parameters[name].unit
                raise ValueError(f"static parameter '{name}' must be in '{own.unit}', got '{given}'")
        if abs(trace.dt - self.dt) > 1e-6 * self.dt:
            raise ValueError(
                f"trace '{trace.name}' must have the sample interval {self.dt:.6g} s of the training,"
                f" got {trace.dt:.6g} s; import it again with --dt"
            )
        if len(trace) <= self.warm_up:
            raise ValueError(f"trace '{trace.name}' must have more than {self.warm_up} samples, got {len(trace)}")

    def _warn_conditions(self, trace: Trace) -> None:
        for name, own in self.conditions.items():
            given = trace.parameters.get(name, own)
            if abs(given.value - own.value) > 1e-6 * abs(own.value) or given.unit != own.unit:
                warnings.warn(
                    f"static parameter '{name}' is {given.value:.6g} {given.unit}, but all training traces had"
                    f" {own.value:.6g} {own.unit}: the surrogate does not know what it changes",
                    UserWarning,
                    stacklevel=4,
                )

    def _warn_outside(self, trace: Trace) -> None:
        columns = dict(zip(trace.drive.names, trace.drive.values.T, strict=True))
        columns |= {name: np.array([trace.parameters[name].value]) for name in self.parameters}
        units = {channel.name: channel.unit for channel in self.inputs}
        units |= {name: parameter.unit for name, parameter in self.parameters.items()}
        for name, trained in self.ranges.items():
            low, high = float(columns[name].min()), float(columns[name].max())
            margin = RANGE_MARGIN * (trained.high - trained.low)
            if low < trained.low - margin or high > trained.high + margin:
                warnings.warn(
                    f"drive '{name}' goes from {low:.6g} to {high:.6g} {units[name]}, outside the trained range"
                    f" {trained.low:.6g} to {trained.high:.6g} {units[name]}: the prediction is an extrapolation there",
                    UserWarning,
                    stacklevel=4,
                )


def _one_run(shape: FieldShape, theta: FloatArray, drive: FloatArray, steps: int, state: FloatArray) -> FloatArray:
    """States of one free run from the first sample, shape (steps + 1, S)."""
    runs: FloatArray = free_runs(shape.sizes, theta, state[None], np.array([0]), steps, drive)[0]
    return runs


def _check_channels(kind: str, own: tuple[Channel, ...], given: tuple[Channel, ...]) -> None:
    """Same names in the same order, and same units."""
    names = [channel.name for channel in given]
    for channel in own:
        if channel.name not in names:
            raise ValueError(missing_name(f"{kind} channel", channel.name, names))
    if [channel.name for channel in own] != names:
        raise ValueError(f"{kind} channels must be {[c.name for c in own]} as in the training, got {names}")
    for channel, other in zip(own, given, strict=True):
        if channel.unit != other.unit:
            raise ValueError(f"{kind} channel '{channel.name}' must be in '{channel.unit}', got '{other.unit}'")
