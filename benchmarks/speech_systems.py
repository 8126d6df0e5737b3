"""What the speech benchmark compares: the analytic device, its surrogate, the static control, an echo state network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from spinode.devices.envelope import EnvelopeOscillator
from spinode.drives import Sampling, random_holds
from spinode.reservoir import Reservoir, Static
from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.traces import Trace, TraceSet

NODES = 400
NODE_TIME = 100e-9
REST, SWING = 7e-3, 3e-3
"""Abreu Araujo et al., Sci. Rep. 10, 328 (2020), as quoted by a thesis: 7 mA and +-3 mA."""
NOISE = 0.5e-3
"""Standard deviation of the device's voltage [V], assumed: 5 % of the voltage at the operating point."""
AMPLIFIER = 0.1e-3
"""Measurement noise of the trace that the surrogate learns from [V], assumed."""


def device_trace(noise: float, seed: int = 1) -> Trace:
    """5 ms of the envelope at 100 ns, 300 K, random currents of 4 to 10 mA for 300 ns each, with measurement noise."""
    device = EnvelopeOscillator(noise=noise)
    rng = np.random.default_rng(seed)
    sampling = Sampling(duration=5e-3, dt=NODE_TIME)
    drive = random_holds(device.inputs[0], sampling, REST - SWING, REST + SWING, 3 * NODE_TIME, rng)
    trace = simulate(device, drive, rng=rng)
    values = trace.output.values + AMPLIFIER * rng.standard_normal(trace.output.values.shape)
    return replace(trace, output=replace(trace.output, values=values))


def learned_device(noise: float, kept: Path | None) -> Surrogate:
    """The surrogate of that trace; taken from a file where one is kept, and kept there otherwise."""
    if kept is not None and kept.exists():
        return load_surrogate(kept)
    surrogate = fit(TraceSet((device_trace(noise),)), FitSettings(noise="learn"), name="envelope")
    if kept is not None:
        save_surrogate(kept, surrogate)
    return surrogate


@dataclass(frozen=True, kw_only=True)
class Systems:
    """Transformers by name, one a mask seed."""

    twin: Surrogate | None
    nodes: int = NODES

    def reservoir(self, device: Any, seed: int, noise: bool = False) -> Reservoir:
        """A device at the operating point of the literature; a surrogate's is the middle of its trained range."""
        learned = isinstance(device, Surrogate)
        rest, swing = (None, None) if learned else (REST, SWING)
        return Reservoir(device, nodes=self.nodes, node_time=NODE_TIME, rest=rest, swing=swing, seed=seed, noise=noise)

    def transformers(self, name: str, seeds: int) -> list[Any]:
        """``static``, ``device``, ``surrogate``, ``surrogate with noise`` or ``ESN``."""
        if name == "ESN":
            return [EchoState(units=self.nodes, seed=seed) for seed in range(seeds)]
        if name == "static":
            return [Static(self.reservoir(EnvelopeOscillator(), seed)) for seed in range(seeds)]
        if name == "device":
            return [self.reservoir(EnvelopeOscillator(), seed) for seed in range(seeds)]
        if name == "surrogate" and self.twin is not None:  # without its noise it takes one step a sample, not several
            return [self.reservoir(replace(self.twin, noise=None), seed) for seed in range(seeds)]
        return [self.reservoir(self.twin, seed, noise=True) for seed in range(seeds)]


class EchoState(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """reservoirpy's echo state network: tanh units with a leak, from rest at the start of each word.

    Spectral radius 0.9, leak 0.3 a frame, inputs of deviation 1 scaled so that a unit's drive has deviation 0.4; these
    were not tuned. Unlike a time-multiplexed oscillator it remembers earlier frames.
    """

    def __init__(self, units: int = NODES, seed: int = 0, radius: float = 0.9, leak: float = 0.3) -> None:
        self.units = units
        self.seed = seed
        self.radius = radius
        self.leak = leak

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Draw the network; its size of input is that of the words."""
        from reservoirpy.nodes import Reservoir as Network  # type: ignore[import-untyped, unused-ignore]

        self.n_features_in_ = X[0].shape[1]
        scale = 0.4 / np.sqrt(max(1.0, 0.1 * self.n_features_in_))  # one input in ten reaches a unit, reservoirpy's own
        self.network_ = Network(
            self.units, lr=self.leak, sr=self.radius, input_scaling=scale, seed=self.seed, input_dim=X[0].shape[1]
        )
        self.network_.initialize(X[0])
        return self

    def transform(self, X: Any) -> list[FloatArray]:  # noqa: N803
        """States (T, units) of each word."""
        result = []
        for word in X:
            self.network_.reset()
            result.append(np.asarray(self.network_.run(word)))
        return result
