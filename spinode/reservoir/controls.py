"""The same numbers without the device: what each score of a reservoir is held against."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spinode.reservoir.read_in import listed, restored
from spinode.reservoir.transformer import Reservoir
from spinode.signals import FloatArray

CONTROLS = ("static", "masked_input", "delayed_inputs")
"""Controls of every task, in the order in which they are shown."""


class MaskedInput(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The levels that a reservoir would give its device, with no device behind: as many linear features as nodes.

    Parameters
    ----------
    reservoir : Reservoir
        Not changed, and need not be fitted.
    """

    def __init__(self, reservoir: Any = None) -> None:
        self.reservoir = reservoir

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn the read-in as the reservoir does."""
        if not isinstance(self.reservoir, Reservoir):
            raise ValueError(f"MaskedInput.reservoir must be a Reservoir, got {self.reservoir!r}")
        settings = {"feedback": 0.0, "noise": False, "start": "initial"}
        self._same_ = Reservoir(**(self.reservoir.get_params(deep=False) | settings)).fit(X)
        self.n_features_in_ = self._same_.n_features_in_
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Levels (T, nodes * devices) of an array (T, C), in swings from the rest; a list for a list of arrays."""
        check_is_fitted(self)
        sequences, kind = listed(self, X, reset=False)
        return restored([self._levels(points) for points in sequences], kind)

    def _levels(self, points: FloatArray) -> FloatArray:
        same, count = self._same_, len(self._same_.mask_)
        parts = [same.levels([points], position, len(points)).reshape(len(points), -1) for position in range(count)]
        return np.asarray((np.concatenate(parts, axis=1) - same.rest_) / same.swing_)


class DelayedInputs(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A shift register: x(t), x(t - 1), ..., x(t - taps + 1) of each column, zero before the first point.

    The linear control that remembers perfectly: its linear memory is ``taps`` - 1 points, and nothing in it is
    multiplied with anything.

    Parameters
    ----------
    taps : int
        >= 1.
    """

    def __init__(self, taps: int = 1) -> None:
        self.taps = taps

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803
        """Check the number of taps; nothing is learned."""
        listed(self, X, reset=True)
        if self.taps < 1:
            raise ValueError(f"DelayedInputs.taps must be 1 or more, got {self.taps}; try the number of nodes")
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """Past points (T, C * taps) of an array (T, C); a list for a list of arrays."""
        check_is_fitted(self)
        sequences, kind = listed(self, X, reset=False)
        return restored([self._past(points) for points in sequences], kind)

    def _past(self, points: FloatArray) -> FloatArray:
        padded = np.concatenate([np.zeros((self.taps - 1, points.shape[1])), points])
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.taps, axis=0)
        return np.asarray(windows[:, :, ::-1].reshape(len(points), -1))
