"""The readouts of the literature as scikit-learn estimators: pseudo-inverse, and winner-takes-all over a sequence."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from spinode.reservoir.read_in import listed
from spinode.signals import FloatArray


class PseudoInverse(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Linear regression by the Moore-Penrose inverse, W = T pinv([1; S]): least squares with a bias and no penalty.

    The readout of Torrejon et al., Nature 547, 428 (2017), and of the code of Chen et al., Nat. Commun. 13, 1016
    (2022). With about as many states as samples it fits their noise; ``sklearn.linear_model.Ridge`` does so less.

    Parameters
    ----------
    cutoff : float, optional
        Singular values below this part of the largest count as zero, 0 <= cutoff < 1; where left out the larger side of
        the states times the rounding error.

    Attributes
    ----------
    coef_ : array, shape (N,) or (K, N)
    intercept_ : float, or array, shape (K,)

    Raises
    ------
    ValueError
        In ``fit``, if the cutoff is out of range or the arrays do not fit.
    """

    def __init__(self, *, cutoff: float | None = None) -> None:
        self.cutoff = cutoff

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Solve for states X (T, N) and targets y (T,) or (T, K)."""
        states, targets = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        if self.cutoff is not None and not 0 <= self.cutoff < 1:
            raise ValueError(f"PseudoInverse.cutoff must be 0 to below 1, got {self.cutoff}")
        augmented = np.column_stack([np.ones(len(states)), states])
        cutoff = max(augmented.shape) * np.finfo(np.float64).eps if self.cutoff is None else self.cutoff
        weights = np.linalg.pinv(augmented, rcond=cutoff) @ np.asarray(targets, dtype=np.float64)
        self.intercept_, self.coef_ = weights[0], weights[1:].T
        return self

    def predict(self, X: Any) -> FloatArray:  # noqa: N803
        """Targets (T,) or (T, K) of states (T, N)."""
        check_is_fitted(self)
        states = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(states @ self.coef_.T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class TimeSummedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Winner-takes-all over a sequence: a linear regression gives every point a vote a class, and the votes are summed.

    class = argmax_k sum_t y_k(t), y(t) a regression of targets that are 1 for the class of the sequence and 0 for the
    others at each of its points: the recognition of Torrejon et al. (2017) and Abreu Araujo et al. (2020).

    Parameters
    ----------
    regressor : estimator, optional
        Any regressor of several targets, such as ``Ridge``; ``PseudoInverse`` where left out.

    Attributes
    ----------
    classes_ : array, shape (K,)
    regressor_ : estimator
        Fitted.

    Raises
    ------
    ValueError
        In ``fit``, if there is not one label a sequence or all are the same.
    """

    def __init__(self, regressor: Any = None) -> None:
        self.regressor = regressor

    def fit(self, X: Any, y: ArrayLike) -> Self:  # noqa: N803
        """Train on sequences (T_i, N) with one label each; an array (n, N) holds n sequences of one point."""
        if y is None:
            raise ValueError("TimeSummedClassifier requires y to be passed, but the target y is None")
        sequences, labels = _words(self, X, reset=True), np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = _column(labels)
        if labels.ndim != 1 or len(labels) != len(sequences):
            raise ValueError(f"TimeSummedClassifier.y must be {len(sequences)} labels, got shape {labels.shape}")
        check_array(labels, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(labels)
        self.classes_, indices = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("TimeSummedClassifier.y must have 2 classes or more, got 1 class")
        targets = np.eye(len(self.classes_))[indices]
        lengths = [len(points) for points in sequences]
        self.regressor_ = clone(PseudoInverse() if self.regressor is None else self.regressor)
        self.regressor_.fit(np.concatenate(sequences), np.repeat(targets, lengths, axis=0))
        return self

    def decision_function(self, X: Any) -> FloatArray:  # noqa: N803
        """Summed votes (n, K) of each sequence; of two classes their difference (n,), as scikit-learn has it."""
        votes = self._votes(X)
        return votes[:, 1] - votes[:, 0] if len(self.classes_) == 2 else votes

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Class of each sequence, shape (n,)."""
        winners = np.argmax(self._votes(X), axis=1)
        return self.classes_[winners]

    def _votes(self, given: Any) -> FloatArray:
        check_is_fitted(self)
        sequences = _words(self, given, reset=False)
        starts = np.cumsum([0, *(len(points) for points in sequences[:-1])])
        return np.add.reduceat(np.asarray(self.regressor_.predict(np.concatenate(sequences))), starts, axis=0)


def _words(owner: Any, given: Any, *, reset: bool) -> list[FloatArray]:
    """The sequences; each row of an array is one of its own."""
    sequences, kind = listed(owner, given, reset=reset)
    return [row[None] for row in sequences[0]] if kind == "one" else sequences


def _column(labels: Any) -> Any:
    """Labels in a column as a row, with the warning that scikit-learn gives."""
    from sklearn.utils.validation import column_or_1d

    return column_or_1d(labels, warn=True)
