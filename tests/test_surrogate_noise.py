"""Learned noise against exact solutions: likelihood, Cramer-Rao bounds, and what must not be taken for noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import multivariate_normal

from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.surrogate.field import FieldShape, field_size
from spinode.surrogate.filter import filter_slopes, filter_trace
from spinode.surrogate.innovations import Problem, Stretch, flat_noise, innovations, tune_noise
from spinode.surrogate.learned_noise import SILENT, LearnedNoise
from spinode.surrogate.least_squares import Record
from spinode.surrogate.noise_climb import HEUN_DECAY, HEUN_TURN, heun_steps
from spinode.traces import Trace, TraceSet
from tests.known_devices import FAST, duffing, made, random_levels
from tests.noisy_traces import ENVELOPE, decay, envelope_trace, settled
from tests.tolerances import COVERED, LIKELIHOOD, SAME_MOMENTS, SCATTER

LEARN = FitSettings(noise="learn", degrees=(1,), order=1)
RATE, STRENGTH, MEASUREMENT = 0.25, 0.1, 0.05


def scaled_problem(trace: Trace) -> Problem:
    """A linear field of one state on a trace without a drive, in the trace's own units."""
    values, shape = trace.output.values, FieldShape(states=1, inputs=0, degree=1)
    record = Record(outputs=values.copy(), drive=np.zeros((len(values), 4, 0)))
    stretch = Stretch(first=0, scored=0, last=len(values))
    return Problem(shape=shape, record=record, stretches=(stretch,), starts=(np.zeros(1),))


def noise_of(surrogate: Surrogate) -> LearnedNoise:
    assert surrogate.noise is not None
    return surrogate.noise


def process_deviation(surrogate: Surrogate, output: int = 0) -> float:
    """b of an output's noise in its unit per root sample."""
    noise = noise_of(surrogate)
    return float(np.sqrt(np.exp(noise.exponents[output, 0])) * surrogate.scaling.output_scale[output])


# Exact


def test_the_likelihood_of_the_filter_is_that_of_one_big_normal_distribution() -> None:
    trace = decay(200, 1)
    noise = flat_noise(FieldShape(states=1, inputs=0, degree=1), STRENGTH, np.array([MEASUREMENT]))
    found = innovations(scaled_problem(trace), np.array([0.0, -RATE]), noise).likelihood
    fading = np.exp(-RATE)
    kick = STRENGTH * (1 - fading**2) / (2 * RATE)
    variance = np.empty(200)
    variance[0] = 0.1
    for i in range(1, 200):
        variance[i] = fading**2 * variance[i - 1] + kick
    lag = np.arange(200)
    covariance = variance[np.minimum.outer(lag, lag)] * fading ** np.abs(np.subtract.outer(lag, lag))
    exact = multivariate_normal(np.zeros(200), covariance + MEASUREMENT * np.eye(200)).logpdf(trace.output.values[:, 0])
    assert found == pytest.approx(exact, abs=LIKELIHOOD)


def test_a_rotation_within_a_sample_spreads_the_noise_as_the_integral_says() -> None:
    shape = FieldShape(states=2, inputs=0, degree=1)
    rates = np.array([[-0.1, 0.5], [-0.5, -0.1]])
    theta = np.column_stack([np.zeros(2), rates]).ravel()
    noise = flat_noise(shape, 1.0, np.array([1e12]))
    noise = replace(noise, exponents=np.array([[np.log(0.3), 0, 0], [np.log(0.7), 0, 0]]))
    found = (*(np.empty((2, 1)) for _ in range(4)), np.empty((2, 2)))
    silent_start = (np.zeros(2), np.zeros((2, 2)))
    model = (shape.sizes, theta, noise.packed(), np.array([0.0]))
    filter_trace((*model[:3], np.array([1e6])), (np.zeros((2, 1)), np.zeros((2, 4, 0))), silent_start, found)
    times = (np.arange(2000) + 0.5) / 2000
    turned = np.exp(-0.1 * times)[:, None] * np.column_stack([np.cos(0.5 * times), np.sin(0.5 * times)])
    exact = np.mean(0.3 * turned[:, 0] ** 2 + 0.7 * turned[:, 1] ** 2)
    assert found[3][1, 0] - 1e6 == pytest.approx(exact, rel=1e-4)


