"""A surrogate in place of each oscillator: with the same equations it must lock and bind as the device does."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.devices import AutoOscillator, VortexOscillator
from spinode.devices.constants import GAMMA
from spinode.drives import Sampling, join, random_holds
from spinode.networks.binding import present
from spinode.networks.binding_decision import BOUND
from spinode.networks.binding_designs import groups_of, start
from spinode.networks.binding_study import Study, study, together
from spinode.networks.binding_training import Rule, Trained, train
from spinode.signals import Channel
from spinode.simulate import simulate
from spinode.surrogate import Surrogate, save_surrogate
from spinode.surrogate.dataset import Scaling
from spinode.surrogate.embedding import Embedding, Encoder
from spinode.surrogate.field import FieldShape
from spinode.surrogate.model import Range

DEVICE = AutoOscillator(readout_angle=np.pi / 2, temperature=0.0)
THRESHOLD = DEVICE.threshold_current
DT = 0.1e-9
SAME = 1e-9
"""Two ways to write one polynomial, over a hundred turns: rounding alone."""


def twin_of(device: AutoOscillator, field: Channel, strength: float, dt: float = DT) -> Surrogate:
    """The device's own equations as a polynomial field of degree 3; made by hand, not learned.

    With c e^(i b) = X + i Y, p = X^2 + Y^2, w = w0 + a I + N p and g = G (1 + Q p) - sigma I (eta = 0):
    X' = w Y - g X + F cos b, Y' = -w X - g Y + F sin b, and the voltage over the current is (swing/2) X.
    """
    assert device.torque_saturation == 0
    middle, swing, most = 1.5 * device.threshold_current, device.threshold_current, 1e-3
    shape = FieldShape(states=2, inputs=2, degree=3)
    place = {tuple(sorted(factors)): number for number, factors in enumerate(shape.exponents)}
    shift, growth = 2 * np.pi * device.current_shift, device.damping_rate * device.damping_growth
    w = {(): 2 * np.pi * device.frequency + shift * middle, (2,): shift * swing}
    g = {(): device.damping_rate - device.torque_rate * middle, (2,): -device.torque_rate * swing}
    for power in ((0, 0), (1, 1)):
        w[power], g[power] = 2 * np.pi * device.frequency_shift, growth
    theta = np.zeros((2, shape.monomials))
    for state, turn in ((0, 1.0), (1, -1.0)):
        for factors, rate in w.items():
            theta[state, place[tuple(sorted((*factors, 1 - state)))]] += turn * rate * dt
        for factors, rate in g.items():
            theta[state, place[tuple(sorted((*factors, state)))]] -= rate * dt
    along = np.array([np.cos(device.readout_angle), np.sin(device.readout_angle)])
    theta[:, place[(3,)]] = strength * most * dt * along
    current, voltage, embedding = device.inputs[0], device.outputs[0], Embedding(order=2, delay=5)
    width = 1 + len(embedding.output_lags) + 2 * len(embedding.input_lags)
    return Surrogate(
        name="twin",
        inputs=(current, field),
        outputs=(voltage,),
        parameters={},
        dt=dt,
        shape=shape,
        theta=theta.ravel(),
        scaling=Scaling(
            output_mean=np.zeros(1),
            output_scale=np.array([device.resistance_swing / 2]),
            input_centre=np.array([middle, 0.0]),
            input_scale=np.array([swing, most]),
        ),
        encoder=Encoder(embedding=embedding, degree=1, weights=np.zeros((width, 2)), spread=np.array([0.01, 0.01])),
        fitted_error=1e-3,
        ranges={current.name: Range(low=0.0, high=3 * middle), field.name: Range(low=-most, high=most)},
        divisors={voltage.name: current.name},
    )


@cache
def trained() -> Trained:
    rule = Rule(groups=groups_of(3), step=0.12 * THRESHOLD, rounds=12, showings=1)
    return train(replace(start(DEVICE), dt=DT), rule, np.random.default_rng(0))


def test_the_twin_has_the_equations_of_its_device() -> None:
    rng, sampling = np.random.default_rng(1), Sampling(duration=0.2e-6, dt=DT / 10)
    current, force = DEVICE.inputs
    levels = random_holds(current, sampling, 1.1 * THRESHOLD, 2 * THRESHOLD, 20e-9, rng)
    drive = join(levels, random_holds(force, sampling, -1e7, 1e7, 2e-9, rng))
    own = simulate(DEVICE, drive, initial=(0.3, 0.1), substeps=1)
    turned = (0.3 + 0.1j) * np.exp(1j * DEVICE.readout_angle)
    twin = simulate(twin_of(DEVICE, force, 1.0, DT / 10), drive, initial=(turned.real, turned.imag), substeps=1)
    error = np.abs(twin.output.values - own.output.values).max()
    assert error < SAME * np.ptp(own.output.values)


def test_surrogates_lock_in_the_same_pairs_as_the_devices() -> None:
    binding = trained().binding
    learned = replace(binding, device=twin_of(DEVICE, DEVICE.inputs[1], 1.0))
    maps = [present(each, [[0], [1], [2]], np.random.default_rng(5)).locking[:, 0] for each in (binding, learned)]
    assert ((maps[0] >= BOUND) == [[True, False, False], [False, False, True], [True, True, True]]).all()
    np.testing.assert_allclose(maps[1], maps[0], atol=0.05)  # the oscillators settle from other phases
    assert present(replace(learned, gain=0.0), [[2]], np.random.default_rng(5)).locking.max() < BOUND


@pytest.mark.slow
def test_surrogates_name_as_many_sequences_as_the_devices() -> None:
    binding, settings = trained().binding, Study(examples=1, tests=1)
    learned = replace(binding, device=twin_of(DEVICE, DEVICE.inputs[1], 1.0))
    own, other = (together(study(each, settings, np.random.default_rng(1))).accuracy for each in (binding, learned))
    assert own >= 0.99
    assert other >= own - 0.02
    apart = replace(learned, gain=0.0)
    assert together(study(apart, settings, np.random.default_rng(1))).accuracy < 0.6


@pytest.mark.slow
def test_the_command_binds_events_with_a_surrogate_from_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vortex = VortexOscillator(temperature=0.0)
    device = AutoOscillator.from_vortex(vortex, 1.5 * vortex.threshold_current)
    twin = twin_of(replace(device, torque_saturation=0.0), Channel(name="field", unit="T"), GAMMA / 3)
    save_surrogate(tmp_path / "twin.h5", twin)
    words = ["bind", "--device", str(tmp_path / "twin.h5"), "--tests", "1", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["device"] == "twin"
    assert found["accuracy"] >= 0.99
    assert found["ablations"]["no_coupling"]["accuracy"] < 0.6
    assert "nu=0" not in found["ablations"]
