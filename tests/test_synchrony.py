"""Phases, order, pairs, clusters, lines and locking ranges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spinode.devices.phase_oscillator import PhaseOscillator
from spinode.network_plots import locking_figure, tongue_figure
from spinode.networks.coupling import Tone
from spinode.networks.kuramoto import Spread
from spinode.networks.locking import Sweep, arnold_tongue, locking_range
from spinode.networks.network import Network
from spinode.networks.synchrony import (
    clusters,
    fit_line,
    hilbert_phases,
    instantaneous_frequencies,
    load_power,
    order_parameter,
    phase_locking,
    plane_phases,
    power_spectrum,
)
from tests.networks import held
from tests.tolerances import LINE, LOCKING_WIDTH

TIME = np.arange(4000) * 0.01
HALF = 1 / (2 * np.pi)
"""Half of the locking range [Hz] of a phase that is pulled with 1/s."""


def test_the_phase_of_a_voltage_is_that_of_its_oscillation() -> None:
    phase = 2 * np.pi * 5 * TIME + 0.3 * np.sin(TIME)
    found = hilbert_phases(2.0 + 0.1 * np.cos(phase))
    np.testing.assert_allclose((found - phase)[200:-200], 0.0, atol=2e-3)
    frequency = instantaneous_frequencies(found, 0.01)[200:-200]
    np.testing.assert_allclose(frequency, (5 + 0.3 * np.cos(TIME) / (2 * np.pi))[200:-200], atol=0.01)


def test_the_phase_of_a_state_is_its_angle() -> None:
    phase = 2 * np.pi * np.outer(TIME, [5.0, -3.0])
    np.testing.assert_allclose(plane_phases(np.cos(phase), np.sin(phase)), phase, atol=1e-9)


def test_pairs_in_step_lock_and_pairs_apart_do_not() -> None:
    phases = np.c_[TIME, TIME + 1.0, 3.5 * TIME, 3.5 * TIME + 0.1 * np.sin(TIME), 9 * TIME]
    locking = phase_locking(phases)
    assert locking[0, 1] == pytest.approx(1.0)
    assert locking[0, 2] < 0.05
    np.testing.assert_array_equal(clusters(locking), [0, 0, 1, 1, 2])
    assert abs(order_parameter(phases[:1, :2])[0]) == pytest.approx(np.cos(0.5))


def test_the_largest_cluster_has_number_zero() -> None:
    np.testing.assert_array_equal(clusters(np.eye(3)), [0, 1, 2])
    np.testing.assert_array_equal(clusters([[1, 0, 0], [0, 1, 1], [0, 1, 1]]), [1, 0, 0])


def lorentzian_signal(width: float, seed: int) -> np.ndarray:
    """A phase that diffuses: full width ``width`` [Hz] about 3 Hz."""
    steps = np.sqrt(2 * np.pi * width * 0.01) * np.random.default_rng(seed).standard_normal(400_000)
    return np.exp(1j * (2 * np.pi * 3 * 0.01 * np.arange(steps.size) + np.cumsum(steps)))


@pytest.mark.parametrize("real", [True, False])
def test_a_line_is_fitted_with_its_frequency_width_and_power(real: bool) -> None:
    signal = lorentzian_signal(0.2, 1)
    line = fit_line(signal.real if real else signal, 0.01)
    assert line.frequency == pytest.approx(3.0, abs=0.02)
    assert line.linewidth == pytest.approx(0.2, rel=LINE)
    assert line.power == pytest.approx(0.5 if real else 1.0, rel=LINE)


def test_the_area_of_a_spectrum_is_the_variance() -> None:
    frequency, density = power_spectrum(lorentzian_signal(0.2, 2).real, 0.01)
    assert density.sum() * (frequency[1] - frequency[0]) == pytest.approx(0.5, rel=0.1)


def test_a_matched_load_takes_an_eighth_of_the_squared_amplitude_over_the_resistance() -> None:
    assert load_power(0.2 * np.cos(TIME * 2 * np.pi), 100.0, 100.0) == pytest.approx(0.2**2 / 800, rel=1e-3)


def pulled(detuning: float) -> Network:
    """dtheta/dt = 2 pi detuning - sin theta: locks within HALF."""
    return Network(devices=[PhaseOscillator(frequency=detuning, longest_step=0.1)], bias={"along": 1.0})


def sweep(tolerance: float = HALF / 500, duration: float = 100.0) -> Sweep:
    return Sweep(window=held(PhaseOscillator(), (0, 0), duration, 0.5), pair=(0, None), tolerance=tolerance)


def test_a_sweep_there_and_back_finds_adlers_range_without_hysteresis() -> None:
    found = locking_range(pulled, -1.6 * HALF, 1.6 * HALF, sweep())
    np.testing.assert_allclose(found.released, [-HALF, HALF], rtol=LOCKING_WIDTH)
    np.testing.assert_allclose(found.caught, [-HALF, HALF], rtol=LOCKING_WIDTH)
    assert not found.is_hysteretic


def restless(detuning: float) -> Network:
    """A pull whose slow tone locks and frees it by turns."""
    tone = Tone(target="along", frequency=1 / 3000, amplitude=1.3)
    return Network(devices=[PhaseOscillator(frequency=detuning, longest_step=0.1)], bias={"along": 0.5}, tones=[tone])


@pytest.mark.parametrize(
    ("network_at", "ends", "message"),
    [
        (restless, (0.09, 0.35), "does not settle at a detuning of 0.22 Hz"),
        (pulled, (0.2, 0.9), "must lock at 0.55 Hz"),
        (pulled, (-0.1, 0.1), "locked from 0 to -0.1 Hz"),
    ],
)
def test_a_range_is_not_made_up(
    network_at: Callable[[float], Network], ends: tuple[float, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        locking_range(network_at, *ends, sweep())


def test_a_tongue_opens_linearly_and_is_drawn() -> None:
    strengths, detunings = np.array([0.5, 1.0]), np.linspace(-1.35, 1.35, 16) * HALF

    def network_at(detuning: float, strength: float) -> Network:
        return Network(devices=[PhaseOscillator(frequency=detuning, longest_step=0.1)], bias={"along": strength})

    tongue = arnold_tongue(
        network_at, (detunings, strengths), held(PhaseOscillator(), (0, 0), 400, 0.5), pair=(0, None)
    )
    expected = np.abs(detunings)[None, :] < strengths[:, None] * HALF
    np.testing.assert_array_equal(tongue.locked, expected)
    assert len(tongue_figure(tongue, "pull (1/s)", half_widths=strengths * HALF).axes) == 2


def test_a_map_of_pairs_is_drawn() -> None:
    assert len(locking_figure(np.eye(4)).axes) == 2


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: hilbert_phases([1.0, 2.0]), "must have shape"),
        (lambda: hilbert_phases(np.ones(100)), "must vary"),
        (lambda: clusters(np.ones((2, 3))), "must be square"),
        (lambda: clusters(np.eye(2), threshold=1.5), "threshold must be above 0, up to 1"),
        (lambda: fit_line(np.ones(10), 0.1), "fit_line.values"),
        (lambda: load_power(TIME, 0.0, 50.0), "must be above 0 ohm"),
        (lambda: sweep(tolerance=0.0), "tolerance must be"),
        (lambda: Spread(kind="cauchy", width=1.0), "Spread.kind must be"),  # type: ignore[arg-type]
        (lambda: Spread(kind="uniform", width=-1.0), "Spread.width must be above 0"),
        (lambda: Spread(kind="uniform", width=1.0).critical_coupling(lag=0.1), "for a Lorentzian only"),
    ],
)
def test_a_mistake_is_answered_in_one_line(mistake: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)
