"""A series foretold from a reservoir's states, and from the same numbers without the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from spinode.reservoir.mask import ReadIn
from spinode.reservoir.metrics import nrmse, ridge_weights
from spinode.signals import FloatArray


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastSettings:
    """Which points train the readout, which test it, and how far ahead it looks; as in Chen et al. (2022).

    Parameters
    ----------
    washout : int
        First points that are not used, >= 0.
    training : int
        Points after them that train, >= 2; the rest is the test.
    horizons : int
        H = 0, ..., horizons - 1 points ahead, >= 1.
    ridge : float
        Penalty of the readout, > 0, where the training states have deviation 1.
    intercept : bool
        A constant beside the states, without penalty. The published readout has none; without one a control whose
        features have mean 0 could not even give the mean of the series.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    washout: int = 300
    training: int = 5000
    horizons: int = 80
    ridge: float = 1e-4
    intercept: bool = True

    def __post_init__(self) -> None:
        least = {"washout": 0, "training": 2, "horizons": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"ForecastSettings.{name} must be {bound} or more, got {getattr(self, name)}")
        if not (np.isfinite(self.ridge) and self.ridge > 0):
            raise ValueError(f"ForecastSettings.ridge must be a positive number, got {self.ridge}")

    @property
    def fewest_points(self) -> int:
        """Points that leave at least two test points at the longest horizon."""
        return self.washout + self.training + self.horizons + 1


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Errors on the test points by horizon: NRMSE of the device, and of each control; arrays of shape (horizons,).

    controls
        ``masked_input``: the same readout on the masked values themselves, with no device between. ``delayed_inputs``:
        the same readout on as many past points as there are nodes, a linear autoregression that remembers perfectly.
    """

    nrmse: FloatArray
    controls: Mapping[str, FloatArray]

    def __post_init__(self) -> None:
        object.__setattr__(self, "controls", MappingProxyType(dict(self.controls)))


def forecast(states: FloatArray, series: FloatArray, read_in: ReadIn, settings: ForecastSettings) -> Forecast:
    """Train one linear readout a horizon on the states and on each control, and score them on the test points.

    The target of point t at horizon H is series[t + H]; H = 0 recalls the present point and foretells nothing. One
    shift and one scale for all nodes bring the training states to mean 0 and deviation 1.

    Parameters
    ----------
    states : array, shape (T - washout, N)
        States of the points after the washout.
    series : array, shape (T,)
        All points.
    read_in : ReadIn
        Its levels are the first control.
    settings : ForecastSettings

    Raises
    ------
    ValueError
        If there are too few points or the states do not belong to them.
    """
    if len(series) < settings.fewest_points:
        raise ValueError(
            f"forecast needs at least {settings.fewest_points} points for {settings.training} training points"
            f" and {settings.horizons} horizons, got {len(series)}"
        )
    if len(states) != len(series) - settings.washout:
        raise ValueError(f"forecast needs states of {len(series) - settings.washout} points, got {len(states)}")
    kept = series[settings.washout :]
    masked = read_in.levels(kept[:, None])
    delayed = delayed_inputs(series, read_in.nodes)[settings.washout :]
    controls = {"masked_input": masked, "delayed_inputs": delayed}
    return Forecast(
        nrmse=errors_by_horizon(states, kept, settings),
        controls={name: errors_by_horizon(features, kept, settings) for name, features in controls.items()},
    )


def errors_by_horizon(features: FloatArray, series: FloatArray, settings: ForecastSettings) -> FloatArray:
    """NRMSE on the test points at H = 0, ..., horizons - 1 of a linear readout of some features, shape (horizons,).

    Both arrays begin after the washout: features (n, N), series (n,).
    """
    training = settings.training
    targets = np.column_stack([series[ahead : ahead + training] for ahead in range(settings.horizons)])
    shift, scale = features[:training].mean(), features[:training].std()
    scaled = (features - shift) / (scale if scale > 0 else 1.0)
    level = np.zeros(settings.horizons)
    if settings.intercept:  # centred columns and targets make the constant free of the penalty
        scaled, level = scaled - scaled[:training].mean(axis=0), targets.mean(axis=0)
    weights = ridge_weights(scaled[:training], targets - level, settings.ridge)
    result = np.empty(settings.horizons)
    for ahead in range(settings.horizons):
        truth = series[training + ahead :]
        predicted = level[ahead] + scaled[training : len(series) - ahead] @ weights[:, ahead]
        result[ahead] = nrmse(predicted[:, None], truth[:, None])[0]
    return result


def delayed_inputs(series: FloatArray, count: int) -> FloatArray:
    """series[t], series[t - 1], ..., series[t - count + 1] of every point, shape (T, count); the first point before."""
    padded = np.concatenate([np.full(count - 1, series[0]), series])
    return np.lib.stride_tricks.sliding_window_view(padded, count)[:, ::-1]