def test_heun_steps_follow_the_fastest_decay_and_the_fastest_turn() -> None:
    decaying, turning = (FieldShape(states=count, inputs=0, degree=1) for count in (1, 2))
    assert heun_steps(decaying, np.array([0.0, -RATE]), np.zeros((3, 1))) == np.ceil(RATE / HEUN_DECAY)
    assert heun_steps(turning, np.array([0, -0.1, 0.5, 0, -0.5, -0.1]), np.zeros((3, 2))) == np.ceil(0.5 / HEUN_TURN)


def test_the_longest_heun_step_leaves_a_decay_and_its_variance_as_they_are() -> None:
    a = HEUN_DECAY
    factor, kick = 1 - a + a**2 / 2, a * (1 - a / 2) ** 2  # of dx = -x dt + dW, by hand
    assert -np.log(factor) / a == pytest.approx(1, abs=2e-3)
    assert kick / (1 - factor**2) == pytest.approx(0.5, rel=3e-3)


def test_two_outputs_worked_in_one_after_another_have_the_likelihood_of_both_at_once() -> None:
    count, rates = 60, np.array([[-0.1, 0.5], [-0.5, -0.1]])
    shape, measurement = FieldShape(states=2, inputs=0, degree=1), np.array([0.05, 0.2])
    noise = flat_noise(shape, STRENGTH, measurement)
    outputs = np.random.default_rng(1).standard_normal((count, 2))
    record = Record(outputs=outputs, drive=np.zeros((count, 4, 0)))
    stretch = Stretch(first=0, scored=0, last=count)
    problem = Problem(shape=shape, record=record, stretches=(stretch,), starts=(np.zeros(2),))
    found = innovations(problem, np.column_stack([np.zeros(2), rates]).ravel(), noise).likelihood
    step, kick = expm(rates), STRENGTH * (1 - np.exp(-0.2)) / 0.2 * np.eye(2)  # a rotation leaves equal noises alone
    covariance, own = np.zeros((count, 2, count, 2)), 0.1 * np.eye(2)
    for i in range(count):
        later = own.copy()
        for j in range(i, count):
            covariance[j, :, i, :], covariance[i, :, j, :] = later, later.T
            later = step @ later
        own = step @ own @ step.T + kick
    total = covariance.reshape(2 * count, 2 * count) + np.diag(np.tile(measurement, count))
    exact = multivariate_normal(np.zeros(2 * count), total).logpdf(outputs.ravel())
    assert found == pytest.approx(exact, abs=LIKELIHOOD * abs(exact))


def test_noise_and_rate_are_recovered_within_their_cramer_rao_intervals() -> None:
    twin = fit(TraceSet((decay(5000, 3),)), LEARN)
    scale = twin.scaling.output_scale[0]
    problem = scaled_problem(decay(5000, 3))
    free = np.array([[1.0, 0.0]])
    start = flat_noise(problem.shape, STRENGTH, np.array([MEASUREMENT]))
    rate = -twin.theta[1]
    bound = np.sqrt(np.diag(np.linalg.inv(tune_noise(problem, np.array([0.0, -rate]), start, free).information)))
    assert noise_of(twin).measurement[0] * scale**2 == pytest.approx(MEASUREMENT, rel=4 * bound[1])
    assert process_deviation(twin) ** 2 == pytest.approx(STRENGTH, rel=4 * np.hypot(bound[0], 0.05))
    assert rate == pytest.approx(RATE, rel=0.1)


