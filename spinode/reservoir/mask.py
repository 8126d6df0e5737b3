"""The read-in: how the numbers of a task become the drive of one device whose virtual nodes follow in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spinode.signals import FloatArray

MOST_NODES = 100_000
"""Largest number of virtual nodes."""


def gaussian_mask(nodes: int, rng: np.random.Generator, channels: int = 1) -> FloatArray:
    """Independent standard normal weights, shape (nodes, channels): the mask of Chen et al. (2022).

    Raises
    ------
    ValueError
        If there are no nodes, more than ``MOST_NODES``, or no channels.
    """
    if not 1 <= nodes <= MOST_NODES:
        raise ValueError(f"gaussian_mask.nodes must be 1 to {MOST_NODES}, got {nodes}")
    if channels < 1:
        raise ValueError(f"gaussian_mask.channels must be 1 or more, got {channels}")
    return rng.standard_normal((nodes, channels))


@dataclass(frozen=True, kw_only=True)
class ReadIn:
    """Drive of node j while point s is shown: clip(centre + sum_c weights_jc s_c, low, high), held for a node time.

    Parameters
    ----------
    channel : str
        Input of the device that is driven.
    weights : array, shape (nodes, C)
        In the channel's unit per unit of the task's inputs.
    centre, low, high : float
        Rest of the drive and the range that it never leaves [unit of the channel]; low <= centre <= high, low < high.

    Raises
    ------
    ValueError
        If shapes or the range break these rules.
    """

    channel: str
    weights: FloatArray
    centre: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or self.weights.size == 0 or not np.isfinite(self.weights).all():
            raise ValueError(f"ReadIn.weights must be finite, shape (nodes, channels), got {self.weights.shape}")
        if not (self.low <= self.centre <= self.high and self.low < self.high and np.isfinite(self.high - self.low)):
            raise ValueError(
                f"ReadIn.centre must lie in a range low < high, got {self.centre:g} in {self.low:g} to {self.high:g}"
            )

    @property
    def nodes(self) -> int:
        """Virtual nodes, one a row of the mask."""
        return len(self.weights)

    def levels(self, inputs: FloatArray) -> FloatArray:
        """Drive levels of some points, shape (n, nodes), for inputs (n, C)."""
        return np.asarray(np.clip(self.centre + inputs @ self.weights.T, self.low, self.high))

    def clipped(self, inputs: FloatArray) -> float:
        """Part of the levels that the range cuts off, 0 to 1."""
        free = self.centre + inputs @ self.weights.T
        return float(np.mean((free < self.low) | (free > self.high)))


def read_in_for(
    channel: str, mask: FloatArray, inputs: FloatArray, bounds: tuple[float, float], amplitude: float
) -> ReadIn:
    """The read-in whose largest swing over some inputs is a part of the range that the device knows.

    weights = amplitude (high - low)/2 mask / max |inputs mask^T|, around the middle of the range. Chen et al. (2022)
    divide by |min| in place of max | |, with which a positive swing may be larger than a negative one.

    Parameters
    ----------
    channel : str
        Input of the device.
    mask : array, shape (nodes, C)
        Weights of any size.
    inputs : array, shape (T, C)
        The points that set the size: those of the training.
    bounds : (float, float)
        Range of the channel that the device was trained on or stands [its unit].
    amplitude : float
        Largest swing over half the range, 0 < amplitude <= 1.

    Raises
    ------
    ValueError
        If the amplitude is out of range or the masked inputs are all zero.
    """
    if not 0 < amplitude <= 1:
        raise ValueError(f"read-in amplitude must be above 0 and at most 1 of half the range, got {amplitude:g}")
    peak = float(np.abs(inputs @ mask.T).max())
    if not peak > 0:
        raise ValueError("read-in: the masked inputs are all zero; try another mask or another series")
    low, high = bounds
    size = amplitude * 0.5 * (high - low)
    return ReadIn(channel=channel, weights=mask * (size / peak), centre=0.5 * (low + high), low=low, high=high)
