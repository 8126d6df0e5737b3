"""Readouts with scikit-learn's interface: the pseudo-inverse, and votes summed over a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from spinode.reservoir import PseudoInverse, TimeSummedClassifier
from tests.tolerances import COMPOSED


def test_the_pseudo_inverse_is_least_squares_with_a_bias() -> None:
    rng = np.random.default_rng(4)
    states, targets = rng.standard_normal((60, 8)), rng.standard_normal((60, 3))
    fitted = PseudoInverse().fit(states, targets)
    expected = np.linalg.lstsq(np.column_stack([np.ones(60), states]), targets, rcond=None)[0]
    assert np.abs(fitted.intercept_ - expected[0]).max() < COMPOSED
    assert np.abs(fitted.coef_.T - expected[1:]).max() < COMPOSED
    assert (
        np.abs(PseudoInverse().fit(states, targets[:, 0]).predict(states) - fitted.predict(states)[:, 0]).max() < 1e-9
    )


def test_the_readouts_pass_the_checks_of_scikit_learn() -> None:
    for estimator in (PseudoInverse(), TimeSummedClassifier(), TimeSummedClassifier(Ridge())):
        found = check_estimator(estimator, on_skip=None, on_fail=None)
        assert {str(each["check_name"]) for each in found if each["status"] != "passed"} <= {"check_array_api_input"}


def words(count: int, rng: np.random.Generator) -> tuple[list[Any], Any]:
    """Words of other lengths whose classes differ by half a deviation in the mean of a channel."""
    labels = np.array(["down", "level", "up"])[np.arange(count) % 3]
    lengths = rng.integers(20, 60, count)
    shift = {"down": [0.5, 0.0], "level": [0.0, 0.0], "up": [0.0, 0.5]}
    return [rng.standard_normal((n, 2)) + shift[k] for n, k in zip(lengths, labels, strict=True)], labels


def test_votes_are_summed_over_a_word_so_that_weak_evidence_decides() -> None:
    X, y = words(300, np.random.default_rng(5))  # noqa: N806 - scikit-learn's names
    for regressor in (None, Ridge(1.0)):
        classifier = TimeSummedClassifier(regressor)
        assert cross_val_score(classifier, X, y, cv=3).min() > 0.75  # chance is a third, a single point decides half
        mixed = np.random.default_rng(6).permutation(y)
        assert cross_val_score(classifier, X, mixed, cv=3).mean() < 0.45
    fitted = TimeSummedClassifier().fit(X, y)
    one = np.asarray(fitted.regressor_.predict(X[7])).sum(axis=0)
    assert fitted.decision_function(X)[7] == pytest.approx(one)
    with pytest.raises(ValueError, match="must be 300 labels, got shape"):
        TimeSummedClassifier().fit(X, y[:-1])


def test_a_cutoff_leaves_directions_out_that_are_weaker_than_that_part_of_the_strongest() -> None:
    rng = np.random.default_rng(8)
    left = rng.standard_normal((50, 4))
    left = np.linalg.qr(left - left.mean(axis=0))[0]  # without a mean, so that the bias, 7 here, stands for itself
    right = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    states = left @ np.diag([50.0, 5.0, 0.5, 0.05]) @ right
    targets = states @ np.array([1.0, -2.0, 3.0, -4.0])
    for cutoff, kept in ((0.0, 4), (0.005, 3), (0.05, 2), (0.5, 1)):
        fitted = PseudoInverse(cutoff=cutoff).fit(states, targets)
        vectors, sizes, _ = np.linalg.svd(states, full_matrices=False)
        expected = vectors[:, :kept] @ (vectors[:, :kept].T @ targets)
        assert np.abs(fitted.predict(states) - expected).max() < 1e-9 * sizes[0]


def test_dependent_states_share_their_weight_and_rounding_is_no_direction() -> None:
    rng = np.random.default_rng(9)
    state = rng.standard_normal((200, 1))
    fitted = PseudoInverse().fit(np.hstack([state, state, state]), 3 * state[:, 0] + 1)
    assert fitted.coef_ == pytest.approx([1.0, 1.0, 1.0])
    assert fitted.intercept_ == pytest.approx(1.0)


def test_two_classes_decide_by_the_difference_of_their_votes() -> None:
    X, y = words(90, np.random.default_rng(10))  # noqa: N806
    kept = [number for number, label in enumerate(y) if label != "level"]
    fitted = TimeSummedClassifier().fit([X[number] for number in kept], y[kept])
    votes = np.asarray(fitted.regressor_.predict(X[kept[5]])).sum(axis=0)
    decision = fitted.decision_function([X[kept[5]]])
    assert decision.shape == (1,)
    assert decision[0] == pytest.approx(votes[1] - votes[0])
    assert fitted.predict([X[kept[5]]])[0] == fitted.classes_[int(decision[0] > 0)]


def test_rows_of_an_array_are_words_of_one_point_and_a_column_of_labels_is_taken_with_a_warning() -> None:
    rng = np.random.default_rng(11)
    rows, labels = rng.standard_normal((40, 2)), np.arange(40) % 2
    rows[:, 0] += 6 * labels
    fitted = TimeSummedClassifier().fit(rows, labels)
    assert np.array_equal(fitted.predict(rows), labels)
    with pytest.warns(match="column-vector y was passed"):
        again = TimeSummedClassifier().fit(rows, labels[:, None])
    assert np.array_equal(again.decision_function(rows), fitted.decision_function(rows))


def test_every_point_of_a_word_has_the_target_of_its_word() -> None:
    X, y = words(60, np.random.default_rng(12))  # noqa: N806
    fitted = TimeSummedClassifier().fit(X, y)
    targets = np.array([[label == name for name in fitted.classes_] for label in y], dtype=float)
    expected = PseudoInverse().fit(np.concatenate(X), np.repeat(targets, [len(each) for each in X], axis=0))
    assert list(fitted.classes_) == ["down", "level", "up"]
    assert np.abs(fitted.regressor_.coef_ - expected.coef_).max() < COMPOSED


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: PseudoInverse(cutoff=1.0).fit(np.eye(3), np.ones(3)), "cutoff must be 0 to below 1, got 1.0"),
        (lambda: PseudoInverse(cutoff=-0.1).fit(np.eye(3), np.ones(3)), "cutoff must be 0 to below 1, got -0.1"),
        (lambda: TimeSummedClassifier().fit(np.eye(3), np.ones(3)), "2 classes or more"),
        (lambda: TimeSummedClassifier().fit(np.eye(3), None), "requires y to be passed"),
        (lambda: TimeSummedClassifier().fit(np.eye(3), np.eye(3)), r"must be 3 labels, got shape \(3, 3\)"),
    ],
)
def test_bad_input_is_one_line(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