def test_the_slopes_of_the_innovations_lead_to_the_gradient_where_the_gain_does_not_change() -> None:
    trace = decay(400, 4)
    problem = scaled_problem(trace)
    shape, theta = problem.shape, np.array([0.02, -0.2])
    noise = replace(flat_noise(shape, STRENGTH, np.array([MEASUREMENT])))
    square, gradient = np.zeros((2, 2)), np.zeros(2)
    data = (problem.record.outputs, problem.record.drive)
    model = (shape.sizes, theta, noise.packed(), noise.measurement)
    filter_slopes(model, data, (np.zeros(1), 0.1 * np.eye(1)), (0, 400), (square, gradient))
    offset = [innovations(problem, theta + np.array([step, 0.0]), noise).likelihood for step in (1e-5, -1e-5)]
    assert -gradient[0] == pytest.approx((offset[0] - offset[1]) / 2e-5, rel=1e-5)  # a constant leaves the gain alone
    assert (np.linalg.eigvalsh(square) > 0).all()


def test_the_packed_field_says_how_long_it_is() -> None:
    for hidden in ((), (3,), (4, 4)):
        shape = FieldShape(states=3, inputs=2, degree=2, hidden=hidden, modes=1)
        assert field_size(shape.sizes) == shape.size


# What must not be taken for noise


def test_measurement_noise_alone_is_not_taken_for_process_noise() -> None:
    twin = fit(TraceSet((decay(6000, 5, strength=0.0, push=0.5, measurement=0.2),)), LEARN)
    assert not noise_of(twin).driven
    assert noise_of(twin).measurement[0] * twin.scaling.output_scale[0] ** 2 == pytest.approx(0.2, rel=SCATTER)
    assert twin.record["noise"] == "measurement only"


def test_a_trace_without_noise_does_not_become_noisy() -> None:
    trace = decay(3000, 6, strength=0.0, push=0.5, measurement=0.0)
    twin = fit(TraceSet((trace,)), LEARN)
    first, other = (simulate(twin, trace.drive, rng=np.random.default_rng(seed)) for seed in (1, 2))
    apart = np.std(first.output.values - other.output.values) / trace.output.values.std()
    assert apart < 1e-3
    assert np.sqrt(noise_of(twin).measurement[0]) < 1e-3


def test_shuffled_samples_have_no_memory_so_all_is_measurement_noise() -> None:
    trace = decay(4000, 7, push=0.5)
    mixed = np.random.default_rng(0).permutation(trace.output.values)
    twin = fit(TraceSet((replace(trace, output=replace(trace.output, values=mixed)),)), LEARN)
    fast = noise_of(twin).driven  # white samples may also be a state that forgets within a sample: either has no memory
    free = settled(simulate(twin, trace.drive, rng=np.random.default_rng(1)).output.values) if fast else np.zeros(10)
    memory = float(free[1:] @ free[:-1]) / max(float(free @ free), 1e-300)
    assert noise_of(twin).measurement[0] + float(fast) * free.var() / mixed.var() == pytest.approx(1.0, rel=SCATTER)
    assert abs(memory) < 0.1


def test_auto_leaves_a_clean_trace_to_the_fit_without_noise() -> None:
    trace, settings = duffing(random_levels(1200, 1)), replace(FAST, degrees=(2,), order=1)
    quiet, auto = (fit(TraceSet((trace,)), replace(settings, noise=noise)) for noise in ("none", "auto"))
    assert auto.noise is None
    assert np.array_equal(auto.theta, quiet.theta)


def test_auto_learns_the_noise_of_a_noisy_trace() -> None:
    twin = fit(TraceSet((decay(4000, 8),)), replace(LEARN, noise="auto"))
    assert noise_of(twin).driven


def test_a_fit_without_time_ends_after_its_first_candidate_with_a_noise() -> None:
    twin = fit(TraceSet((decay(1500, 8),)), FitSettings(noise="learn", degrees=(1, 2, 3), minutes=1e-9))
    assert (twin.shape.degree, twin.shape.states) == (1, 1)
    assert noise_of(twin).driven


