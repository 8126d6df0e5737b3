"""Kinds of read-in masks by name: two-valued, three-valued, Gaussian, and maximal-length sequences."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinode.reservoir.mask import MOST_NODES, gaussian_mask
from spinode.signals import FloatArray

KINDS = ("binary", "ternary", "gaussian", "maximal-length")
"""Masks that ``make_mask`` knows."""
TAPS = {
    2: (1,), 3: (2,), 4: (3,), 5: (3,), 6: (5,), 7: (6,), 8: (6, 5, 4), 9: (5,), 10: (7,), 11: (9,), 12: (6, 4, 1),
    13: (4, 3, 1), 14: (5, 3, 1), 15: (14,), 16: (15, 13, 4), 17: (14,),
}  # fmt: skip
"""Feedback taps besides the last stage: x^m + sum x^tap + 1 is primitive over GF(2) (a test counts each period)."""


def make_mask(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Weights of a read-in mask, shape (nodes, channels).

    ``binary``: -1 or +1; ``ternary``: -1, 0 or +1, each a third; ``gaussian``: standard normal; ``maximal-length``: a
    sequence of -1 and +1 from a shift register, of which each channel has its own part (see ``maximal_length_mask``).

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    shape : (int, int)
        Nodes, 1 to ``MOST_NODES``, and channels, >= 1.
    rng : numpy.random.Generator
        Source of the weights; of a maximal-length sequence it gives the first stage alone.

    Raises
    ------
    ValueError
        If the kind is unknown or the shape out of range.
    """
    nodes, channels = shape
    if not (1 <= nodes <= MOST_NODES and channels >= 1):
        raise ValueError(f"mask must have 1 to {MOST_NODES} nodes and 1 channel or more, got {nodes} and {channels}")
    if kind == "binary":
        return np.asarray(rng.integers(0, 2, shape) * 2.0 - 1.0)
    if kind == "ternary":
        return rng.integers(-1, 2, shape).astype(np.float64)
    if kind == "gaussian":
        return gaussian_mask(nodes, rng, channels)
    if kind == "maximal-length":
        return maximal_length_mask(nodes, rng, channels)
    raise ValueError(f"mask must be one of {', '.join(KINDS)} or an array, got '{kind}'")


def maximal_length_mask(nodes: int, rng: np.random.Generator, channels: int = 1) -> FloatArray:
    """A maximal-length sequence of -1 and +1 of period L = 2^m - 1 >= nodes, shape (nodes, channels).

    Its circular autocorrelation has two values, L at shift 0 and -1 elsewhere, so that short words of levels occur
    equally often, as Appeltant et al., Sci. Rep. 4, 3629 (2014) ask of a mask. Channel c begins c floor(L/channels)
    later; the generator chooses where the first begins. L is at least the number of channels too, so none are equal.

    Raises
    ------
    ValueError
        If there are no nodes, more than ``MOST_NODES``, or no channels.
    """
    if not (1 <= nodes <= MOST_NODES and 1 <= channels <= MOST_NODES):
        raise ValueError(f"maximal_length_mask must have 1 to {MOST_NODES} nodes and channels, got {nodes}, {channels}")
    order = next(m for m in TAPS if 2**m - 1 >= max(nodes, channels))
    bits = maximal_length_sequence(order)
    starts = rng.integers(len(bits)) + np.arange(channels) * (len(bits) // channels)
    return np.asarray(bits[(np.arange(nodes)[:, None] + starts) % len(bits)] * 2.0 - 1.0)


def maximal_length_sequence(order: int) -> NDArray[np.int64]:
    """One period of a maximal-length sequence, 2^order - 1 bits: s_n = s_(n-m) xor the taps s_(n-k).

    Raises
    ------
    ValueError
        If no primitive polynomial of that order is held.
    """
    if order not in TAPS:
        raise ValueError(f"maximal_length_sequence.order must be {min(TAPS)} to {max(TAPS)}, got {order}")
    length, back = 2**order - 1, (order, *TAPS[order])
    register = [1] * order
    for position in range(order, length):
        bit = 0
        for tap in back:
            bit ^= register[position - tap]
        register.append(bit)
    return np.array(register[:length])
