"""The engine of networks: its couplings against an independent solver, its noise, its memory and its errors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import solve_ivp

from spinode.devices import AutoOscillator, EnvelopeOscillator, VortexOscillator
from spinode.devices.phase_oscillator import PhaseOscillator
from spinode.devices.trigonometry import sine_cosine
from spinode.devices.vortex_plane import PlaneFieldVortex
from spinode.networks.circuits import common_current
from spinode.networks.coupling import MatrixCoupling, MeanField, Tone, quadrature
from spinode.networks.dipolar import dipolar_couplings
from spinode.networks.kuramoto import kuramoto
from spinode.networks.network import Network, side_by_side
from spinode.networks.run import Record, simulate_network
from spinode.signals import Channel, FloatArray, signal_of
from spinode.simulate import DivergedError, simulate, simulate_ensemble
from tests.known_devices import made, trace_for
from tests.networks import CURRENT, FAST, held
from tests.problems import order
from tests.tolerances import COMPOSED, ORDER, ROUNDING, STATISTICS

COUNT = 37
RNG = np.random.default_rng(0)
RATES, GAIN, PHASES, START = RNG.normal(size=COUNT), RNG.random(COUNT), RNG.random(COUNT), RNG.uniform(0, 6, COUNT)
MATRIX = RNG.normal(size=(COUNT, COUNT)) * (RNG.random((COUNT, COUNT)) < 0.1)


def everything() -> Network:
    """Phase oscillators with every kind of coupling without delay, tones and a bias."""
    plain = kuramoto(RATES / (2 * np.pi), 2.0, lag=0.3)
    sums = MeanField(source={"cosine": 1.0}, target="across", gain=GAIN, weight=0.1 * GAIN)
    links = MatrixCoupling(matrix=MATRIX, source={"sine": 1.0, "theta": 0.1}, target="along")
    tones = (
        Tone(target="across", frequency=GAIN, amplitude=GAIN, phase=PHASES),
        Tone(target="along", frequency=0.3, amplitude=0.4),
    )
    return replace(plain, couplings=(*plain.couplings, sums, links), tones=tones, bias={"across": GAIN})


def everything_rate(t: float, x: FloatArray) -> FloatArray:
    """The same, written with numpy."""
    mean = 2 * np.mean(np.exp(1j * (x - 0.3)))
    along = mean.real + MATRIX @ (np.sin(x) + 0.1 * x) + 0.4 * np.cos(2 * np.pi * 0.3 * t)
    across = mean.imag + GAIN * np.sum(0.1 * GAIN * np.cos(x)) + GAIN * np.cos(2 * np.pi * GAIN * t + PHASES) + GAIN
    return np.asarray(RATES + across * np.cos(x) - along * np.sin(x))


def test_all_couplings_and_tones_converge_to_an_independent_solution_with_fourth_order() -> None:
    truth = solve_ivp(everything_rate, (0, 5), START, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    network, steps = everything(), 2 ** np.arange(4)
    drive = held(network.devices[0], (0, 0), 5.0, 0.05)
    runs = [simulate_network(network, drive, initial=START[:, None], substeps=int(each)) for each in steps]
    errors = np.array([np.abs(run.state[:, 0] - truth).max() for run in runs])
    assert errors[-1] < 1e-7
    assert order(0.05 / steps, errors) == pytest.approx(4, abs=ORDER)


def test_the_long_steps_of_eighth_order_agree() -> None:
    network = kuramoto(RATES / (2 * np.pi), 2.0, lag=0.3)
    drive = held(network.devices[0], (0, 0), 5.0, 1.0)
    long = simulate_network(network, drive, initial=START[:, None])
    short = simulate_network(network, drive, initial=START[:, None], substeps=200)
    assert ("Runge-Kutta 8" in long.source, "Runge-Kutta 4" in short.source) == (True, True)
    np.testing.assert_allclose(long.state, short.state, atol=1e-6)


def delayed(history: Callable[[float], float], delay: float) -> Callable[[float, FloatArray], list[float]]:
    """Right-hand side of dtheta/dt = cos(theta) history(t - delay), empty before 0."""
    return lambda t, x: [np.cos(x[0]) * (history(t - delay) if t >= delay else 0.0)]


@pytest.mark.parametrize("kind", ["mean field", "matrix"])
def test_a_delayed_signal_is_that_of_the_past(kind: str) -> None:
    # a driver turns freely at 1 rad/s, a listener hears its sine 0.7 s late
    delay, devices = 0.7, [PhaseOscillator(frequency=1 / (2 * np.pi)), PhaseOscillator(frequency=0.0)]
    if kind == "matrix":
        line: MatrixCoupling | MeanField = MatrixCoupling(
            matrix=[[0, 0], [1, 0]], source={"sine": 1.0}, target="across", delay=delay
        )
    else:
        line = MeanField(source={"sine": 1.0}, target="across", gain=[0, 1], weight=[1, 0], delay=delay)
    drive = held(devices[0], (0, 0), 6.0, 0.1)
    run = simulate_network(Network(devices=devices, couplings=[line]), drive, substeps=2)
    truth = solve_ivp(delayed(np.sin, delay), (0, 6), [0.0], rtol=1e-10, atol=1e-12, max_step=0.01).y[0, -1]
    assert run.state[1, 0] == pytest.approx(truth, abs=1e-6)


def test_without_coupling_each_oscillator_moves_as_it_does_alone() -> None:
    devices = [replace(FAST, frequency=1.0 + 0.01 * number) for number in range(21)]
    drive = held(FAST, (CURRENT, 0.0), 5.0, 0.1)
    run = simulate_network(Network(devices=devices), drive, substeps=30, record=Record(oscillators=range(21)))
    for number, trace in enumerate(simulate_ensemble(devices, drive, substeps=30)):
        np.testing.assert_allclose(run.outputs[:, number], trace.output.values, atol=COMPOSED)
    np.testing.assert_allclose(run.total, run.outputs.sum(axis=1), atol=ROUNDING)


def test_smooth_drives_of_each_oscillator_are_interpolated_as_in_simulate() -> None:
    time = np.arange(60) * 0.1
    channels = (Channel(name="current", unit="A"), Channel(name="force", unit="1/s", hold=True))
    drives = [signal_of(np.c_[1.5 + 0.1 * np.sin(time + n), 0 * time], 0.1, *channels) for n in range(3)]
    run = simulate_network(Network(devices=[FAST] * 3), drives, substeps=30, record=Record(oscillators=(2,), every=2))
    alone = simulate(FAST, drives[2], substeps=30).output.values[::2]
    np.testing.assert_allclose(run.outputs[:, 0], alone, atol=COMPOSED)


def test_the_record_of_states_gives_order_parameter_and_frequencies() -> None:
    devices = [PhaseOscillator(frequency=f, longest_step=0.05) for f in (0.3, -0.2, 0.1)]
    drive = held(devices[0], (0, 0), 20.0, 0.1)
    run = simulate_network(Network(devices=devices), drive, record=Record(window=50))
    expected = np.exp(2j * np.pi * np.outer(drive.time, [0.3, -0.2, 0.1])).mean(axis=1)
    np.testing.assert_allclose(run.order, expected, atol=COMPOSED)
    np.testing.assert_allclose(run.frequencies(), [0.3, -0.2, 0.1], atol=COMPOSED)
    assert run.turns.shape == (5, 3)


def noisy(count: int, seed: int = 3) -> FloatArray:
    devices = [PhaseOscillator(frequency=0.0, diffusion=0.5, longest_step=0.1)] * count
    drive = held(devices[0], (0, 0), 4.0, 0.5)
    return simulate_network(Network(devices=devices), drive, rng=np.random.default_rng(seed)).state[:, 0]


def test_the_noise_has_its_variance_and_belongs_to_the_oscillator() -> None:
    many = noisy(8000)
    assert many.var() == pytest.approx(2 * 0.5 * 4.0, rel=STATISTICS)
    np.testing.assert_array_equal(noisy(30), many[:30])
    assert np.abs(np.corrcoef(many[:4000], many[4000:])[0, 1]) < 0.05
    assert (noisy(30, seed=4) != many[:30]).all()


def test_a_network_beside_others_moves_as_it_does_alone() -> None:
    small = [replace(kuramoto([0.0, 0.1 * n], 1.0), tones=(Tone(target="along", frequency=0.2, amplitude=0.1 * n),))
             for n in range(5)]  # fmt: skip
    drive = held(small[0].devices[0], (0, 0), 10.0, 0.5)
    start = np.array([[0.0], [1.0]])
    together = simulate_network(side_by_side(small), drive, initial=np.tile(start, (5, 1)), substeps=20)
    for number, network in enumerate(small):
        alone = simulate_network(network, drive, initial=start, substeps=20)
        np.testing.assert_allclose(together.state[2 * number : 2 * number + 2], alone.state, atol=COMPOSED)


def test_sine_and_cosine_are_those_of_the_library() -> None:
    angles = np.linspace(-1e6, 1e6, 20_001)
    found = np.array([sine_cosine(angle) for angle in angles])
    np.testing.assert_allclose(found, np.c_[np.sin(angles), np.cos(angles)], atol=2e-13)


def kirchhoff(volts: FloatArray, ohms: FloatArray, load: float, arrangement: str) -> FloatArray:
    """Branch currents, from the linear equations of the circuit."""
    if arrangement == "series":
        return np.full(volts.size, -volts.sum() / (ohms.sum() + load))
    # unknowns: branch currents and the node; V - R i = v, V + Z sum i = 0
    count = volts.size
    system = np.zeros((count + 1, count + 1))
    system[:count, :count], system[:count, count], system[count, :count] = -np.diag(ohms), 1.0, load
    system[count, count] = 1.0
    return np.asarray(np.linalg.solve(system, np.append(volts, 0.0))[:count])


@pytest.mark.parametrize("arrangement", ["series", "parallel"])
@pytest.mark.parametrize("load", [0.0, 50.0, 1e9])
def test_the_microwave_current_is_that_of_kirchhoffs_laws(arrangement: str, load: float) -> None:
    ohms = np.array([90.0, 100.0, 130.0])
    devices = [replace(FAST, resistance_swing=8.0)] * 3
    state = np.array([[0.3, 0.1], [-0.2, 0.4], [0.1, 0.0]])
    volts = 4.0 * CURRENT * state[:, 0]
    couplings = common_current(devices, resistance=ohms, load=load, arrangement=arrangement, into=("force", 2.0))  # type: ignore[arg-type]
    network, drive = Network(devices=devices, couplings=couplings), held(FAST, (CURRENT, 0.0), 2e-6, 1e-6)
    free = simulate_network(replace(network, couplings=()), drive, initial=state, substeps=1).state
    pushed = simulate_network(network, drive, initial=state, substeps=1).state
    expected = 2e-6 * 2.0 * kirchhoff(volts, ohms, load, arrangement)
    np.testing.assert_allclose((pushed - free)[:, 0], expected, rtol=1e-4, atol=1e-13)


def test_an_inductive_load_delays_the_current_by_its_phase() -> None:
    line = common_current([FAST], resistance=30.0, load=20 + 50j, frequency=FAST.frequency, into=("force", 1.0))[0]
    assert line.delay == pytest.approx(0.125 / FAST.frequency)  # arg(50 + 50 i) is an eighth of a turn
    assert float(np.asarray(line.weight)) == pytest.approx(1 / abs(50 + 50j))  # type: ignore[union-attr]


def test_a_dipole_field_of_any_direction_moves_the_core_as_a_turned_one() -> None:
    device, turn = PlaneFieldVortex(vortex=VortexOscillator()), np.exp(0.7j)

    def end(field: complex, start: complex) -> complex:
        drive = held(device, (2e-3, field.real, field.imag), 2e-9, 0.1e-9)
        network = Network(devices=[device])
        state = simulate_network(network, drive, initial=[[start.real, start.imag]], substeps=5).state[0]
        return complex(state[0], state[1])

    assert end(1e-3 * turn, 0.1 * turn) == pytest.approx(turn * end(1e-3 + 0j, 0.1 + 0j), abs=1e-9)


VORTICES = [PlaneFieldVortex(vortex=VortexOscillator())] * 2
ONE = PhaseOscillator()


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: Network(devices=[]), "Network.devices must be at least one"),
        (lambda: Network(devices=[AutoOscillator(), EnvelopeOscillator()]), "Network.devices must be of one kind"),
        (lambda: MatrixCoupling(matrix=np.ones((2, 3)), source={"x": 1}, target="force"), "matrix must be square"),
        (lambda: _network(MatrixCoupling(matrix=np.eye(3), source={"sine": 1.0}, target="along")), r"shape \(2, 2\)"),
        (lambda: _network(MeanField(source={"sin": 1.0}, target="along")), "output or state 'sin'"),
        (lambda: _network(MeanField(source={"sine": 1.0}, target="force")), "input 'force'"),
        (lambda: _network(MeanField(source={"sine": 1.0}, target="along", gain=[1, 2, 3])), "one number or 2"),
        (lambda: MeanField(source={}, target="along"), "MeanField.source must be a weight"),
        (lambda: MeanField(source={"sine": 1.0}, target="along", delay=-1.0), "delay must be 0 s or above"),
        (lambda: MeanField(source={"sine": 1.0}, target="along", gain=np.nan), "MeanField.gain must be a finite"),
        (lambda: Tone(target="along", frequency=-1.0, amplitude=1.0), "Tone.frequency must be 0 Hz or above"),
        (lambda: Network(devices=[ONE], bias={"along": [1, 2]}), r"Network.bias\['along'\]"),
        (lambda: common_current([FAST], resistance=50, load=-1), "common_current.load must have a real part"),
        (lambda: common_current([FAST], resistance=0, load=1), "resistance must be above 0 ohm"),
        (lambda: common_current([FAST], resistance=1, load=1j), "frequency must be above 0 Hz"),
        (lambda: dipolar_couplings(VORTICES, [[0, 0], [1e-7, 0]]), "positions must keep disks 2e-07 m apart"),
        (lambda: dipolar_couplings(VORTICES, [[0, 0]]), "positions must be finite, of shape"),
        (lambda: kuramoto([0.0], -1.0), "kuramoto.coupling must be above 0"),
        (lambda: _run(Record(oscillators=(5,))), "Record.oscillators must be 0 to 1"),
        (lambda: _run(Record(window=1), frequency=2.3), "samples at most 0.45 turns apart"),
        (lambda: _late(1e-3), "delay must be 0 or at least a solver step"),
    ],
)
def test_a_mistake_is_answered_in_one_line(mistake: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        mistake()
    assert "\n" not in str(caught.value)


def _network(coupling: MeanField | MatrixCoupling) -> Network:
    return Network(devices=[ONE, ONE], couplings=[coupling])


def _run(record: Record, frequency: float = 0.1) -> object:
    devices = [PhaseOscillator(frequency=frequency)] * 2
    return simulate_network(Network(devices=devices), held(ONE, (0, 0), 2.0, 0.2), record=record)


def _late(delay: float) -> object:
    network = _network(MeanField(source={"sine": 1.0}, target="along", delay=delay))
    return simulate_network(network, held(ONE, (0, 0), 2.0, 0.2))


def test_a_run_that_leaves_the_model_names_the_oscillator() -> None:
    network = Network(devices=[FAST] * 12, bias={"force": np.where(np.arange(12) == 7, 100.0, 0.0)})
    with pytest.raises(DivergedError, match="oscillator 7 of the network diverged at") as caught:
        simulate_network(network, held(FAST, (CURRENT, 0), 2.0, 0.1))
    assert caught.value.member == 7


def test_a_signal_that_leads_by_an_angle_is_the_turned_quadrature() -> None:
    c = np.exp(1j * np.linspace(0, 6, 7))
    weights = quadrature("x", "y", 0.4)
    np.testing.assert_allclose(weights["x"] * c.real + weights["y"] * c.imag, (c * np.exp(0.4j)).real, atol=ROUNDING)


def test_a_sparse_matrix_keeps_its_links_only() -> None:
    links = sparse.random_array((1000, 1000), density=1e-3, rng=np.random.default_rng(1))
    coupling = MatrixCoupling(matrix=links, source={"sine": 1.0}, target="along")
    assert coupling.matrix.nnz == links.nnz


def test_a_learned_device_runs_through_the_same_path() -> None:
    twin = made()
    drive = trace_for(twin).drive
    alone = simulate(twin, drive).output.values
    link = MatrixCoupling(matrix=[[0, 0], [0.3, 0]], source={twin.outputs[0].name: 1.0}, target=twin.inputs[0].name)
    free = simulate_network(Network(devices=[twin, twin]), drive, record=Record(oscillators=(0, 1)))
    joined = simulate_network(Network(devices=[twin, twin], couplings=[link]), drive, record=Record(oscillators=(0, 1)))
    for number in range(2):
        np.testing.assert_allclose(free.outputs[:, number], alone, atol=COMPOSED)
    np.testing.assert_array_equal(joined.outputs[:, 0], free.outputs[:, 0])
    assert np.abs(joined.outputs[-20:, 1] - free.outputs[-20:, 1]).max() > 1e-6  # of outputs that scatter by 1e-3


def test_threads_that_share_the_networks_of_a_sweep_change_no_number() -> None:
    networks = [kuramoto(RATES / (2 * np.pi), coupling, diffusion=0.1) for coupling in (1.0, 1.5, 2.0, 3.0)]
    drive = held(networks[0].devices[0], (0, 0), 20.0, 0.1)

    def one(number: int) -> FloatArray:
        return simulate_network(networks[number], drive, rng=np.random.default_rng(number)).state

    with ThreadPoolExecutor(4) as pool:
        for number, state in enumerate(pool.map(one, range(4))):
            np.testing.assert_array_equal(state, one(number))