# State-dependent noise


def test_noise_that_grows_with_the_state_is_learned_with_its_slope() -> None:
    true, trace = growing_noise(10000, 9)
    twin = fit(TraceSet((trace,)), LEARN)
    assert noise_of(twin).exponents[0, 1] / twin.scaling.output_scale[0] == pytest.approx(true, rel=0.15)
    free = simulate(twin, trace.drive, rng=np.random.default_rng(1))
    ours, theirs = settled(free.output.values), settled(trace.output.values)
    assert ours.var() == pytest.approx(theirs.var(), rel=0.15)
    assert np.mean(ours**3) / ours.std() ** 3 == pytest.approx(np.mean(theirs**3) / theirs.std() ** 3, abs=0.3)


def growing_noise(count: int, seed: int) -> tuple[float, Trace]:
    """dx = -x/4 dt + b(x) dW (Stratonovich), ln b^2 = -3.4 + 1.2 x, in fifty Heun steps a sample; slope and trace."""
    rng = np.random.default_rng(seed)
    parts, slope = 50, 1.2
    x, record = 0.0, np.empty(count)
    kicks = rng.standard_normal((count, parts)) / np.sqrt(parts)
    for i in range(count):
        record[i] = x
        for kick in kicks[i].tolist():
            b = np.exp(0.5 * (-3.4 + slope * x))
            guess = x - 0.25 * x / parts + b * kick
            other = np.exp(0.5 * (-3.4 + slope * guess))
            x += -0.125 * (x + guess) / parts + 0.5 * (b + other) * kick
    trace = decay(count, seed)
    return slope, replace(
        trace, output=replace(trace.output, values=record[:, None] + 0.02 * rng.standard_normal((count, 1)))
    )


# A device


@pytest.fixture(scope="module")
def envelope_twin() -> Surrogate:
    return fit(TraceSet((envelope_trace(1.5e-3, 1),)), FitSettings(noise="learn", degrees=(2,)))


def test_the_envelope_s_two_noises_are_told_apart(envelope_twin: Surrogate) -> None:
    noise, scale = noise_of(envelope_twin), envelope_twin.scaling.output_scale[0]
    assert np.sqrt(noise.measurement[0]) * scale == pytest.approx(0.3e-3, rel=0.15)
    true = ENVELOPE.deviation * np.sqrt(2 * envelope_twin.dt / ENVELOPE.relaxation_time)
    assert process_deviation(envelope_twin) == pytest.approx(true, rel=0.06)


def test_free_runs_scatter_and_forget_as_the_device_does(envelope_twin: Surrogate) -> None:
    held = envelope_trace(4e-3, 3, measurement=0.0, current=6e-3)
    free = simulate(envelope_twin, held.drive, rng=np.random.default_rng(5))
    ours, theirs = settled(free.output.values), settled(held.output.values)
    assert ours.var() == pytest.approx(theirs.var(), rel=0.10)
    assert ours[4:] @ ours[:-4] / (ours @ ours) == pytest.approx(theirs[4:] @ theirs[:-4] / (theirs @ theirs), abs=0.05)
    noisy = envelope_twin.measured(free, np.random.default_rng(6))
    assert np.std(noisy.output.values - free.output.values) == pytest.approx(0.3e-3, rel=0.15)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_one_step_intervals_cover_held_out_samples_as_often_as_they_say(envelope_twin: Surrogate, level: float) -> None:
    held = envelope_trace(2e-3, 2)
    found = envelope_twin.intervals(held, level)
    assert found.coverage(held.output.values)[0] == pytest.approx(level, abs=COVERED)
    z = found.normalised[envelope_twin.warm_up :, 0]
    assert np.abs(z[1:] @ z[:-1]) / len(z) < COVERED


