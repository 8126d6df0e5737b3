"""Gaussian numbers: the transform against its formula, the distribution, and streams of their own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spinode.noise import NormalNumbers, box_muller, uniform_numbers

TRANSFORM = 1e-13
"""Polynomials of double precision, and 2 pi b rounded in the reference."""


def test_the_transform_is_the_formula_of_box_and_muller() -> None:
    uniform = np.random.default_rng(1).random((2000, 7))
    uniform[:4] = np.array([[0.0, 0.5, 1 - 2.0**-53, 0.25, 0.3, 0.9, 1e-300]] * 4)
    radius, angle = np.sqrt(-2 * np.log1p(-uniform[::2])), 2 * np.pi * uniform[1::2]
    numbers = uniform.copy()
    box_muller(numbers)
    np.testing.assert_allclose(numbers[::2], radius * np.cos(angle), atol=TRANSFORM)
    np.testing.assert_allclose(numbers[1::2], radius * np.sin(angle), atol=TRANSFORM)


def test_the_numbers_are_gaussian_to_their_tails_and_independent() -> None:
    numbers = NormalNumbers([np.random.default_rng(seed) for seed in range(4)], 500_000).take(500_000)
    for column in numbers.T:
        assert stats.kstest(column, "norm").pvalue > 1e-3
    everything = numbers.ravel()
    expected = 2 * stats.norm.sf(4) * everything.size
    assert abs((np.abs(everything) > 4).sum() - expected) < 4 * np.sqrt(expected)
    assert np.abs(np.corrcoef(numbers.T) - np.eye(4)).max() < 4 / np.sqrt(500_000)
    pairs = np.corrcoef(everything[:-1], everything[1:])[0, 1], np.corrcoef(numbers[::2, 0] ** 2, numbers[1::2, 0] ** 2)
    assert max(abs(pairs[0]), abs(pairs[1][0, 1])) < 5 / np.sqrt(250_000)


def test_the_bits_are_those_of_xoshiro256_plus_plus() -> None:
    """Against a plain transcription of the published algorithm in whole numbers."""
    words = [int(word) for word in np.random.default_rng(4).integers(0, 2**64, 4, dtype=np.uint64)]
    state, numbers = np.array([words], dtype=np.uint64).T.copy(), np.empty((50, 1))
    uniform_numbers(state, numbers)
    mask = 2**64 - 1
    for number in numbers[:, 0]:
        total = (words[0] + words[3]) & mask
        bits = (((total << 23) | (total >> 41)) + words[0]) & mask
        moved = (words[1] << 17) & mask
        words[2] ^= words[0]
        words[3] ^= words[1]
        words[1] ^= words[2]
        words[0] ^= words[3]
        words[2] ^= moved
        words[3] = ((words[3] << 45) | (words[3] >> 19)) & mask
        assert number == (bits >> 12) / 2**52


@pytest.mark.parametrize("source", [np.random.PCG64, np.random.Philox, np.random.SFC64, np.random.MT19937])
def test_any_generator_of_numpy_may_be_the_source(source: type[np.random.BitGenerator]) -> None:
    """The bits are those that the generator gives as bytes, and they are used up."""
    state = np.frombuffer(np.random.Generator(source(5)).bytes(32), dtype="<u8").reshape(4, 1).copy()
    expected = np.empty((6, 1))
    uniform_numbers(state, expected)
    box_muller(expected)
    generator = np.random.Generator(source(5))
    np.testing.assert_array_equal(NormalNumbers([generator], 6).take(6), expected)
    assert not np.array_equal(NormalNumbers([generator], 6).take(6), expected)


def test_a_stream_depends_on_its_generator_alone() -> None:
    whole = NormalNumbers([np.random.default_rng(seed) for seed in (1, 2, 3)], 100).take(100)
    alone = NormalNumbers([np.random.default_rng(2)], 60)
    parts = [alone.take(count)[:, 0].copy() for count in (2, 40, 58)]
    np.testing.assert_array_equal(np.concatenate(parts), whole[:, 1])
    assert NormalNumbers([np.random.default_rng(1)], 5).take(5).shape == (5, 1)
