"""A device as a scikit-learn transformer: points or sequences of points in, states of its virtual nodes out."""

from __future__ import annotations

import copyreg
import warnings
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from spinode.devices.base import Device
from spinode.reservoir.read_in import (
    check_settings,
    chosen_input,
    feedback_holds,
    learned_scale,
    listed,
    mask_of,
    pacing,
    restored,
)
from spinode.reservoir.runs import Crowd, Feedback, at_temperature, same_kind
from spinode.reservoir.stationary import settle
from spinode.signals import FloatArray
from spinode.simulate import DivergedError, Execution

TOGETHER = 512
"""Sequences that run side by side."""
BUDGET = 2**21
"""Readings that are held in memory besides the result."""

_Shown = tuple[int, FloatArray, list[np.random.Generator]]
"""A sequence with its number, and the sources of its noise on each device."""


def _read_only(entries: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(entries)


# clone and the workers of a search copy their arguments; a learned device keeps read-only mappings, which refuse it.
copyreg.pickle(MappingProxyType, lambda mapping: (_read_only, (dict(mapping),)))


class Reservoir(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Virtual nodes of one device, or of several in parallel: held levels in, outputs of the device out.

    While point s is shown, node j holds the driven input at rest + swing clip(sum_c m_jc s_c / scale, -1, 1) for the
    node time; ``scale`` is the given quantile of |sum_c m_jc s_c| over the points seen in ``fit``. The read outputs are
    the features, in the order device, node, reading in the node, output.

    Parameters
    ----------
    device : Device, or sequence of them
        Analytic or learned; several run side by side, each with a mask of its own.
    channel : str, optional
        Driven input; needed where a device has several.
    mask : str or array
        ``binary``, ``ternary``, ``gaussian``, ``maximal-length``, or weights (nodes, C) or (devices, nodes, C).
    nodes : int
        Virtual nodes of a device, >= 1; not used with an array as mask.
    node_time : float, optional
        theta [s], > 0; whole samples of a learned device. Two steps or samples of the device where left out.
    rest, swing : float, optional
        Operating point and largest swing around it [unit of the channel]; the middle and half the width of ``bounds``
        where left out.
    quantile : float
        Part of the training levels that are not cut off at the swing, 0 < quantile <= 1.
    bounds : (float, float), optional
        Range in which the device holds [unit of the channel]; the trained range of a learned one where left out. Levels
        beyond it are cut off, and a warning says how many.
    sampling : str or int
        When a node is read: ``start`` or ``end`` of its hold, its ``mean``, or a number of readings, 1 to 64, at equal
        distances of which the last is the end.
    feedback : float
        Gain g of the delayed feedback, -1 < g < 1. The drive is then rest + swing clip((1 - |g|) m + g y, -1, 1) with
        the masked input m in [-1, 1] and y the first output, 0 at rest and 2 apart between its steady values at rest -
        swing and rest + swing: g is about the gain of the loop, and the drive keeps to its swing.
    feedback_delay : float
        Delay in ``feedback_unit``; a hold receives the output at the end of the hold so many holds before.
    feedback_unit : str
        ``points`` or ``nodes``; a delay of 1 point is as many holds as there are nodes.
    noise : bool
        Thermal noise of the device (stochastic Heun), or the learned process noise of a surrogate.
    temperature : float, optional
        In place of the device's own [K].
    others : mapping of str to float, optional
        Inputs at rest; for a learned device the middle of the trained range where left out.
    start : str
        Each sequence begins ``settled`` at the operating point, or from the device's own ``initial`` state.
    seed : int
        Of masks and noise. The noise depends on the data too: same data, same noise; other data, independent noise.
    n_jobs : int, optional
        Threads, 1 where left out; no number depends on it.

    Attributes
    ----------
    mask_ : array, shape (devices, nodes, C)
    scale_, rest_, swing_, node_time_, channel_, bounds_
        As used.
    clipped_ : float
        Part of the training levels beyond the swing.
    outside_ : float
        Part of the training levels beyond ``bounds``.
    n_features_in_ : int

    Raises
    ------
    ValueError
        In ``fit``, one line for an argument out of range, for a device with several inputs and no ``channel``, and for
        points that are not finite; in ``transform``, for another number of columns.
    DivergedError
        If a device leaves its range; the error names sequence and point.

    Notes
    -----
    Time multiplexing after Appeltant et al., Nat. Commun. 2, 468 (2011); feedback after Riou et al., Phys. Rev. Appl.
    12, 024049 (2019), in units derived here. An array (T, C) is one sequence, and its rows are not independent: split
    it in time (``TimeSeriesSplit``). A list of arrays holds many sequences, which run side by side.
    """

    def __init__(  # noqa: PLR0913 - scikit-learn asks for one argument a setting
        self,
        device: Any = None,
        *,
        channel: str | None = None,
        mask: Any = "binary",
        nodes: int = 50,
        node_time: float | None = None,
        rest: float | None = None,
        swing: float | None = None,
        quantile: float = 0.999,
        bounds: tuple[float, float] | None = None,
        sampling: str | int = "end",
        feedback: float = 0.0,
        feedback_delay: float = 1,
        feedback_unit: str = "points",
        noise: bool = False,
        temperature: float | None = None,
        others: Mapping[str, float] | None = None,
        start: str = "settled",
        seed: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.device = device
        self.channel = channel
        self.mask = mask
        self.nodes = nodes
        self.node_time = node_time
        self.rest = rest
        self.swing = swing
        self.quantile = quantile
        self.bounds = bounds
        self.sampling = sampling
        self.feedback = feedback
        self.feedback_delay = feedback_delay
        self.feedback_unit = feedback_unit
        self.noise = noise
        self.temperature = temperature
        self.others = others
        self.start = start
        self.seed = seed
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Draw the masks and learn the scale of the read-in; X is an array (T, C) or a list of arrays (T_i, C)."""
        sequences, _ = listed(self, X, reset=True)
        check_settings(self, self.devices())
        self._input_ = chosen_input(self, self.devices())
        self.channel_, self.rest_, self.swing_ = self._input_.channel, self._input_.rest, self._input_.swing
        self.bounds_ = (self._input_.low, self._input_.high)
        self.mask_ = mask_of(self.mask, (len(self.devices()), self.nodes, self.n_features_in_), self.seed)
        self.hold_ = pacing(self, self.devices(), self._input_)
        self.node_time_ = self.hold_.node_time
        self.scale_, self.clipped_ = learned_scale(sequences, self.mask_, self.quantile)
        self.outside_ = self.warn_outside(sequences)
        self._prepare()
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        """States (T, nodes * readings * outputs * devices) of an array (T, C); a list of them for a list of arrays."""
        check_is_fitted(self)
        sequences, kind = listed(self, X, reset=False)
        self.warn_outside(sequences)
        features = len(self._names())
        result = [np.empty((len(points), features)) for points in sequences]
        rngs = self._generators(sequences)
        order = sorted(range(len(sequences)), key=lambda number: len(sequences[number]))
        for first in range(0, len(order), TOGETHER):
            self._show(
                [(number, sequences[number], rngs[number]) for number in order[first : first + TOGETHER]], result
            )
        return restored(result, kind)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Any:
        """Names of the states: device (where there are several), node, reading (where there are several), output."""
        check_is_fitted(self)
        return np.array(self._names(), dtype=object)

    def devices(self) -> list[Device]:
        """The devices, at the chosen temperature."""
        given = list(self.device) if isinstance(self.device, Sequence) else [self.device]
        if not given or any(not hasattr(device, "kernel") for device in given):
            raise ValueError(f"Reservoir.device must be a device or a sequence of them, got {self.device!r}")
        return given if self.temperature is None else [at_temperature(device, self.temperature) for device in given]

    def _prepare(self) -> None:
        """Where each device starts, and what its feedback is counted from."""
        if self.feedback:
            feedback_holds(self, self.mask_.shape[1])
        devices, hold = self.devices(), self.hold_
        self._starts_, self._steady_ = [], np.zeros((len(devices), 3))
        for position, device in enumerate(devices):
            levels = np.clip(self.rest_ + self.swing_ * np.array([-1.0, 0.0, 1.0]), *self.bounds_)
            wanted = slice(None) if self.feedback else slice(1, 2)
            if self.feedback or self.start == "settled":
                states, outputs = settle([device] * len(levels[wanted]), hold, levels[wanted])
                self._steady_[position, wanted] = outputs[:, 0]
                settled = states[len(states) // 2]
            self._starts_.append(settled if self.start == "settled" else device.initial())

    def _generators(self, sequences: list[FloatArray]) -> list[list[np.random.Generator]]:
        """A source of noise for each sequence and device, from the seed and the sequences themselves."""
        if not self.noise:
            return [[] for _ in sequences]
        mark = 0
        for points in sequences:
            mark = zlib.crc32(np.ascontiguousarray(points).tobytes(), mark)
        found = np.random.default_rng([self.seed, 1, mark]).spawn(len(sequences))
        return [rng.spawn(len(self.mask_)) for rng in found]

    def _show(self, some: list[_Shown], result: list[FloatArray]) -> None:
        """Run some sequences side by side on all devices, and fill their rows of the result."""
        nodes, count = self.mask_.shape[1], len(some)
        crowds = [(group, self._crowd(group, some)) for group in same_kind([d.kernel for d in self.devices()])]
        longest = max(len(points) for _, points, _ in some)
        size = max(1, BUDGET // (count * nodes * self.hold_.parts * len(self.mask_)))
        for first in range(0, longest, size):
            last = min(first + size, longest)
            parts = [points[first:last] for _, points, _ in some]
            for group, crowd in crowds:
                levels = np.concatenate([self.levels(parts, position, last - first) for position in group], axis=1)
                seen = self._seen(crowd, levels, some)
                seen = seen.reshape(last - first, nodes, len(group), count, -1).transpose(2, 3, 0, 1, 4)
                for row, position in enumerate(group):
                    self._place(seen[row].reshape(count, last - first, -1), position, (first, parts, some), result)

    def _place(self, seen: FloatArray, position: int, where: Any, result: list[FloatArray]) -> None:
        """States of one device (sequences, points, features) into its columns of the result."""
        first, parts, some = where
        width = seen.shape[2]
        columns = slice(position * width, (position + 1) * width)
        for row, (number, _, _) in enumerate(some):
            result[number][first : first + len(parts[row]), columns] = seen[row, : len(parts[row])]

    def _seen(self, crowd: Crowd, levels: FloatArray, some: list[_Shown]) -> FloatArray:
        try:
            return crowd.show(levels, Execution(workers=self.n_jobs or 1))
        except DivergedError as error:
            number, points, _ = some[error.member % len(some)]
            time = crowd.elapsed + error.time
            point = min(int(time / (self.node_time_ * self.mask_.shape[1])), len(points) - 1)
            text = f"Reservoir: the device diverged while point {point} of sequence {number} was shown: {error}"
            raise DivergedError(text, number, time, error.state) from None

    def _crowd(self, group: list[int], some: list[_Shown]) -> Crowd:
        """One member for each device of a group and sequence, device by device."""
        devices = self.devices()
        rngs = [rng for _, _, generators in some for rng in generators]
        rngs = [rngs[len(devices) * row + position] for position in group for row in range(len(some))] if rngs else []
        return Crowd(
            [devices[position] for position in group for _ in some],
            np.repeat(np.array([self._starts_[position] for position in group]), len(some), axis=0),
            self.hold_,
            self._feedback(group, len(some)),
            rngs or None,
        )

    def _feedback(self, group: list[int], sequences: int) -> Feedback | None:
        if not self.feedback:
            return None
        low, rest, high = np.repeat(self._steady_[group], sequences, axis=0).T
        if not (high != low).all():
            raise ValueError("Reservoir.feedback must be 0 for a device whose steady output does not follow its drive")
        chosen = self._input_
        return Feedback(
            gain=self.feedback * self.swing_ / (0.5 * (high - low)),
            reference=rest,
            delay=feedback_holds(self, self.mask_.shape[1]),
            low=max(chosen.low, chosen.rest - chosen.swing),
            high=min(chosen.high, chosen.rest + chosen.swing),
        )

    def levels(self, parts: list[FloatArray], position: int, points: int) -> FloatArray:
        """Levels (points * nodes, sequences) without feedback; a sequence that is over rests."""
        mask, chosen = self.mask_[position], self._input_
        shown = np.zeros((points, len(parts), mask.shape[1]))
        for column, part in enumerate(parts):
            shown[: len(part), column] = part
        moved = np.matmul(mask[None], shown.transpose(0, 2, 1)) * (1 / self.scale_)
        np.clip(moved, -1.0, 1.0, out=moved)
        moved *= (1 - abs(self.feedback)) * chosen.swing
        moved += chosen.rest
        limited: FloatArray = np.clip(moved, chosen.low, chosen.high, out=moved)
        return limited.reshape(points * len(mask), len(parts))

    def _outside(self, sequences: list[FloatArray]) -> float:
        """Part of the levels that would leave the range."""
        chosen = self._input_
        margin = 1 + 1e-9  # a swing up to the range stays inside it but for rounding
        above = margin * (chosen.high - chosen.rest) / chosen.swing
        below = margin * (chosen.low - chosen.rest) / chosen.swing
        if above >= 1 and below <= -1:
            return 0.0
        outside = total = 0
        for points in sequences:
            moved = np.clip(points @ self.mask_.reshape(-1, points.shape[1]).T / self.scale_, -1, 1)
            outside, total = outside + int(np.sum((moved > above) | (moved < below))), total + moved.size
        return outside / total

    def warn_outside(self, sequences: list[FloatArray]) -> float:
        """Part of the levels beyond the device's range; a warning in one line says it where there are any."""
        outside = self._outside(sequences)
        if outside > 0:
            low, high = self.bounds_
            warnings.warn(
                f"Reservoir: {outside:.2%} of the levels of '{self.channel_}' leave the device's range {low:.6g} to"
                f" {high:.6g} and were cut off there; try a smaller swing than {self.swing_:.6g}",
                UserWarning,
                stacklevel=3,
            )
        return outside

    def _names(self) -> list[str]:
        devices = self.devices()
        return [
            (f"device{position}_" if len(devices) > 1 else "")
            + f"node{node}_"
            + (f"reading{reading}_" if self.hold_.readings > 1 else "")
            + output.name
            for position, device in enumerate(devices)
            for node in range(self.mask_.shape[1])
            for reading in range(self.hold_.readings)
            for output in device.outputs
        ]
