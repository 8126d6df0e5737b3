"""Outputs that are a state times a held input: found, learned as their quotient, and given back as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from benchmarks.limit_cycle_problem import DEVICE, free_run_error, training_trace
from spinode.devices.envelope import EnvelopeOscillator
from spinode.drives import Sampling, random_holds
from spinode.hdf5 import atomic_file
from spinode.signals import Channel, signal_of
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit, fitting, load_surrogate, save_surrogate
from spinode.surrogate.differentiable import torch_run
from spinode.surrogate.ensemble import Ensemble
from spinode.surrogate.learned_noise import LearnedNoise
from spinode.surrogate.quotient import divided, divided_traces, find_divisors, multiplied
from spinode.surrogate.store import SCHEMA
from spinode.traces import Trace, TraceSet
from tests.known_devices import duffing, limit_cycle, random_levels
from tests.tolerances import LEARNED, ROUNDING

SMALL = FitSettings(degrees=((5, 1),), hidden=(), minutes=30.0)
BY_CURRENT = {"voltage": "current"}


def with_outputs(trace: Trace, values: np.ndarray) -> Trace:
    return replace(trace, output=replace(trace.output, values=values))


@pytest.fixture(scope="module")
def voltage() -> Trace:
    return training_trace(0.25e-6, 1)


@pytest.mark.parametrize("dt", [0.05e-9, 0.1e-9, 0.2e-9])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_voltage_under_a_current_that_jumps_is_found_to_be_a_product(dt: float, noise: float) -> None:
    assert find_divisors(TraceSet((training_trace(1e-6, 1, dt, noise),))) == BY_CURRENT


def test_outputs_that_are_continuous_are_left_alone(voltage: Trace) -> None:
    envelope = EnvelopeOscillator(temperature=0.0)
    levels = random_holds(
        envelope.inputs[0], Sampling(duration=1e-4, dt=1e-7), 2e-3, 8e-3, 4e-7, np.random.default_rng(1)
    )
    positive = duffing(1.5 + random_levels(1000, 1))
    resistance = divided_traces(TraceSet((voltage,)), BY_CURRENT)
    for traces in (resistance, TraceSet((simulate(envelope, levels),)), TraceSet((positive,))):
        assert find_divisors(traces) == {}
    assert find_divisors(TraceSet((limit_cycle(500, 0.5),))) == {}  # it has no input at all


def test_noise_is_not_taken_for_a_product(voltage: Trace) -> None:
    mixed = np.random.default_rng(0).permutation(voltage.output.values)
    assert find_divisors(TraceSet((with_outputs(voltage, mixed),))) == {}


def test_an_input_that_is_not_held_or_passes_zero_never_divides(voltage: Trace) -> None:
    smooth = tuple(replace(channel, hold=False) for channel in voltage.drive.channels)
    assert find_divisors(TraceSet((replace(voltage, drive=replace(voltage.drive, channels=smooth)),))) == {}
    shifted = voltage.drive.values - [[DEVICE.threshold_current, 0.0]]
    product = shifted[:, :1] * divided(voltage, BY_CURRENT)
    through_zero = replace(
        voltage,
        drive=replace(voltage.drive, values=shifted),
        output=signal_of(product, voltage.dt, Channel(name="voltage", unit="V")),
    )
    assert find_divisors(TraceSet((through_zero,))) == {}


def test_division_and_multiplication_cancel_and_the_quotient_has_name_and_unit(voltage: Trace) -> None:
    quotient = divided(voltage, BY_CURRENT)
    again = multiplied(quotient, voltage.output.names, voltage.drive, BY_CURRENT)
    np.testing.assert_allclose(again, voltage.output.values, rtol=ROUNDING)
    (channel,) = divided_traces(TraceSet((voltage,)), BY_CURRENT).traces[0].output.channels
    assert (channel.name, channel.unit) == ("voltage over current", "V/A")


def test_the_voltage_under_jumps_of_the_current_is_predicted(vortex_twin: Surrogate) -> None:
    assert dict(vortex_twin.divisors) == BY_CURRENT
    assert vortex_twin.outputs == DEVICE.outputs
    assert vortex_twin.record["learned_outputs"] == "voltage over current"
    assert free_run_error(vortex_twin, training_trace(0.3e-6, 2)) < LEARNED  # 0.002 was measured


def test_without_the_quotient_it_is_not(voltage: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "find_divisors", lambda traces: {})
    try:
        alone = fit(TraceSet((voltage,)), SMALL)
    except ValueError as refused:
        assert "every candidate diverged on held-out time" in str(refused)
    else:
        assert not free_run_error(alone, training_trace(0.3e-6, 2)) < 10 * LEARNED


def test_as_a_device_it_gives_the_voltage_of_its_free_run(vortex_twin: Surrogate) -> None:
    test = training_trace(0.1e-6, 3)
    rest = test.drive.samples(vortex_twin.warm_up - 1, len(test))
    again = simulate(vortex_twin, rest, initial=vortex_twin.initial_from(test)).output.values[1:]
    np.testing.assert_allclose(
        again, vortex_twin.free_run(test)[vortex_twin.warm_up :], rtol=0.0, atol=1e-9 * again.std()
    )


def test_a_stored_surrogate_keeps_its_quotient(tmp_path: Path, vortex_twin: Surrogate) -> None:
    save_surrogate(tmp_path / "twin.h5", vortex_twin)
    back = load_surrogate(tmp_path / "twin.h5")
    test = training_trace(0.1e-6, 3)
    assert dict(back.divisors) == BY_CURRENT and back.shape == vortex_twin.shape
    assert np.array_equal(back.packed(), vortex_twin.packed())
    assert np.array_equal(back.free_run(test), vortex_twin.free_run(test))


def test_a_file_with_half_a_quotient_is_refused_in_one_line(tmp_path: Path, vortex_twin: Surrogate) -> None:
    path = tmp_path / "twin.h5"
    with atomic_file(path, SCHEMA, force=False) as file:
        save_surrogate(tmp_path / "whole.h5", vortex_twin)
        with h5py.File(tmp_path / "whole.h5") as whole:
            for name in whole:
                whole.copy(name, file)
            for name, value in whole.attrs.items():
                file.attrs[name] = value
        del file["divisors"]
        file.create_dataset("divisors", data=["voltage"], dtype=h5py.string_dtype())
    with pytest.raises(ValueError, match="'divisors' must name an output and an input in turn, got 1 names") as caught:
        load_surrogate(path)
    assert "\n" not in str(caught.value)


def test_a_warm_up_without_current_is_refused_in_one_line(vortex_twin: Surrogate) -> None:
    test = training_trace(0.1e-6, 3)
    values = test.drive.values.copy()
    values[2, 0] = 0.0
    with pytest.raises(ValueError, match="drive 'current' must not be 0 while 'voltage' gives the start") as caught:
        vortex_twin.initial_from(replace(test, drive=replace(test.drive, values=values)))
    assert "sample 2 " in str(caught.value) and "\n" not in str(caught.value)


def test_quotients_of_channels_that_are_not_there_are_refused(vortex_twin: Surrogate) -> None:
    for divisors in ({"voltage": "pressure"}, {"speed": "current"}):
        with pytest.raises(ValueError, match=r"Surrogate\.divisors must lead from outputs to inputs"):
            replace(vortex_twin, divisors=divisors)


def test_mask_band_intervals_torch_and_noise_know_the_quotient(vortex_twin: Surrogate) -> None:
    trace = training_trace(0.1e-6, 3)
    run = vortex_twin.free_run(trace)
    factors = np.abs(trace.drive.column("current"))[:, None]

    in_torch = torch_run(vortex_twin, trace).detach().numpy()
    np.testing.assert_allclose(in_torch, run, atol=1e-9 * run.std())

    assert list(vortex_twin.trust.output) == ["voltage"]  # type: ignore[union-attr]
    reasons = vortex_twin.predict(trace).outside.reasons  # type: ignore[union-attr]
    assert reasons["output value"].mean() < 0.05  # of volts within bounds in ohms all would be outside

    members = np.array([vortex_twin.theta, vortex_twin.theta])
    flat = replace(vortex_twin, ensemble=Ensemble(members=members, factor=np.ones(1), floor=0.01))
    width = flat.predict(trace).half_width[vortex_twin.warm_up :]  # type: ignore[index]
    scale = 0.01 * vortex_twin.scaling.output_scale[0]
    np.testing.assert_allclose(width, scale * factors[vortex_twin.warm_up :], rtol=1e-12)

    states, inputs = vortex_twin.shape.states, vortex_twin.shape.inputs
    exponents = np.zeros((states, 1 + states + inputs))
    exponents[:, 0] = -40.0
    bounds = np.tile([-40.0, 0.0], (states, 1))
    noise = LearnedNoise(exponents=exponents, bounds=bounds, measurement=np.array([1e-4]))
    noisy = replace(vortex_twin, noise=noise)
    spread = noisy.measured(trace, np.random.default_rng(1)).output.values - trace.output.values
    expected = 1e-2 * vortex_twin.scaling.output_scale[0] * factors
    assert (spread / expected).std() == pytest.approx(1.0, rel=0.15)
    assert noisy.intervals(trace).coverage(trace.output.values)[0] > 0.85  # the trace itself has no such noise
