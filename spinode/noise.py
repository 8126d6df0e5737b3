"""Gaussian numbers for the integrators: a random bit generator and a Box-Muller transform, compiled, side by side.

Many times as fast as ``Generator.standard_normal``, and a stream that depends on the member's generator alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from spinode.compiled import CONTRACT, aligned, wide
from spinode.signals import FloatArray

LN2 = 0.6931471805599453
S11, S13 = 1 / 39916800, 1 / 6227020800
C10, C12, C14 = 1 / 3628800, 1 / 479001600, 1 / 87178291200
U12, U17, U19, U23, U41, U45 = (np.uint64(count) for count in (12, 17, 19, 23, 41, 45))
ONE = np.uint64(0x3FF0000000000000)
"""Bits of 1.0: with 52 random bits below them, a number in [1, 2)."""
CACHED = 1024
"""Numbers that are made and turned together."""
_STATE, _NUMBERS = types.uint64[:, ::1], types.float64[:, ::1]


class NormalNumbers:
    """Independent Gaussian numbers of mean 0 and variance 1, a column for each generator.

    Box and Muller, Ann. Math. Statist. 29, 610 (1958): each pair of uniform numbers (a, b) in [0, 1) gives
    sqrt(-2 ln(1 - a)) (cos 2 pi b, sin 2 pi b). The uniform numbers come from xoshiro256++ (Blackman and Vigna, ACM
    Trans. Math. Softw. 47, 36 (2021)), one for each column, whose 256 bits are drawn from the column's generator. Asked
    for in even counts, a column is the same whatever the counts and its neighbours; the largest number is 8.5.

    Parameters
    ----------
    rngs : sequence of numpy.random.Generator
        The source of each column.
    most : int
        Largest count that will be asked for; its memory is kept, for new memory costs as much as the numbers.
    spare : int
        Columns to add whose numbers nobody looks at.
    """

    def __init__(self, rngs: Sequence[np.random.Generator], most: int, spare: int = 0) -> None:
        self._state = np.ones((4, len(rngs) + spare), dtype=np.uint64)
        for column, generator in enumerate(rngs):
            self._state[:, column] = _random_bits(generator)
        self._numbers = aligned(most + most % 2, len(rngs) + spare)

    def take(self, count: int) -> FloatArray:
        """The next numbers, shape (count, columns); the array is overwritten by the next call."""
        numbers = self._numbers[: count + count % 2]
        _fill(self._state, numbers)
        return numbers[:count]


def _random_bits(generator: np.random.Generator) -> NDArray[np.uint64]:
    """256 bits: those of ``generator.bytes(32)``, which takes ten times as long as the numbers of a short run."""
    source = generator.bit_generator
    if isinstance(source, np.random.MT19937):  # its raw numbers have 32 bits
        return np.frombuffer(generator.bytes(32), dtype="<u8")
    return np.asarray(source.random_raw(4), dtype=np.uint64)


@njit(types.void(_STATE, _NUMBERS), cache=True, nogil=True)
def uniform_numbers(state: NDArray[np.uint64], numbers: FloatArray) -> None:
    """Uniform numbers in [0, 1) with 52 bits, a xoshiro256++ a column, whose state (4, columns) moves on."""
    wide()
    for row in range(numbers.shape[0]):
        for lane in range(numbers.shape[1]):
            a, b, c, d = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
            bits = a + d
            bits = ((bits << U23) | (bits >> U41)) + a
            moved = b << U17
            c ^= a
            d ^= b
            b ^= c
            a ^= d
            c ^= moved
            d = (d << U45) | (d >> U19)
            state[0, lane], state[1, lane], state[2, lane], state[3, lane] = a, b, c, d
            numbers[row, lane] = np.uint64((bits >> U12) | ONE).view(np.float64) - 1.0


@njit(types.void(types.float64[:, ::1]), cache=True, nogil=True, error_model="numpy", fastmath=CONTRACT)
def box_muller(numbers: FloatArray) -> None:
    """Pairs of rows of uniform numbers in [0, 1) into pairs of rows of Gaussian ones, in place; right to 1e-13 of each.

    Polynomials instead of library calls, so that the loop is vectorised: 2 artanh(t) for the logarithm of a mantissa
    between sqrt(1/2) and sqrt(2), Taylor sums for sine and cosine within an eighth of a turn.
    """
    wide()
    for first in range(0, numbers.shape[0] - 1, 2):
        one, other = numbers[first], numbers[first + 1]
        for lane in range(one.size):
            bits = np.float64(1.0 - one[lane]).view(np.int64)
            mantissa = np.int64((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
            upper = mantissa > 1.4142135623730951
            mantissa = 0.5 * mantissa if upper else mantissa
            exponent = np.float64((bits >> 52) - 1023) + (1.0 if upper else 0.0)
            t = (mantissa - 1.0) / (mantissa + 1.0)
            q = t * t
            log = 1 / 11 + q * (1 / 13 + q * (1 / 15 + q * (1 / 17 + q * (1 / 19))))
            log = 2.0 * t * (1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * log)))))
            radius = np.sqrt(-2.0 * (exponent * LN2 + log))
            turns = 4.0 * other[lane]
            nearest = np.floor(turns + 0.5)
            f = (turns - nearest) * (np.pi / 2)
            q = f * f
            sine = f * (1 - q * (1 / 6 - q * (1 / 120 - q * (1 / 5040 - q * (1 / 362880 - q * (S11 - q * S13))))))
            cosine = 1 - q * (0.5 - q * (1 / 24 - q * (1 / 720 - q * (1 / 40320 - q * (C10 - q * (C12 - q * C14))))))
            quarter = np.int64(nearest)
            along = sine if quarter & 1 else cosine
            across = cosine if quarter & 1 else sine
            one[lane] = radius * (-along if (quarter + 1) & 2 else along)
            other[lane] = radius * (-across if quarter & 2 else across)


@njit(types.void(_STATE, _NUMBERS), cache=True, nogil=True)
def _fill(state: NDArray[np.uint64], numbers: FloatArray) -> None:
    """Gaussian numbers a few rows at a time, while they are in the first cache."""
    rows = max(2, CACHED // numbers.shape[1] // 2 * 2)
    for first in range(0, numbers.shape[0], rows):
        part = numbers[first : first + rows]
        uniform_numbers(state, part)
        box_muller(part)
