"""Where a surrogate may be trusted: what it saw in training, and which samples of a run lie outside of that.

Three questions are put to each sample of a free run. Is the *value* of every drive and output channel within its
trained range? Is its *rate* of change? And was there a training sample with a state x and inputs u near these together?
The last one is a distance in z = (x, u), every coordinate in units of its standard deviation in training,

    d(z) = min_k |z - z_k|  over reference points z_k drawn evenly from the training samples,

and the limit is the ``QUANTILE`` of d between stretches of the training, times ``MARGIN``: ranges miss a combination of
values that are all in range, and an ellipsoid (Mahalanobis 1936) misses the hole inside a limit cycle. Derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spinode.signals import FloatArray
from spinode.surrogate.dataset import Dataset
from spinode.traces import Trace, TraceSet

Mask = NDArray[np.bool_]
POINTS = 1000
"""Reference points that are kept: 8 kB a state or input in the file."""
STRETCHES = 20
"""Stretches of the training between which the usual distance is measured."""
QUANTILE, MARGIN = 0.99, 1.1
"""The limit of the distance; somewhat less than one sample in a hundred of such a drive is then outside."""
SLACK = 0.01
"""Part of a trained width by which a value or a rate may leave it: cubics between samples overshoot a little."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Least and largest value and rate of change of one channel in training, in its unit and its unit a second."""

    low: float
    high: float
    slowest: float
    fastest: float

    def value_outside(self, values: FloatArray) -> Mask:
        """Samples whose value is outside, shape as given; a number that is not finite is outside."""
        return _outside(values, self.low, self.high)

    def rate_outside(self, values: FloatArray, dt: float) -> Mask:
        """Samples that were reached with a rate that is outside, shape as given."""
        rates = np.diff(values, prepend=values[:1]) / dt
        return _outside(rates, self.slowest, self.fastest)


