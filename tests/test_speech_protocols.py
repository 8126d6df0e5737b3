"""Protocols and the readout from sums: who trains, who tests, and that shortcuts give the long way's numbers."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from spinode.speech.benchmark import Readout
from spinode.speech.protocols import (
    Split,
    leave_one_speaker_out,
    official_split,
    splits_of,
    training_sets,
    utterance_numbers,
)
from spinode.speech.readout import PENALTIES, Sums, _solved, inner_scores, judge_split, utterance_curve
from spinode.speech.utterances import try_utterances
from spinode.speech.words import Integers, Words
from tests.tolerances import ROUNDING

SAME_SOLUTION = 1e-8
"""Weights by the normal equations and by an SVD of the rows: condition number squared, about 1e4, times rounding."""


def made_words(
    speakers: int = 3, labels: int = 4, takes: int = 10, spread: float = 0.3, seed: int = 0, offset: float = 0.0
) -> Words:
    """Words of a few frames around one centre a label, moved by an offset of each speaker."""
    rng = np.random.default_rng(seed)
    centres, voices = rng.standard_normal((labels, 5)), offset * rng.standard_normal((speakers, 5))
    frames, said, who, number = [], [], [], []
    for speaker in range(speakers):
        for label in range(labels):
            for take in range(takes):
                length = int(rng.integers(3, 9))
                frames.append(centres[label] + voices[speaker] + spread * rng.standard_normal((length, 5)))
                said.append(label)
                who.append(f"speaker {speaker}")
                number.append(take)
    kept = np.array(number)
    return Words(frames=frames, labels=np.array(said), speakers=tuple(who), takes=kept, test=kept < 2)


def parts_of(words: Words) -> Integers:
    return np.unique(np.array(words.speakers), return_inverse=True)[1]


def test_the_own_split_tests_the_words_that_the_data_set_names() -> None:
    words = made_words()
    split = official_split(words)
    assert words.test[split.test].all() and not words.test[split.train].any()
    assert len(split.test) + len(split.train) == len(words)


def test_leaving_one_speaker_out_never_trains_on_that_speaker_nor_chooses_with_them() -> None:
    words = made_words()
    who = np.array(words.speakers)
    splits = leave_one_speaker_out(words)
    assert [split.name for split in splits] == sorted(set(words.speakers))
    for split in splits:
        assert set(who[split.test]) == {split.name}
        assert split.name not in set(who[split.train])
        for part in np.unique(split.inner):  # an inner part is one whole speaker
            assert len(set(who[split.train][split.inner == part])) == 1
    assert sorted(np.concatenate([split.test for split in splits])) == list(range(len(words)))


def test_too_few_speakers_is_one_clear_line() -> None:
    with pytest.raises(
        ValueError, match=r"^leave one speaker out needs at least 3 speakers, got 2 \(.*\); try"
    ) as told:
        leave_one_speaker_out(made_words(speakers=2))
    assert "\n" not in str(told.value)


def test_a_data_set_without_a_test_part_is_one_clear_line() -> None:
    words = made_words()
    bare = Words(
        frames=words.frames,
        labels=words.labels,
        speakers=words.speakers,
        takes=words.takes,
        test=np.zeros(len(words), dtype=np.bool_),
    )
    with pytest.raises(ValueError, match="own split needs training and test words"):
        splits_of(bare, "official")


def test_a_word_on_both_sides_is_refused() -> None:
    with pytest.raises(ValueError, match="must have no word in common"):
        Split(name="leak", train=np.arange(4), test=np.array([3, 4]), inner=np.array([0, 0, 1, 1]))


def test_ten_utterances_are_numbered_by_take_and_the_others_are_left_aside() -> None:
    words = made_words(takes=12)
    number = utterance_numbers(words)
    assert np.array_equal(number, np.where(words.takes < 10, words.takes, -1))


def test_too_few_utterances_is_one_clear_line() -> None:
    with pytest.raises(ValueError, match="needs 10 takes of each label by each speaker, got 9 of label 0"):
        utterance_numbers(made_words(takes=9))


@pytest.mark.parametrize("trained", range(1, 10))
def test_all_sets_of_utterances_are_taken_once(trained: int) -> None:
    assert training_sets(trained) == list(combinations(range(10), trained))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), penalty=st.sampled_from([1e-6, 1e-3, 1.0]))
def test_sums_over_parts_give_the_ridge_of_scikit_learn_on_standardised_frames(seed: int, penalty: float) -> None:
    words = made_words(takes=3, seed=seed)
    sums = Sums.over(words.frames, words.labels, parts_of(words))
    (weights,) = sums.weights([0, 2], [penalty])
    chosen = [n for n in range(len(words)) if parts_of(words)[n] != 1]
    rows = np.concatenate([words.frames[n] for n in chosen])
    targets = np.eye(4)[np.repeat(words.labels[chosen], [len(words.frames[n]) for n in chosen])]
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    ridge = Ridge(alpha=penalty * len(rows), solver="svd").fit(scaled, targets)
    assert np.abs(weights[1:] * rows.std(axis=0)[:, None] - ridge.coef_.T).max() < SAME_SOLUTION


def test_the_mean_row_hears_what_the_summed_outputs_of_all_frames_say() -> None:
    words = made_words(spread=1.5)
    sums = Sums.over(words.frames, words.labels, parts_of(words))
    (weights,) = sums.weights([0, 1], [1e-3])
    everything = np.arange(len(words))
    summed = [int(np.argmax((weights[0] + frames @ weights[1:]).sum(axis=0))) for frames in words.frames]
    assert np.array_equal(sums.predicted(weights, everything), summed)


def test_a_constant_feature_gets_no_weight() -> None:
    words = made_words()
    rows = [np.column_stack([frames, np.full(len(frames), 3.0)]) for frames in words.frames]
    (weights,) = Sums.over(rows, words.labels, parts_of(words)).weights([0, 1, 2], [1e-6])
    (plain,) = Sums.over(words.frames, words.labels, parts_of(words)).weights([0, 1, 2], [1e-6])
    assert (weights[-1] == 0).all()
    assert np.allclose(weights[:-1], plain, atol=ROUNDING, rtol=SAME_SOLUTION)


def test_a_feature_that_only_rounding_moves_gets_no_weight() -> None:
    words = made_words()
    rng = np.random.default_rng(2)
    rows = [np.column_stack([frames, 1e-12 * rng.standard_normal(len(frames))]) for frames in words.frames]
    (weights,) = Sums.over(rows, words.labels, parts_of(words)).weights([0, 1, 2], [1e-6])
    assert (weights[-1] == 0).all()


def test_the_scale_of_the_features_does_not_matter() -> None:
    words = made_words()
    small = [2.0**-40 * frames for frames in words.frames]
    (plain,), (scaled,) = (
        Sums.over(rows, words.labels, parts_of(words)).weights([0, 1, 2], [1e-3]) for rows in (words.frames, small)
    )
    assert np.allclose(2.0**-40 * scaled[1:], plain[1:], rtol=SAME_SOLUTION, atol=0)
    assert np.allclose(scaled[0], plain[0], rtol=SAME_SOLUTION, atol=ROUNDING)


def test_a_part_may_hold_one_word_or_none() -> None:
    words = made_words(labels=2, takes=2)
    parts = np.zeros(len(words), dtype=np.int64)
    parts[5], parts[7] = 1, 3
    sums = Sums.over(words.frames, words.labels, parts)
    assert [int(each[0, 0]) for each in sums.gram[1:]] == [len(words.frames[5]), 0, len(words.frames[7])]
    together = Sums.over(words.frames, words.labels, np.zeros_like(parts))
    assert np.abs(sums.gram.sum(axis=0) - together.gram[0]).max() < ROUNDING * together.gram[0].max()
    assert np.abs(sums.cross.sum(axis=0) - together.cross[0]).max() < ROUNDING * together.gram[0].max()


def test_a_matrix_with_an_eigenvalue_below_zero_is_solved_as_if_it_were_zero() -> None:
    """What rounding does to dependent features; the factorisation by Cholesky does not go through."""
    found = _solved(np.diag([1.0, -1e-3]), np.array([[3.0], [5.0]]), 1e-4)
    assert np.allclose(found, [[3.0 / (1 + 1e-4)], [5.0 / 1e-4]], rtol=SAME_SOLUTION, atol=0)


def test_penalties_are_the_powers_of_ten_from_a_millionth_to_ten() -> None:
    assert PENALTIES == tuple(float(f"1e{power}") for power in range(-6, 2))


def test_the_penalty_with_the_best_inner_parts_is_chosen_and_the_larger_of_two_equal_ones() -> None:
    words = made_words(spread=2.5, seed=3)
    split = official_split(words)
    parts = np.full(len(words), -1)
    parts[split.train] = np.unique(split.inner, return_inverse=True)[1]
    scores = inner_scores(Sums.over(words.frames, words.labels, parts), PENALTIES)
    best = max(penalty for penalty, score in zip(PENALTIES, scores, strict=True) if score == scores.max())
    assert PENALTIES[0] < best  # or the choice would not be seen
    judged = judge_split(words.frames, words.labels, split)
    assert (judged.penalty, judged.inner) == (best, scores.max())
    both = judge_split(words.frames, words.labels, split, [best, best * 1.0000001])
    assert both.penalty == best * 1.0000001
    alone = judge_split(words.frames, words.labels, split, [best])
    assert alone.penalty == best and np.isnan(alone.inner)
    assert np.array_equal(alone.predicted, judged.predicted)


def test_dependent_features_are_read_out_as_their_sum_whatever_the_penalty() -> None:
    """Forty copies of three features, equal but for rounding: the same words are heard as with the three."""
    rng = np.random.default_rng(8)
    labels, parts = np.tile(np.arange(3), 40), np.repeat(np.arange(2), 60)
    few = [np.eye(3)[label] * 1e4 + rng.normal(size=(30, 3)) for label in labels]
    many = [np.tile(row, 40) * (1 + 1e-15 * rng.standard_normal((30, 120))) for row in few]
    (plain,) = Sums.over(few, labels, parts).weights([0], [1e-12])
    sums = Sums.over(many, labels, parts)
    (weights,) = sums.weights([0], [1e-16])
    assert np.isfinite(weights).all()
    words = np.flatnonzero(parts == 1)
    np.testing.assert_array_equal(sums.predicted(weights, words), Sums.over(few, labels, parts).predicted(plain, words))


def test_clear_words_are_recognised_and_shuffled_labels_are_not() -> None:
    words = made_words(takes=10)
    split = official_split(words)
    judged = judge_split(words.frames, words.labels, split)
    assert (judged.predicted == words.labels[split.test]).all()
    shuffled = np.random.default_rng(1).permutation(words.labels)
    judged = judge_split(words.frames, shuffled, split)
    assert (judged.predicted == shuffled[split.test]).mean() < 0.6  # 24 words of 4 labels: chance 0.25, 4 deviations


def test_the_penalty_is_chosen_without_the_test_words() -> None:
    words = made_words(spread=2.0)
    split = official_split(words)
    spoiled = list(words.frames)
    for number in split.test:
        spoiled[number] = 1e3 * spoiled[number]
    clean, dirty = (judge_split(frames, words.labels, split) for frames in (words.frames, spoiled))
    assert (clean.penalty, clean.inner) == (dirty.penalty, dirty.inner)


def test_inner_scores_are_those_of_parts_left_out_one_by_one() -> None:
    words = made_words(spread=1.5, offset=1.0)
    parts = parts_of(words)
    sums = Sums.over(words.frames, words.labels, parts)
    by_hand = []
    for left in range(3):
        rest = Sums.over(words.frames, words.labels, np.where(parts == left, -1, 0))
        (weights,) = rest.weights([0], [0.1])
        by_hand.append(rest.right(weights, np.flatnonzero(parts == left)).mean())
    assert abs(inner_scores(sums, [0.1])[0] - np.mean(by_hand)) < ROUNDING


def test_the_curve_over_utterances_is_that_of_every_set_solved_by_itself() -> None:
    words = made_words(takes=4, spread=2.0)
    sums = Sums.over(words.frames, words.labels, words.takes)
    mean, deviation = utterance_curve(sums, lambda trained: training_sets(trained, 4), 1e-6)
    assert mean.shape == deviation.shape == (3,)
    for trained in (1, 2, 3):
        scores = []
        for chosen in combinations(range(4), trained):
            part = np.where(np.isin(words.takes, chosen), 0, -1)
            (weights,) = Sums.over(words.frames, words.labels, part).weights([0], [1e-6])
            scores.append(sums.right(weights, np.flatnonzero(part < 0)).mean())
        assert abs(mean[trained - 1] - np.mean(scores)) < ROUNDING
        assert abs(deviation[trained - 1] - np.std(scores)) < ROUNDING


@pytest.mark.parametrize(("takes", "scaled_on"), [(4, "all words"), (6, "24 other takes of the speakers")])
def test_a_curve_of_few_utterances_scores_each_word_by_the_others(takes: int, scaled_on: str) -> None:
    words = made_words(takes=takes, spread=2.0)
    found = try_utterances(words, None, Readout(penalties=(1e-3,)), "frames", 4)
    assert found.scaled_on.startswith(scaled_on)
    kept = np.flatnonzero(words.takes < 4)
    train = np.flatnonzero(words.takes >= 4) if takes > 4 else kept
    seen = np.concatenate([words.frames[n] for n in train])
    rows = [(words.frames[n] - seen.mean(axis=0)) / seen.std(axis=0) for n in kept]
    heard = np.empty(len(kept), dtype=np.int64)
    for left in range(4):
        part = np.where(words.takes[kept] == left, -1, 0)
        sums = Sums.over(rows, words.labels[kept], part)
        (weights,) = sums.weights([0], [1e-3])
        mine = np.flatnonzero(part < 0)
        heard[mine] = sums.predicted(weights, mine)
    assert np.array_equal(found.predicted, heard)
    assert np.array_equal(found.words, kept)
    assert found.accuracy.value == (heard == words.labels[kept]).mean() == found.right.mean()
    assert found.mean.shape == found.deviation.shape == (3,)
    assert found.accuracy.value == pytest.approx(found.mean[-1])


@pytest.mark.parametrize("penalty", [0.0, -1.0, np.nan])
def test_a_penalty_that_is_not_positive_is_refused(penalty: float) -> None:
    words = made_words()
    sums = Sums.over(words.frames, words.labels, parts_of(words))
    with pytest.raises(ValueError, match="penalty must be a positive number"):
        sums.weights([0], [penalty])
