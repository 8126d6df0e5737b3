"""``fit`` without options, on devices it was made for and on two that its defaults were never tuned on."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.base import Device
from spinode.devices.envelope import EnvelopeOscillator
from spinode.devices.nbox import NbOxNeuron
from spinode.devices.observed import Observed
from spinode.drives import Sampling, join, random_holds
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, fit
from spinode.surrogate.dataset import make_dataset
from spinode.surrogate.plan import make_plan
from spinode.traces import Trace, TraceSet
from tests.known_devices import duffing, nrmse, random_levels
from tests.tolerances import LEARNED

DEFAULTS = FitSettings(minutes=60.0)
"""Every default but the time budget, which a busy machine would reach: what comes out depends on the data alone."""
Level = tuple[float, float, float]
"""Lowest and highest random level of an input, and how long each lasts [s]."""


def record(device: Device, sampling: Sampling, levels: tuple[Level, ...], seed: int, noisy: bool = False) -> Trace:
    """The device under random levels of each input, with its thermal noise if asked for."""
    rng = np.random.default_rng(seed)
    drives = [
        random_holds(channel, sampling, low, high, hold, rng)
        for channel, (low, high, hold) in zip(device.inputs, levels, strict=True)
    ]
    return simulate(device, join(*drives), rng=rng if noisy else None, name=f"record {seed}")


def envelope(seed: int, samples: int, hold: float, noisy: bool = False) -> Trace:
    """A rectifying threshold: 100 ns samples of 400 ns relaxation, currents below and above the threshold."""
    device = EnvelopeOscillator(relaxation_time=400e-9)
    return record(device, Sampling(duration=1e-7 * samples, dt=1e-7), ((2e-3, 8e-3, hold),), seed, noisy)


def film(seed: int, samples: int, hold: float) -> Trace:
    """Oxide film below its threshold: 1 ns in the film, 250 ns at the capacitor, 1 us in the bath, samples of 20 ns."""
    device = NbOxNeuron(bath_resistance=5e5)
    return record(device, Sampling(duration=2e-8 * samples, dt=2e-8), ((0.1, 0.8, hold), (0.0, 0.0, 1e-6)), seed)


def both_quadratures(seed: int, samples: int, hold: float) -> Trace:
    """An auto-oscillator seen whole, around its threshold."""
    device = AutoOscillator(temperature=0.0)
    threshold = device.threshold_current
    levels = ((0.5 * threshold, 1.8 * threshold, hold), (-5e7, 5e7, 1e-9))
    return record(Observed(device=device), Sampling(duration=1e-10 * samples, dt=1e-10), levels, seed)


def test_fields_with_and_without_hidden_states_compete() -> None:
    settings = FitSettings()
    data = make_dataset(TraceSet((duffing(random_levels(1500, 1)),)), settings.order, None, settings.held_out)
    shapes = {stage.shape for stage in make_plan(data, settings) if stage.shape is not None}
    assert {shape.states for shape in shapes} == {1, 2}
    assert {(shape.degree, shape.input_degree) for shape in shapes} == {(2, 0), (3, 0), (4, 0), (5, 1), (5, 2)}


def test_a_sampled_envelope_needs_no_hidden_state_and_its_kink_a_network() -> None:
    twin = fit(TraceSet((envelope(1, 1500, 4e-7),)), FitSettings(degrees=(2,), minutes=30.0))
    test = envelope(2, 500, 3e-7)
    assert twin.shape.states == 1 and twin.shape.hidden
    assert nrmse(twin, test) < LEARNED
    plain = fit(TraceSet((envelope(1, 1500, 4e-7),)), FitSettings(degrees=(2,), hidden=(), minutes=30.0))
    assert nrmse(plain, test) > 4 * LEARNED


@pytest.mark.slow
def test_the_defaults_serve_a_sampled_envelope() -> None:
    twin = fit(TraceSet((envelope(1, 10_000, 4e-7),)), DEFAULTS)
    for seed, hold in ((2, 3e-7), (3, 2e-6)):
        assert nrmse(twin, envelope(seed, 2000, hold)) < LEARNED  # 0.0008 and 0.0004 were measured


@pytest.mark.slow
def test_the_defaults_find_the_envelope_in_its_own_noise() -> None:
    twin = fit(TraceSet((envelope(1, 10_000, 4e-7, noisy=True),)), DEFAULTS)
    for seed, hold in ((2, 3e-7), (3, 2e-6)):
        assert nrmse(twin, envelope(seed, 2000, hold)) < LEARNED  # 0.009 and 0.010 were measured


@pytest.mark.slow
def test_the_defaults_serve_a_device_whose_time_scales_lie_a_thousandfold_apart() -> None:
    twin = fit(TraceSet((film(1, 5000, 4e-7),)), DEFAULTS)
    for seed, hold in ((2, 3e-7), (3, 3e-6)):
        assert nrmse(twin, film(seed, 1000, hold)) < LEARNED  # 0.004 and 0.001 were measured


@pytest.mark.slow
def test_the_defaults_serve_a_device_with_two_outputs() -> None:
    twin = fit(TraceSet((both_quadratures(1, 8000, 2e-8),)), DEFAULTS)
    for seed, hold in ((2, 1.4e-8), (3, 1e-7)):
        test = both_quadratures(seed, 3000, hold)
        assert max(nrmse(twin, test, 0), nrmse(twin, test, 1)) < LEARNED