@dataclass(frozen=True, kw_only=True)
class TrustRegion:
    """What was seen in training.

    Parameters
    ----------
    drive, output : mapping of str to Bounds
        By channel name.
    points : array, shape (K, D)
        Reference points: states and inputs of training samples over ``scale``.
    scale : array, shape (D,)
        Standard deviation of each coordinate in training (1 for a coordinate that did not change).
    limit : float
        Largest distance to the nearest reference point that counts as inside, > 0.
    """

    drive: Mapping[str, Bounds]
    output: Mapping[str, Bounds]
    points: FloatArray
    scale: FloatArray
    limit: float

    def distance(self, states: FloatArray, inputs: FloatArray) -> FloatArray:
        """Distance of (state, input) pairs to the training over the limit, shape (T,); infinite where not finite."""
        where = np.column_stack([states, inputs]) / self.scale
        finite = np.isfinite(where).all(axis=1)
        result = np.full(len(where), np.inf)
        if finite.any():
            result[finite] = cKDTree(self.points).query(where[finite])[0] / self.limit
        return result


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Samples of a prediction that lie outside the training.

    Parameters
    ----------
    mask : array of bool, shape (T,)
        True where any of the reasons holds.
    reasons : mapping of str to array of bool, shape (T,)
        ``drive value``, ``drive rate``, ``output value``, ``output rate``, ``combination``.
    dt, start : float
        Sample interval and time of the first sample [s].
    """

    mask: Mask
    reasons: Mapping[str, Mask] = field(default_factory=dict)
    dt: float
    start: float

    @property
    def share(self) -> float:
        """Part of the samples that is outside, 0 to 1."""
        return float(self.mask.mean())

    @property
    def first(self) -> float | None:
        """Time of the first sample outside [s]; None if there is none."""
        return self.start + int(np.argmax(self.mask)) * self.dt if self.mask.any() else None

    def samples(self, first: int, last: int) -> Outside:
        """The same of samples first, ..., last - 1."""
        reasons = {name: mask[first:last] for name, mask in self.reasons.items()}
        return Outside(mask=self.mask[first:last], reasons=reasons, dt=self.dt, start=self.start + first * self.dt)

    def as_dict(self) -> dict[str, object]:
        """For JSON: ``share``, ``first_time`` [s] or None, ``reasons`` {name: share}."""
        shares = {name: float(mask.mean()) for name, mask in self.reasons.items()}
        return {"share": self.share, "first_time": self.first, "reasons": shares}


def trained_region(traces: TraceSet, data: Dataset, states: FloatArray, samples: NDArray[np.int64]) -> TrustRegion:
    """The trust region of fitted traces.

    Parameters
    ----------
    traces : TraceSet
        Traces that were fitted.
    data : Dataset
        The record of the training.
    states : array, shape (N, S)
        States at the samples of the record, as the fit left them.
    samples : array of int
        Samples of the record that were fitted and whose states are known.
    """
    where = np.column_stack([states, data.inputs])[samples]
    spread = where.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    scaled = where / scale
    return TrustRegion(
        drive={name: _bounds([trace.drive.column(name) for trace in traces], traces.traces[0].dt)
               for name in traces.traces[0].drive.names},
        output={name: _bounds([trace.output.column(name) for trace in traces], traces.traces[0].dt)
                for name in traces.traces[0].output.names},
        points=_spread(scaled, POINTS),
        scale=scale,
        limit=_limit(scaled),
    )  # fmt: skip


def _spread(points: FloatArray, count: int) -> FloatArray:
    """At most ``count`` of the points, evenly over them."""
    chosen = np.unique(np.linspace(0, len(points) - 1, count).astype(np.int64))
    result: FloatArray = points[chosen]
    return result


def _limit(points: FloatArray) -> float:
    """Distance of either half of the stretches to the other: points of one stretch are neighbours by their time."""
    stretch = np.arange(len(points)) * STRETCHES // max(len(points), 1)
    halves = [points[stretch % 2 == parity] for parity in (0, 1)]
    nearest = [cKDTree(_spread(a, POINTS)).query(_spread(b, 4 * POINTS))[0] for a, b in (halves, halves[::-1])]
    return max(MARGIN * float(np.quantile(np.concatenate(nearest), QUANTILE)), 1e-6)


def outside(region: TrustRegion, trace: Trace, values: FloatArray, distance: FloatArray) -> Outside:
    """Which samples of a free run lie outside the training.

    Parameters
    ----------
    region : TrustRegion
    trace : Trace
        The drive that was run.
    values : array, shape (T, O)
        Outputs of the run, as they were fitted.
    distance : array, shape (T,)
        ``TrustRegion.distance`` of states and inputs along it; 0 where there is no state yet.
    """
    dt = trace.dt
    drives = [(bounds, trace.drive.column(name)) for name, bounds in region.drive.items()]
    outputs = list(zip(region.output.values(), values.T, strict=True))
    nothing = [np.zeros(len(trace), dtype=np.bool_)]
    with np.errstate(over="ignore", invalid="ignore"):
        reasons = {
            "drive value": np.any([*nothing, *(each.value_outside(column) for each, column in drives)], axis=0),
            "drive rate": np.any([*nothing, *(each.rate_outside(column, dt) for each, column in drives)], axis=0),
            "output value": np.any([each.value_outside(column) for each, column in outputs], axis=0),
            "output rate": np.any([each.rate_outside(column, dt) for each, column in outputs], axis=0),
            "combination": distance > 1.0,
        }
    mask = np.any(list(reasons.values()), axis=0)
    return Outside(mask=mask, reasons=reasons, dt=dt, start=trace.output.start)


def _bounds(columns: list[FloatArray], dt: float) -> Bounds:
    rates = [np.diff(column) / dt for column in columns]
    return Bounds(
        low=min(float(column.min()) for column in columns),
        high=max(float(column.max()) for column in columns),
        slowest=min(float(rate.min()) for rate in rates),
        fastest=max(float(rate.max()) for rate in rates),
    )


def _outside(values: FloatArray, low: float, high: float) -> Mask:
    slack = SLACK * (high - low) + 1e-9 * max(abs(low), abs(high))
    inside: Mask = (values >= low - slack) & (values <= high + slack)
    return ~inside
