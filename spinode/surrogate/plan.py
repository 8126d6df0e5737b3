"""What a fit does, in which order: closed forms of several degrees, longer and longer windows, then the network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinode.surrogate.dataset import Dataset
from spinode.surrogate.field import FieldShape

MOST_COEFFICIENTS = 400
"""Coefficients of the polynomial part above which a degree is not tried: the cost of a step grows with their square."""
WINDOWS = (3, 9, 30, 90)
"""Window lengths in delays: under one period, a few periods, then as long as a device remembers its past."""
HIDDEN_ITERATIONS = 25
"""Most iterations at each window length with a hidden pair."""
ITERATIONS = (12, 20, 30, 60, 20)
"""Most iterations at each window length, and for the last one on all samples."""


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How a surrogate is fitted.

    Parameters
    ----------
    order : int
        k of the embedding: states for each output, 1 to 6.
    delay : float or None
        Embedding delay [s]; None: a quarter of the dominant period, from the data.
    degrees : tuple of int or (int, int)
        Degrees of the polynomial part that compete on held-out time, each 1 to 8: one of states and inputs together, or
        two, the states' and the inputs'.
    hidden : tuple of int
        Equal widths of the tanh layers of the network that learns the rest; empty for none. Where the outputs alone may
        be the state, a network with one layer more is tried as well: it costs little there, and kinks need it.
    minutes : float
        Time budget [min], > 0; the fit ends earlier when nothing improves.
    seed : int
        Seed of the network's first weights, >= 0.
    held_out : float
        Fraction at the end of each trace that is not fitted before the choice is made, 0.02 to 0.5.
    ridge : float
        Weight of the squared coefficients beside the scaled mean squared error, >= 0.
    noise : str
        ``none``: the traces are taken as they are; ``learn``: field and noise by likelihood (``surrogate.noise_fit``);
        ``auto``: as ``learn``, and kept only where what is left over is noise and matters.
    hold_out : tuple of str
        Names of whole traces that decide what stays and are never fitted; then no time of the others is held out.
    weights : str
        ``length``: every sample counts the same, so a long trace counts more; ``trace``: every trace counts the same.
    keep_events : bool
        Fit a trace beyond an event that no model can follow (``surrogate.events``) instead of up to it.
    ensemble : int
        Members whose spread becomes a 90 % band of the prediction (``surrogate.ensemble``); 0, or 2 to 200.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    order: int = 2
    delay: float | None = None
    degrees: tuple[int | tuple[int, int], ...] = (2, 3, 4, (5, 1), (5, 2))
    hidden: tuple[int, ...] = (12,)
    minutes: float = 10.0
    seed: int = 0
    held_out: float = 0.15
    ridge: float = 1e-9
    noise: str = "none"
    hold_out: tuple[str, ...] = ()
    weights: str = "length"
    keep_events: bool = False
    ensemble: int = 0

    def __post_init__(self) -> None:
        rules = (
            ("order", 1 <= self.order <= 6, "1 to 6", self.order),
            ("delay", self.delay is None or 0 < self.delay < np.inf, "a positive time in seconds", self.delay),
            ("degrees", len(self.degrees) > 0 and self._degrees_hold(), "1 to 8", self.degrees),
            ("hidden", self._layers_hold(), "at most 8 equal widths of 1 to 256", self.hidden),
            ("minutes", 0 < self.minutes < np.inf, "a positive number of minutes", self.minutes),
            ("seed", self.seed >= 0, "0 or more", self.seed),
            ("held_out", 0.02 <= self.held_out <= 0.5, "0.02 to 0.5", self.held_out),
            ("noise", self.noise in ("none", "learn", "auto"), "none, learn or auto", self.noise),
            ("ridge", 0 <= self.ridge < np.inf, "0 or more", self.ridge),
            ("hold_out", self.noise == "none" or not self.hold_out, "empty where noise is learned", self.hold_out),
            ("weights", self.weights in ("length", "trace"), "'length' or 'trace'", self.weights),
            ("ensemble", self.noise == "none" or self.ensemble == 0, "0 where noise is learned", self.ensemble),
            ("ensemble", self.ensemble == 0 or 2 <= self.ensemble <= 200, "0, or 2 to 200", self.ensemble),
        )
        for name, holds, rule, value in rules:
            if not holds:
                raise ValueError(f"FitSettings.{name} must be {rule}, got {value}")

    def _degrees_hold(self) -> bool:
        parts = [degree if isinstance(degree, tuple) else (degree,) for degree in self.degrees]
        return all(len(part) <= 2 and all(1 <= d <= 8 for d in part) for part in parts)

    def _layers_hold(self) -> bool:
        return len(self.hidden) <= 8 and len(set(self.hidden)) <= 1 and all(1 <= w <= 256 for w in self.hidden)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One part of the plan.

    Parameters
    ----------
    label : str
        What a progress line calls it.
    shape : FieldShape or None
        Field to fit; None: the shape of the best candidate so far.
    begin : str
        ``closed form``, ``previous`` (the stage before), ``best`` (best candidate so far), ``hidden`` (best candidate
        plus a pair of hidden coordinates), ``network`` (plus a network whose output begins at zero), ``plain network``
        (with a layer more, for the best candidate whose only states are the outputs, where it is not far behind).
    steps : int
        Window length [samples].
    iterations : int
        Most iterations.
    everything : bool
        Use the held-out samples too; only for the last stage, after the choice is made.
    """

    label: str
    shape: FieldShape | None
    begin: str
    steps: int
    iterations: int
    everything: bool = False


