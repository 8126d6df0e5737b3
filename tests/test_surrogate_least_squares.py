"""The pieces of the fit that have an exact answer: elimination, the smoothed start, the rate of a hidden pair."""

from __future__ import annotations

import numpy as np
import pytest

from spinode.surrogate.field import FieldShape
from spinode.surrogate.hidden import _stepped
from spinode.surrogate.least_squares import Record, Windows, _normal_equations, _solve, begin, improve
from spinode.surrogate.rollout import free_runs, tangent_runs
from spinode.surrogate.start import smoothed_state
from tests.tolerances import COMPOSED

SHAPE = FieldShape(states=2, inputs=1, degree=2)


def example(seed: int = 0) -> tuple[Record, Windows, np.ndarray]:
    rng = np.random.default_rng(seed)
    theta = np.zeros((2, SHAPE.monomials))
    theta[0, 2], theta[1, 1], theta[1, 2] = 0.3, -0.3, -0.05  # a damped oscillation
    drive = 0.2 * rng.standard_normal((121, 4, 1))
    theta[1, 3] = 0.1
    truth = free_runs(SHAPE.sizes, theta.ravel(), np.array([[1.0, 0.0]]), np.array([0]), 120, drive)[0]
    windows = Windows(starts=np.arange(0, 120, 30), steps=30, initial=truth[0:120:30] + 0.05)
    start = theta.ravel() + 0.01 * rng.standard_normal(theta.size)
    return Record(outputs=truth[:, :1], drive=drive), windows, start


def test_eliminating_the_initial_states_gives_the_step_of_the_whole_system() -> None:
    record, windows, theta = example()
    fit = begin(SHAPE, record, theta, windows, 1e-3)
    normal = _normal_equations(SHAPE, record, fit)
    solved = _solve(normal, theta, 0.1, 1e-6)
    assert solved is not None
    members, states, size = windows.starts.size, SHAPE.states, SHAPE.size
    whole = np.zeros((size + members * states, size + members * states))
    scale = np.diag(normal.square) + 0.01 * np.diag(normal.square).mean()
    whole[:size, :size] = normal.square + np.diag(0.1 * scale + 1e-6)
    right = np.concatenate([normal.gradient + 1e-6 * theta, normal.own_gradient.ravel()])
    for member in range(members):
        rows = slice(size + member * states, size + (member + 1) * states)
        own = normal.own[member]
        whole[rows, rows] = own + 0.1 * np.diag(np.diag(own))
        whole[rows, :size] = normal.cross[member]
        whole[:size, rows] = normal.cross[member].T
    dense = -np.linalg.solve(whole, right)
    np.testing.assert_allclose(solved[0], dense[:size], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(solved[1].ravel(), dense[size:], rtol=1e-6, atol=1e-9)


def test_normal_equations_do_not_depend_on_how_the_windows_are_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    record, windows, theta = example()
    fit = begin(SHAPE, record, theta, windows, 1e-3)
    whole = _normal_equations(SHAPE, record, fit)
    monkeypatch.setattr("spinode.surrogate.least_squares.ROWS", 1)
    pieces = _normal_equations(SHAPE, record, fit)
    np.testing.assert_allclose(pieces.square, whole.square, rtol=COMPOSED, atol=COMPOSED)
    np.testing.assert_allclose(pieces.cross, whole.cross, rtol=COMPOSED, atol=COMPOSED)


def test_the_gradient_is_that_of_the_cost() -> None:
    record, windows, theta = example()
    fit = begin(SHAPE, record, theta, windows, 1e-3)
    normal = _normal_equations(SHAPE, record, fit)
    count = windows.starts.size * (windows.steps + 1)
    for index in (0, 2, 7, SHAPE.size - 1):
        nudge = np.zeros(theta.size)
        nudge[index] = 1e-6
        up = begin(SHAPE, record, theta + nudge, windows, 1e-3).cost
        down = begin(SHAPE, record, theta - nudge, windows, 1e-3).cost
        assert 2 * normal.gradient[index] / count == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-9)


def test_a_few_iterations_bring_a_disturbed_field_back_to_the_truth() -> None:
    record, windows, theta = example()
    fit = begin(SHAPE, record, theta, windows, 1e-3)
    begun = fit.cost
    for _ in range(15):
        fit = improve(SHAPE, record, fit, ridge=0.0)
    assert fit.cost < 1e-12 < 1e-4 * begun


def test_tangents_equal_differences_for_a_field_with_modes_and_a_network() -> None:
    shape = FieldShape(states=4, inputs=1, degree=2, hidden=(5,), modes=2)
    rng = np.random.default_rng(1)
    theta, initial = 0.03 * rng.standard_normal(shape.size), 0.3 * rng.standard_normal((1, 4))
    drive, starts = 0.3 * rng.standard_normal((41, 4, 1)), np.array([0])
    tangent = tangent_runs(shape.sizes, theta, initial, starts, (40, 1), drive)[0]
    change, moved = 1e-6 * rng.standard_normal(shape.size), 1e-6 * rng.standard_normal((1, 4))
    up = free_runs(shape.sizes, theta + change, initial + moved, starts, 40, drive)[0, :, 0]
    down = free_runs(shape.sizes, theta - change, initial - moved, starts, 40, drive)[0, :, 0]
    np.testing.assert_allclose(tangent @ np.concatenate([change, moved[0]]), (up - down) / 2, rtol=1e-5, atol=1e-12)


def test_the_smoothed_start_follows_the_surer_of_measurement_and_encoder() -> None:
    turn = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])

    def run(state: np.ndarray) -> np.ndarray:
        return np.array([np.linalg.matrix_power(turn, i) @ state for i in range(9)])

    truth = run(np.array([0.7, -0.4]))
    guess = truth[-1] + np.array([0.02, 0.3])
    vague = smoothed_state(run, truth[:, :1], guess, np.array([1.0, 1.0]), 1e-5)
    np.testing.assert_allclose(vague, truth[-1], atol=1e-6)
    sure = smoothed_state(run, truth[:, :1], guess, np.array([1e-7, 1e-7]), 1e-2)
    np.testing.assert_allclose(sure, guess, atol=1e-6)


def test_a_start_that_diverges_falls_back_on_the_encoder() -> None:
    guess = np.array([0.1, 0.2])
    start = smoothed_state(lambda state: np.full((5, 2), np.inf), np.zeros((5, 1)), guess, np.ones(2), 1e-3)
    assert np.array_equal(start, guess)


@pytest.mark.parametrize("exponent", [complex(-0.03, 1.95), complex(-0.46, 0.37), complex(-1.0, 0.05)])
def test_one_solver_step_of_a_hidden_pair_has_the_root_that_was_asked_for(exponent: complex) -> None:
    z = _stepped(exponent)
    shape = FieldShape(states=3, inputs=0, degree=1, modes=2)
    theta = np.zeros((3, shape.monomials))
    real, imaginary = (shape.exponents.index((v,)) for v in (1, 2))
    theta[1, real] = theta[2, imaginary] = z.real
    theta[1, imaginary], theta[2, real] = -z.imag, z.imag
    initial = np.array([[0.0, 1.0, 0.0]])
    after = free_runs(shape.sizes, theta.ravel(), initial, np.array([0]), 1, np.zeros((2, 4, 0)))[0, 1]
    assert complex(after[1], after[2]) == pytest.approx(np.exp(exponent), abs=COMPOSED)
