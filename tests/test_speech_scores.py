"""Intervals and tests of accuracies against exact values, and against simulated scatter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from spinode.speech.scores import accuracy_of, accuracy_over_speakers, confusion, gain_of, mcnemar, wilson
from tests.tolerances import ROUNDING


@pytest.mark.parametrize(("right", "items"), [(0, 10), (7, 10), (285, 300), (300, 300)])
def test_wilsons_interval_is_that_of_scipy(right: int, items: int) -> None:
    exact = binomtest(right, items).proportion_ci(0.95, method="wilson")
    assert np.allclose(wilson(right, items), (exact.low, exact.high), atol=ROUNDING)


def test_wilsons_interval_covers_in_about_19_of_20_cases() -> None:
    drawn = np.random.default_rng(1).binomial(250, 0.93, size=2000)
    inside = [low <= 0.93 <= high for low, high in (wilson(right, 250) for right in drawn)]
    assert 0.93 < np.mean(inside) < 0.975  # 0.95 +- 4 deviations of 0.005


def test_more_seeds_of_the_same_words_do_not_make_the_choice_of_words_more_certain() -> None:
    one = np.random.default_rng(1).random(200) < 0.9
    single, three = accuracy_of(one), accuracy_of([one, one, one])
    assert np.allclose(single.interval, three.interval, atol=ROUNDING)
    assert three.items == 200 and "mask" in three.covers and "mask" not in single.covers


def test_seeds_that_differ_widen_the_interval() -> None:
    right = np.zeros((3, 100))
    for seed, count in enumerate((80, 90, 100)):
        right[seed, :count] = 1
    low, high = accuracy_of(right).interval
    narrow = wilson(90, 100)
    assert low < narrow[0] and high > narrow[1]


def test_the_interval_over_speakers_is_students_of_their_means() -> None:
    speakers = ["a"] * 10 + ["b"] * 30 + ["c"] * 20
    right = np.concatenate([np.repeat([1, 0], [5, 5]), np.repeat([1, 0], [24, 6]), np.repeat([1, 0], [13, 7])])
    found = accuracy_over_speakers(right, speakers)
    half = 4.302652729911275 * np.std([0.5, 0.8, 0.65], ddof=1) / np.sqrt(3)  # t of two degrees of freedom
    assert abs(found.value - 0.65) < ROUNDING  # a mean over speakers, not over their unequal numbers of words
    assert np.allclose(found.interval, (0.65 - half, min(1.0, 0.65 + half)), atol=1e-9)


@pytest.mark.parametrize(("better", "worse", "chance"), [(0, 0, 1.0), (5, 0, 2 / 32), (1, 9, 22 / 1024), (6, 6, 1.0)])
def test_mcnemars_test_is_the_coin_of_the_words_on_which_the_two_differ(better: int, worse: int, chance: float) -> None:
    assert abs(mcnemar(better, worse) - chance) < ROUNDING


def test_a_gain_is_paired_word_by_word() -> None:
    control = np.repeat([1.0, 0.0], [60, 40])
    device = control.copy()
    device[60:70], device[:2] = 1.0, 0.0
    gain = gain_of(device, control)
    assert abs(gain.value - 0.08) < ROUNDING
    assert (gain.better, gain.worse) == (10, 2)
    unpaired = 1.96 * np.sqrt(0.68 * 0.32 / 100 + 0.6 * 0.4 / 100)
    assert gain.interval[1] - gain.value < 0.6 * unpaired


def test_no_difference_is_no_gain_and_no_evidence() -> None:
    right = np.random.default_rng(1).random(100) < 0.7
    gain = gain_of(right, right)
    assert (gain.value, gain.interval, gain.probability) == (0.0, (0.0, 0.0), 1.0)


def test_the_probability_over_seeds_is_that_of_the_least_convincing_seed() -> None:
    control = np.zeros(50)
    strong, weak = control.copy(), control.copy()
    strong[:10], weak[:2] = 1.0, 1.0
    assert gain_of([strong, weak], control).probability == mcnemar(2, 0)


def test_confusions_count_what_was_said_in_rows() -> None:
    counts = confusion(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 1]), 3)
    assert counts.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 0]]