def test_noise_twice_as_strong_is_not_covered(envelope_twin: Surrogate) -> None:
    held = envelope_trace(2e-3, 2, measurement=1.2e-3)
    assert envelope_twin.intervals(held).coverage(held.output.values)[0] < 0.8


def test_without_a_generator_the_run_is_smooth_and_with_the_same_seed_it_is_the_same(envelope_twin: Surrogate) -> None:
    drive = envelope_trace(0.1e-3, 4).drive
    one, two, three = (simulate(envelope_twin, drive, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.output.values, two.output.values)
    assert not np.array_equal(one.output.values, three.output.values)
    quiet = simulate(envelope_twin, drive).output.values
    assert np.array_equal(
        quiet, simulate(replace(envelope_twin, noise=replace(noise_of(envelope_twin))), drive).output.values
    )


# Files and bad input


def test_the_noise_survives_the_file_and_gives_the_same_runs(tmp_path: Path, envelope_twin: Surrogate) -> None:
    save_surrogate(tmp_path / "twin.h5", envelope_twin)
    loaded = load_surrogate(tmp_path / "twin.h5")
    drive = envelope_trace(0.05e-3, 4).drive
    runs = [simulate(twin, drive, rng=np.random.default_rng(1)).output.values for twin in (envelope_twin, loaded)]
    assert np.array_equal(*runs)


def test_a_file_with_a_damaged_noise_is_refused_in_one_line(tmp_path: Path, envelope_twin: Surrogate) -> None:
    bad = replace(noise_of(envelope_twin), measurement=np.array([0.1]))
    save_surrogate(tmp_path / "twin.h5", replace(made(), noise=None))
    assert load_surrogate(tmp_path / "twin.h5").noise is None
    with pytest.raises(ValueError, match=r"Surrogate\.noise must belong to a field") as caught:
        replace(made(), noise=bad)
    assert "\n" not in str(caught.value)
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file["noise"] = np.zeros(3)
    with h5py.File(tmp_path / "raw.h5") as file, pytest.raises(ValueError, match="'noise' must be a group"):
        from spinode.surrogate.noise_store import get_noise

        get_noise(file, made().shape, 1)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("exponents", np.full((1, 2), np.nan)),
        ("exponents", np.zeros(2)),
        ("bounds", np.array([[1.0, 0.0]])),
        ("measurement", np.array([-1.0])),
        ("substeps", 0),
        ("substeps", 1000),
    ],
)
def test_numbers_that_are_no_noise_are_named(part: str, value: FloatArray | int) -> None:
    given = {
        "exponents": np.zeros((1, 2)),
        "bounds": np.array([[SILENT, 0.0]]),
        "measurement": np.zeros(1),
        "substeps": 1,
    }
    with pytest.raises(ValueError, match=rf"LearnedNoise\.{part} must be") as caught:
        LearnedNoise(**(given | {part: value}))
    assert "\n" not in str(caught.value)


def test_what_needs_noise_says_so(envelope_twin: Surrogate) -> None:
    trace = envelope_trace(0.05e-3, 4)
    without = replace(envelope_twin, noise=None)
    with pytest.raises(ValueError, match="must have learned noise, got none"):
        without.intervals(trace)
    with pytest.raises(ValueError, match="must have learned noise, got none"):
        without.measured(trace, np.random.default_rng(1))
    with pytest.raises(ValueError, match=r"intervals\.level must be"):
        envelope_twin.intervals(trace, 1.0)
    with pytest.raises(ValueError, match=r"FitSettings\.noise must be none, learn or auto, got some"):
        FitSettings(noise="some")


def test_repeated_moments_are_those_of_the_exact_solution() -> None:
    twin = fit(TraceSet((decay(6000, 10),)), LEARN)
    drive = replace(decay(40000, 11).drive)
    free = settled(simulate(twin, drive, rng=np.random.default_rng(2)).output.values)
    assert free.var() == pytest.approx(STRENGTH / (2 * RATE), rel=SAME_MOMENTS)
