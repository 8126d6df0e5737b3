"""Driven traces for ``learners.py``: a training and a test trace of three devices, one input and one output each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinode.bundled import bundled_data
from spinode.devices import Observed
from spinode.devices.envelope import EnvelopeOscillator
from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join, random_holds
from spinode.simulate import simulate
from spinode.storage import read_traces
from spinode.traces import Trace


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is learned, and what it is judged on."""

    name: str
    training: Trace
    test: Trace


def skyrmion() -> Case:
    """The bundled micromagnetic skyrmion: 100 ns to learn, 40 ns under another drive to foretell."""
    traces = read_traces(bundled_data("skyrmion_vcma.h5"))
    train, test = (replace(traces[name], parameters={}) for name in ("train", "test"))
    return Case(name="skyrmion", training=train, test=test)


def vortex() -> Case:
    """A limit cycle: a vortex above threshold, seen along x alone, under a current that jumps every 40 ns."""
    device = Observed(device=VortexOscillator(temperature=0.0))
    current, field = device.inputs

    def record(seed: int, samples: int) -> Trace:
        sampling = Sampling(duration=(samples - 1) * 0.1e-9, dt=0.1e-9)
        push = random_holds(current, sampling, 2.6e-3, 4.2e-3, 40e-9, np.random.default_rng(seed))
        trace = simulate(device, join(push, constant(field, sampling, 0.0)), initial=[0.4, 0.0])
        seen = replace(trace, drive=trace.drive.select(["current"]), output=trace.output.select(["x"]))
        return replace(seen, parameters={})

    return Case(name="vortex", training=record(1, 20_001), test=record(2, 6_001))


def envelope() -> Case:
    """The envelope of an oscillator, relaxation 410 ns, sampled every 100 ns, under a new current every 200 ns."""
    device = EnvelopeOscillator()

    def record(seed: int, samples: int) -> Trace:
        sampling = Sampling(duration=(samples - 1) * 100e-9, dt=100e-9)
        push = random_holds(device.inputs[0], sampling, 2e-3, 9e-3, 200e-9, np.random.default_rng(seed))
        return replace(simulate(device, push), parameters={})

    return Case(name="envelope", training=record(3, 10_001), test=record(4, 5_001))


CASES = {"skyrmion": skyrmion, "vortex": vortex, "envelope": envelope}
