"""Gaussian numbers for the integrators: uniform ones of a numpy generator, turned by a compiled Box-Muller transform.

Several times as fast as ``Generator.standard_normal``, and a stream that depends on the generator alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit, types

from spinode.signals import FloatArray

LN2 = 0.6931471805599453
S11, S13 = 1 / 39916800, 1 / 6227020800
C10, C12, C14 = 1 / 3628800, 1 / 479001600, 1 / 87178291200


class NormalNumbers:
    """Independent Gaussian numbers of mean 0 and variance 1, a column for each generator.

    Box and Muller, Ann. Math. Statist. 29, 610 (1958): each pair of uniform numbers (a, b) in [0, 1) gives
    sqrt(-2 ln(1 - a)) (cos 2 pi b, sin 2 pi b). Asked for in even counts, a generator gives the same stream whatever
    the counts and its neighbours; the largest number is 8.6.

    Parameters
    ----------
    rngs : sequence of numpy.random.Generator
        The source of each column.
    most : int
        Largest count that will be asked for; its memory is kept, for new memory costs as much as the numbers.
    """

    def __init__(self, rngs: Sequence[np.random.Generator], most: int) -> None:
        self._rngs = rngs
        self._uniform = np.empty((len(rngs), most + most % 2))
        self._numbers = np.empty((most + most % 2, len(rngs)))

    def take(self, count: int) -> FloatArray:
        """The next numbers, shape (count, generators); the array is overwritten by the next call."""
        even = count + count % 2
        for row, generator in zip(self._uniform, self._rngs, strict=True):
            generator.random(out=row[:even])
        np.copyto(self._numbers[:even], self._uniform.T[:even])
        box_muller(self._numbers[:even])
        return self._numbers[:count]


@njit(types.void(types.float64[:, ::1]), cache=True, nogil=True, error_model="numpy")
def box_muller(numbers: FloatArray) -> None:
    """Pairs of rows of uniform numbers in [0, 1) into pairs of rows of Gaussian ones, in place; right to 1e-13 of each.

    Polynomials instead of library calls, so that the loop is vectorised: 2 artanh(t) for the logarithm of a mantissa
    between sqrt(1/2) and sqrt(2), Taylor sums for sine and cosine within an eighth of a turn.
    """
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
