"""The control without memory: the steady response of a device, through the same read-in."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spinode.reservoir.read_in import listed, restored
from spinode.reservoir.stationary import settle
from spinode.reservoir.transformer import Reservoir
from spinode.signals import FloatArray

LEVELS = 4097
"""Levels at which the steady response is computed; between them it is a straight line."""


class Static(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A static nonlinearity of the size of a reservoir: y = f(level), f the steady output of the same device.

    Mask, scale, operating point, swing and seed are those of the reservoir, so what differs is memory alone: this is
    the limit of a node time far above the relaxation of the device. f is computed from the device (see
    ``stationary.settle``) at ``LEVELS`` equally spaced levels. Feedback, noise and the readings within a node have no
    meaning without time and are left out; each node gives its outputs once.

    Parameters
    ----------
    reservoir : Reservoir
        Not changed, and need not be fitted.

    Attributes
    ----------
    levels_ : array, shape (LEVELS,)
        Levels of the driven input [its unit].
    response_ : array, shape (devices, LEVELS, O)
        Steady outputs there [their units].
    clipped_, outside_, scale_, mask_
        As of ``Reservoir``.

    Raises
    ------
    ValueError, DivergedError
        As ``Reservoir``.
    """

    def __init__(self, reservoir: Any = None) -> None:
        self.reservoir = reservoir

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn the read-in as the reservoir does, and compute the steady response over its levels."""
        if not isinstance(self.reservoir, Reservoir):
            raise ValueError(f"Static.reservoir must be a Reservoir, got {self.reservoir!r}")
        settings = {"feedback": 0.0, "noise": False, "sampling": "end", "start": "initial"}
        self._same_ = Reservoir(**(self.reservoir.get_params(deep=False) | settings)).fit(X)
        same = self._same_
        self.n_features_in_ = same.n_features_in_
        self.mask_, self.scale_, self.clipped_, self.outside_ = same.mask_, same.scale_, same.clipped_, same.outside_
        low, high = np.clip([same.rest_ - same.swing_, same.rest_ + same.swing_], *same.bounds_)
        self.levels_ = np.linspace(low, high, LEVELS)
        devices = same.devices()
        steady = [settle([device] * LEVELS, same.hold_, self.levels_)[1] for device in devices]
        self.response_ = np.ascontiguousarray(steady)
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Steady outputs (T, nodes * outputs * devices) of an array (T, C); a list of them for a list of arrays."""
        check_is_fitted(self)
        sequences, kind = listed(self, X, reset=False)
        self._same_.warn_outside(sequences)
        return restored([self._states(points) for points in sequences], kind)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Names of the states, as of the reservoir."""
        check_is_fitted(self)
        return self._same_.get_feature_names_out()

    def _states(self, points: FloatArray) -> FloatArray:
        parts = []
        for position, response in enumerate(self.response_):
            levels = self._same_.levels([points], position, len(points))[:, 0]
            place = (levels - self.levels_[0]) * ((LEVELS - 1) / (self.levels_[-1] - self.levels_[0]))
            parts.append(_between(place, np.array(response)).reshape(len(points), -1))
        return np.concatenate(parts, axis=1)


@njit("float64[:, ::1](float64[::1], float64[:, ::1])", cache=True, nogil=True)
def _between(place: FloatArray, table: FloatArray) -> FloatArray:
    """Straight lines between the rows of a table (rows, O) at places 0 to rows - 1, shape (n, O)."""
    result = np.empty((place.size, table.shape[1]))
    for number in range(place.size):
        row = min(max(int(place[number]), 0), table.shape[0] - 2)
        part = place[number] - row
        for output in range(table.shape[1]):
            result[number, output] = (1 - part) * table[row, output] + part * table[row + 1, output]
    return result
