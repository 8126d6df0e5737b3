"""The linear theory of a noisy, forced or coupled oscillation against simulations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numba import njit

from spinode.devices import Observed
from spinode.devices.base import KERNEL
from spinode.devices.oscillation import Oscillation, adler_beat
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, constant, join, sine
from spinode.integrator import Members, integrate
from spinode.signals import FloatArray
from tests.oscillators import UNIFORM, drive, path
from tests.tolerances import LINEARISED, ROUNDING, SETTLED


def noisy(noise: float, nonlinearity: float) -> Oscillation:
    return Oscillation(power=0.2, frequency=0.0, relaxation_rate=1.0, nonlinearity=nonlinearity, noise_rate=noise)


def test_the_line_has_its_cold_and_its_hot_limit() -> None:
    cold, hot = noisy(1e-8, 300.0), noisy(1.0, 300.0)
    assert cold.linewidth == pytest.approx(cold.lorentzian_linewidth, rel=LINEARISED) and not cold.is_hot
    assert hot.linewidth == pytest.approx(hot.gaussian_linewidth, rel=LINEARISED) and hot.is_hot
    assert noisy(0.01, 0.0).linewidth == pytest.approx(0.01 / (2 * np.pi), rel=SETTLED)
    assert noisy(0.0, 3.0).linewidth == 0


def test_a_hot_line_grows_with_the_root_of_the_temperature_and_a_cold_one_with_temperature() -> None:
    for noise, power, near in ((1e-8, 1.0, LINEARISED), (0.25, 0.5, LINEARISED)):
        ratio = noisy(2 * noise, 300.0).linewidth / noisy(noise, 300.0).linewidth
        assert np.log2(ratio) == pytest.approx(power, rel=near)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_weak_force_locks_within_the_half_width_and_not_beyond(side: float) -> None:
    force = 2 * 2.886e-3  # half of it turns with c
    half = UNIFORM.oscillation(1.5).injection_half_width(force)
    assert 2 * np.pi * half == pytest.approx(0.02661, rel=LINEARISED)
    for part, locked in ((0.99, True), (1.01, False)):
        try:
            locked_here = max(rate.real for rate in UNIFORM.injection_rates(1.5, force, side * part * half)) < 0
        except ValueError:
            locked_here = False
        assert locked_here == locked
        # In the frame of the force it is constant, and all of it counts.
        device = replace(UNIFORM, current_shift=side * part * half / 1.5)
        c = path(device, drive(device, 1.5, 3000.0, 1.0, force / 2), np.sqrt(0.2))
        assert (np.ptp(np.unwrap(np.angle(c))[1500:]) < 1.0) == locked


def test_half_of_an_oscillating_force_turns_with_the_oscillation() -> None:
    device = replace(UNIFORM, frequency=7.0)
    steady, force = device.oscillation(1.5), 2 * 2.886e-3
    half = steady.injection_half_width(force)
    sampling = Sampling(duration=1500.0, dt=0.01)
    for part, locked in ((0.95, True), (1.05, False)):
        push = sine(device.inputs[1], sampling, 0.0, force, steady.frequency + part * half)
        given = join(constant(device.inputs[0], sampling, 1.5), push)
        c = path(device, given, np.sqrt(0.2))[75_000:]
        slip = np.unwrap(np.angle(c * np.exp(2j * np.pi * (steady.frequency + part * half) * given.time[75_000:])))
        assert (np.ptp(slip) < 1.0) == locked


@pytest.mark.parametrize("nonlinearity", [0.0, -4.0])
def test_a_weak_force_beats_with_an_unlocked_oscillation_as_adler_says(nonlinearity: float) -> None:
    force = 2e-3
    device = replace(
        UNIFORM, frequency_shift=2.5 * nonlinearity / (2 * np.pi), frequency=-0.5 * nonlinearity / (2 * np.pi)
    )
    half = device.oscillation(1.5).injection_half_width(force)
    expected = adler_beat(1.5 * half, half)
    device = replace(device, current_shift=half)
    duration = 5 / expected
    c = path(device, drive(device, 1.5, duration, duration / 2000, force / 2), np.sqrt(0.2))
    phase = -np.unwrap(np.angle(c))
    assert (phase[-1] - phase[400]) / (2 * np.pi * 0.8 * duration) == pytest.approx(expected, rel=LINEARISED)
    assert adler_beat(0.9, 1.0) == 0


def test_a_strong_force_makes_the_transient_oscillate_and_a_weak_one_does_not() -> None:
    weak, strong = (UNIFORM.injection_rates(1.5, force, 0.0) for force in (1e-3, 0.3))
    assert weak[0].imag == 0 and strong[0].imag == -strong[1].imag != 0
    assert weak[1].real == pytest.approx(-2 * UNIFORM.oscillation(1.5).relaxation_rate, rel=LINEARISED)
    c = path(UNIFORM, drive(UNIFORM, 1.5, 60.0, 0.02, 0.15), 0.4)
    rest = (c - c[-1])[200:1200]
    swings = np.flatnonzero(np.diff(np.sign(rest.real)))
    assert np.pi / (np.diff(swings).mean() * 0.02) == pytest.approx(abs(strong[0].imag), rel=LINEARISED)


@njit(KERNEL)
def _pair(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """UNIFORM twice at 1.5 A, w +- detuning/2, each with k e^(ib) of the other; parameters: detuning and k e^(ib)."""
    for lane in range(state.shape[1]):
        along, across = parameters[1, lane], parameters[2, lane]
        for one in (0, 2):
            x, y, u, v = state[one, lane], state[one + 1, lane], state[2 - one, lane], state[3 - one, lane]
            power = x * x + y * y
            growth, w = 0.5 - 2.5 * power, 2.0 - 10.0 * power + (0.5 - 0.5 * one) * parameters[0, lane]
            result[one, lane] = growth * x + w * y + along * u - across * v
            result[one + 1, lane] = growth * y - w * x + along * v + across * u


def test_two_coupled_oscillations_lock_within_the_mutual_width() -> None:
    coupling, angles = 4e-3, np.array([0.0, np.pi / 4, -np.pi / 4, np.pi / 2])
    steady = UNIFORM.oscillation(1.5)
    width = np.array([2 * np.pi * steady.mutual_locking_width(coupling, angle) for angle in angles])
    np.testing.assert_allclose(width, 2 * coupling * abs(np.cos(angles) - 4 * np.sin(angles)), rtol=ROUNDING)
    near = np.repeat([0.97, 1.03], len(angles))
    ways = coupling * np.exp(1j * np.tile(angles, 2))
    members = Members(
        parameters=np.column_stack([near * np.tile(width, 2), ways.real, ways.imag]),
        initial=np.tile(np.sqrt(0.2) * np.array([1.0, 0.0, 0.0, 1.0]), (len(near), 1)),
    )
    table = DriveTable(values=np.zeros((10_000, 1, 1)), holds=np.array([True]), dt=1.0, substeps=20)
    kernel = replace(Observed(device=UNIFORM).kernel, rhs=_pair, limits=())
    seen, _ = integrate(kernel, members, table, 4)
    pair = seen[5000:, :, ::2] + 1j * seen[5000:, :, 1::2]
    slip = np.ptp(np.unwrap(np.angle(pair[..., 0] / pair[..., 1]), axis=0), axis=0)
    np.testing.assert_array_equal(slip < 1, near < 1)
