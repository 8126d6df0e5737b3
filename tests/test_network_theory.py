"""Networks against the closed forms of synchronization: Adler, Slavin and Tiberkevich, Kuramoto, Sakaguchi, dipoles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices.oscillation import adler_beat
from spinode.devices.phase_oscillator import PhaseOscillator
from spinode.devices.vortex import VortexOscillator
from spinode.devices.vortex_plane import PlaneFieldVortex
from spinode.networks.coupling import MatrixCoupling, Tone, quadrature
from spinode.networks.dipolar import dipolar_couplings, dipolar_rate
from spinode.networks.kuramoto import Spread, kuramoto, sakaguchi_frequency
from spinode.networks.locking import beat_map
from spinode.networks.network import Network
from spinode.networks.run import NetworkRun, simulate_network
from spinode.networks.synchrony import fit_line
from tests.networks import CURRENT, FAST, held
from tests.tolerances import CRITICAL_COUPLING, LINE, LOCKING_WIDTH, ORDER_PARAMETER, STATISTICS

MANY = 4000
EDGE = np.array([1 - LOCKING_WIDTH, 1 + LOCKING_WIDTH])
"""Detunings over the predicted edge: locked inside, drifting outside."""


def run(network: Network, duration: float, start: float = 0.0, rng: np.random.Generator | None = None) -> NetworkRun:
    """All phases at 0, or spread over the circle."""
    first = np.full((len(network), 1), start)
    return simulate_network(network, held(network.devices[0], (0, 0), duration, 0.5), initial=first, rng=rng)


@pytest.mark.parametrize("ratio", [0.5, 0.99, 1.01, 1.5, 4.0])
def test_the_beat_of_a_pulled_phase_is_adlers(ratio: float) -> None:
    # dtheta/dt = w - F sin theta: F is the half width in rad/s
    half = 1 / (2 * np.pi)
    network = Network(
        devices=[PhaseOscillator(frequency=ratio * half, longest_step=0.05)], bias={"along": 1.0}
    )  # fmt: skip
    slips = max(1.0, np.sqrt(abs(ratio**2 - 1)))
    (beat,) = beat_map([network], held(PhaseOscillator(), (0, 0), 2000.0 / slips, 0.5), pair=(0, None))
    assert beat == pytest.approx(adler_beat(ratio * half, half), abs=2 / (1000 / slips))


PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("angle", [0.0, np.pi / 4, -np.pi / 4, np.pi / 2])
def test_two_oscillators_lock_within_the_mutual_width(angle: float) -> None:
    steady = FAST.oscillation(CURRENT)
    coupling = 0.0048 / abs(np.cos(angle) + steady.nonlinearity * np.sin(angle))  # a width of 1 % of 2 Gamma_p
    width, size = steady.mutual_locking_width(coupling, angle), np.sqrt(steady.power)
    sign = np.sign(np.cos(angle) + steady.nonlinearity * np.sin(angle))

    def pair(detuning: float) -> Network:
        devices = [replace(FAST, frequency=FAST.frequency + part * detuning / 2) for part in (1, -1)]
        link = MatrixCoupling(matrix=2 * coupling * PAIR, source=quadrature("x", "y", angle), target="force")
        return Network(devices=devices, couplings=[link])

    drive = held(FAST, (CURRENT, 0.0), 10 / width, 0.3 / steady.frequency)
    inside, outside = beat_map([pair(part * width) for part in EDGE], drive, initial=[[size, 0], [sign * size, 0]])
    assert abs(inside) < 1e-3 * width
    assert abs(outside) == pytest.approx(adler_beat(EDGE[1] * width, width), abs=1.1 / (5 / width))
    assert abs(outside) > 0.05 * width


def test_injection_locks_an_auto_oscillator_within_the_half_width() -> None:
    steady, force = FAST.oscillation(CURRENT), 0.002
    half = steady.injection_half_width(force)
    tone = Tone(target="force", frequency=steady.frequency, amplitude=force)
    networks = [
        Network(devices=[replace(FAST, frequency=FAST.frequency + part * half)], tones=[tone])
        for part in (*EDGE, *-EDGE)
    ]
    drive = held(FAST, (CURRENT, 0.0), 10 / half, 0.3 / steady.frequency)
    start = [[np.sqrt(steady.power), 0.0]]
    beats = beat_map(networks, drive, pair=(0, None), reference=steady.frequency, initial=start) / half
    assert np.abs(beats[[0, 2]]).max() < 1e-3
    assert np.abs(beats[[1, 3]]).min() > 0.05


DISK = PlaneFieldVortex(vortex=VortexOscillator(oersted_weight=0.0))
BIAS = 1.3 * DISK.vortex.threshold_current
ORBIT = DISK.vortex.orbit(BIAS)


def test_injection_locks_a_vortex_within_the_half_width() -> None:
    field = 1.5e-6
    half, steady = ORBIT.locking_half_width(field), ORBIT.oscillation
    tones = steady.frequency + half * np.array([*EDGE, *-EDGE])
    networks = [Network(devices=[DISK], tones=[Tone(target="field", frequency=f, amplitude=field)]) for f in tones]
    drive = held(DISK, (BIAS, 0, 0), 14 / half, 0.3 / steady.frequency)
    beats = beat_map(networks, drive, pair=(0, None), reference=tones, initial=[[ORBIT.radius, 0.0]]) / half
    assert np.abs(beats[[0, 2]]).max() < 2e-3
    assert np.abs(beats[[1, 3]]).min() > 0.05


def dipole_pair(distance: float, polarity: float, detuning: float) -> Network:
    """Two disks whose currents set the detuning; the second core may point down."""
    other = PlaneFieldVortex(vortex=replace(DISK.vortex, polarity=polarity))
    devices, change = [DISK, other], detuning / 2 / ORBIT.frequency_slope
    positions = distance * np.array([[0, 0], [np.cos(0.7), np.sin(0.7)]])
    currents = [BIAS + change, polarity * (BIAS - change)]
    return Network(devices=devices, couplings=dipolar_couplings(devices, positions), bias={"current": currents})


@pytest.mark.parametrize("polarity", [1.0, -1.0])
def test_a_dipolar_pair_locks_within_the_width_of_its_polarities(polarity: float) -> None:
    distance = 2.1e-6 if polarity > 0 else 3.0e-6  # about as weak
    rate = dipolar_rate(DISK, distance, opposite=polarity < 0)
    width = ORBIT.oscillation.mutual_locking_width(rate, np.pi / 2)
    drive = held(DISK, (0, 0, 0), 10 / width, 0.3 / ORBIT.frequency)
    start = [[ORBIT.radius, 0.0], [ORBIT.radius, 0.0]]
    networks = [dipole_pair(distance, polarity, part * width) for part in EDGE]
    inside, outside = beat_map(networks, drive, initial=start) / width
    assert abs(inside) < 0.02
    assert abs(outside) > 0.05


def test_opposite_polarities_couple_three_times_as_strongly() -> None:
    # both widths are verified above to one per cent, so is their ratio
    ratio = dipolar_rate(DISK, 3e-6, opposite=True) / dipolar_rate(DISK, 3e-6)
    assert ratio == pytest.approx(3.0)


@pytest.mark.parametrize("kind", ["lorentzian", "gaussian", "uniform"])
@pytest.mark.parametrize("ratio", [1.1, 1.4, 2.0])
def test_the_order_parameter_is_kuramotos(kind: str, ratio: float) -> None:
    spread = Spread(kind=kind, width=1 / (2 * np.pi))  # type: ignore[arg-type]
    coupling = ratio * spread.critical_coupling()
    network = kuramoto(spread.frequencies(MANY, np.random.default_rng(0)), coupling)
    r = np.abs(run(network, 100.0).order)[-80:].mean()
    assert r == pytest.approx(spread.order(coupling), rel=ORDER_PARAMETER)


@pytest.mark.parametrize("kind", ["lorentzian", "gaussian"])
def test_the_critical_coupling_is_twice_over_pi_times_the_peak(kind: str) -> None:
    spread = Spread(kind=kind, width=1 / (2 * np.pi))  # type: ignore[arg-type]
    couplings = spread.critical_coupling() * np.array([1.05, 1.08, 1.11, 1.15, 1.2])
    frequencies = spread.frequencies(MANY, np.random.default_rng(0))
    found = [np.abs(run(kuramoto(frequencies, each), 150.0).order)[-100:].mean() for each in couplings]
    onset = np.polyval(np.polyfit(np.array(found) ** 2, couplings, 2), 0.0)  # K is smooth in r^2
    assert onset == pytest.approx(2 / (np.pi * spread.peak), rel=CRITICAL_COUPLING)


def test_a_uniform_spread_jumps_at_its_critical_coupling() -> None:
    spread = Spread(kind="uniform", width=1 / (2 * np.pi))
    critical = spread.critical_coupling()
    assert critical == pytest.approx(4 / np.pi)
    frequencies = spread.frequencies(MANY, np.random.default_rng(0))
    below, above = (
        np.abs(run(kuramoto(frequencies, part * critical), 150.0).order)[-50:].mean()
        for part in (1 - CRITICAL_COUPLING, 1 + CRITICAL_COUPLING)
    )
    assert below < 0.05
    assert above > np.pi / 4


@pytest.mark.parametrize("lag", [0.5, -1.0])
def test_a_lag_weakens_and_shifts_as_sakaguchi_and_kuramoto_found(lag: float) -> None:
    spread = Spread(kind="lorentzian", width=1 / (2 * np.pi))
    coupling = 1.6 * spread.critical_coupling(lag=lag)
    network = kuramoto(spread.frequencies(MANY, np.random.default_rng(0)), coupling, lag=lag)
    order = run(network, 100.0).order[-80:]
    phase = np.unwrap(np.angle(order))
    frequency = (phase[-1] - phase[0]) / (79 * 0.5 * 2 * np.pi)
    assert np.abs(order).mean() == pytest.approx(spread.order(coupling, lag=lag), rel=ORDER_PARAMETER)
    assert frequency == pytest.approx(sakaguchi_frequency(spread.width, coupling, lag), rel=ORDER_PARAMETER)


def test_noise_and_spread_add_in_the_critical_coupling() -> None:
    spread = Spread(kind="lorentzian", width=0.5 / (2 * np.pi))
    critical = spread.critical_coupling(diffusion=0.5)
    assert critical == pytest.approx(2 * (0.5 + 0.5))
    frequencies = spread.frequencies(MANY, np.random.default_rng(0))
    weak, strong = (
        np.abs(run(kuramoto(frequencies, part * critical, diffusion=0.5), 60.0, rng=np.random.default_rng(1)).order)
        for part in (0.8, 1.2)
    )
    assert weak[-40:].mean() < 0.06
    assert strong[-40:].mean() > 0.3


DIFFUSION, PULL = 1.0, 20.0


def total(coupling: float) -> np.ndarray:
    """Summed amplitude of two equal noisy oscillators."""
    network = kuramoto([0.0, 0.0], PULL, diffusion=DIFFUSION)
    network = network if coupling else replace(network, couplings=())
    drive = held(network.devices[0], (0, 0), 4000.0, 0.05)
    return simulate_network(network, drive, rng=np.random.default_rng(4)).total @ np.array([1, 1j])


def test_a_locked_pair_has_half_the_linewidth_and_four_times_the_power() -> None:
    """The common phase (phase_1 + phase_2)/2 diffuses with D/2: derived here, for noises that are independent.

    The difference stays within sqrt(D/K), so that <|z|^2> = 2 + 2 e^(-D/K), 3.9 here and 4 for K >> D.
    """
    single, locked = DIFFUSION / np.pi, total(1.0)
    assert fit_line(total(0.0), 0.05).linewidth == pytest.approx(single, rel=LINE)
    assert fit_line(locked, 0.05).linewidth == pytest.approx(single / 2, rel=LINE)
    assert np.mean(np.abs(locked) ** 2) == pytest.approx(2 + 2 * np.exp(-DIFFUSION / PULL), rel=0.01)


def test_the_power_of_oscillators_apart_is_linear_in_their_number() -> None:
    powers = []
    for count in (1, 2, 4, 8, 16):
        devices = [PhaseOscillator(frequency=0.1 + 0.013 * n, longest_step=0.1) for n in range(count)]
        run = simulate_network(Network(devices=devices), held(devices[0], (0, 0), 5000.0, 0.5))
        powers.append(float(np.var(run.total[:, 0])))
    np.testing.assert_allclose(np.array(powers), 0.5 * np.array([1, 2, 4, 8, 16]), rtol=STATISTICS)