def make_plan(data: Dataset, settings: FitSettings) -> tuple[Stage, ...]:
    """Stages for these data: every degree at short windows, the winner at longer ones, the network, the refit."""
    outputs, inputs = data.record.outputs.shape[1], data.inputs.shape[1]
    lengths = window_lengths(data)
    stages: list[Stage] = []
    for shape in _shapes(settings, outputs, inputs):
        for number, steps in enumerate(lengths[:2]):
            begin = "previous" if number else "closed form"
            stages.append(
                Stage(label=degree_text(shape), shape=shape, begin=begin, steps=steps, iterations=ITERATIONS[number])
            )
    for number, steps in enumerate(lengths[2:], start=2):
        stages.append(_later("longer", "best", steps, ITERATIONS[number]))
        if number == 2 and settings.order > 1:
            stages.append(_later("hidden pair", "hidden", lengths[1], HIDDEN_ITERATIONS))
            stages += [_later("hidden pair", "previous", each, HIDDEN_ITERATIONS) for each in lengths[2:]]
        if number == len(lengths) - 1 and settings.hidden:
            stages.append(_later("network", "network", steps, ITERATIONS[3]))
            if settings.order > 1:
                stages.append(_later("network without hidden states", "plain network", steps, ITERATIONS[3]))
    last = _later("all samples", "best", lengths[-1], ITERATIONS[4])
    return (*stages, replace(last, everything=True))


def _later(label: str, begin: str, steps: int, iterations: int) -> Stage:
    return Stage(label=label, shape=None, begin=begin, steps=steps, iterations=iterations)


def _shapes(settings: FitSettings, outputs: int, inputs: int) -> list[FieldShape]:
    """Fields with and without hidden states, of the degrees that are asked for and not too large; linear if all are."""
    found: list[FieldShape] = []
    full = settings.order * outputs
    for states in sorted({outputs, full}):
        for degree in settings.degrees:
            most, own = degree if isinstance(degree, tuple) else (degree, 0)
            shape = FieldShape(states=states, inputs=inputs, degree=most, input_degree=own if inputs else 0)
            if shape.size <= MOST_COEFFICIENTS and shape not in found:
                found.append(shape)
        if not any(shape.states == states for shape in found):
            found.append(FieldShape(states=states, inputs=inputs, degree=1))
    return sorted(found, key=lambda shape: (-shape.states, shape.size))


def degree_text(shape: FieldShape) -> str:
    """States and degree of the polynomial part in words: ``2 states, degree 4``, or ``2 states, degree 5 and 2``."""
    own = f" and {shape.input_degree}" if shape.input_degree else ""
    return f"{shape.states} state{'s' * (shape.states > 1)}, degree {shape.degree}{own}"


def window_lengths(data: Dataset) -> tuple[int, ...]:
    """Window lengths that fit at least twice into the longest training part."""
    longest = max(piece.held - piece.first for piece in data.pieces) - data.embedding.span - 2
    wanted = [data.embedding.delay * factor for factor in WINDOWS]
    fitting = [max(4, steps) for steps in wanted if steps <= longest // 2]
    return tuple(fitting) or (max(4, longest // 2),)
