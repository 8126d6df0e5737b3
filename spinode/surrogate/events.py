"""Events that a trace contains and no smooth model can follow: a skyrmion that is destroyed, a wall that leaves.

No device is known here. What is looked for is a contradiction: from some time on, to the end, the device answers
*the same situation* otherwise than before. With a delay h (a quarter of the dominant period) the change

    Y(t) = y(t + h) - y(t) = F(y(t), y(t) - y(t - h), y(t) - 2 y(t - h) + y(t - 2h), means of u over three delays)

is regressed on a polynomial F over the first part of a trace, for many ends of that part. A later sample is asked only
if its situation occurred before: its nearest neighbour in the first part is as near as those parts are to each other.
Four findings count as an event, each over (nearly) all later time:

- *answers differently*: F is wrong by several times its own error, on situations that it knows;
- *hardly answers any more*: F is that wrong too, the level is a new one, and the same drive moves the output far less;
- *no longer answers*: the drive goes on as before and the output stands still, whatever level it went to;
- *stops*: without any change of the drive, F is suddenly wrong as never before and the motion then is gone.

So a ring-down, a step of the drive, a chirp, a drive that ends, a burst that fades or a wall that rests at a new place
are no events: nothing contradicts what was seen. Derived here; ``tests/test_events.py`` measures both error rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from spinode.signals import FloatArray
from spinode.surrogate.embedding import choose_delay
from spinode.surrogate.field import IntArray
from spinode.traces import Trace, TraceSet
from spinode.units import format_quantity

BLOCKS = 40
"""Parts of a trace between which an event is looked for; the first ones and the last two are too short to judge."""
FIRST, SHORT_FIRST, LAST = 4, 6, 2
"""Parts at the start and at the end that are not judged; up to ``SHORT_FIRST`` where the polynomial has more terms than
four parts can tell: below twice as many samples as terms its error on the first part says nothing."""
MOST = 8000
"""Samples of a trace that are looked at, evenly spread: a longer trace costs no more."""
WRONG, WRONG_PART = 4.0, 0.3
"""Error on known situations over the error in the first part, and over the rms change, that contradict it.

Healthy traces (test_events.py) stay below 2.8 and events are above 4.9."""
STILL = 0.03
"""Change of the output over that of the nearest known situation of the drive below which it no longer answers."""
WEAK = 0.2
"""The same where it still moves a little, at a level it never had, and the polynomial is wrong as well."""
EXCITED = 0.3
"""Part of the drive's earlier motion that must go on for silence to mean something."""
SHOCK, GONE = 5.0, 0.2
"""Largest error over the largest before, and later motion over earlier motion, of an oscillation that stops."""
KNOWN = 0.5
"""Share of the later samples whose situation must be known."""
NEIGHBOURS = 2500
"""Situations of the first part that later ones are compared with."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A time from which on a trace contradicts its own past.

    Parameters
    ----------
    trace : str
        Name of the trace.
    sample : int
        First sample after the event, to about a delay.
    time : float
        Its time [s].
    before : int
        Samples at the start of the trace that are free of it: a delay less.
    kind : str
        What happened, in words.
    """

    trace: str
    sample: int
    time: float
    before: int
    kind: str

    def line(self) -> str:
        """One line for a user."""
        when = format_quantity(float(f"{self.time:.6g}"), "s")
        return f"trace '{self.trace}': at {when} (sample {self.sample}) the output {self.kind}, for good"


def find_event(trace: Trace) -> Event | None:
    """The event in a trace, or None; ``None`` too where a trace is too short to judge (some hundred samples).

    Parameters
    ----------
    trace : Trace
        Any drive and output; the first tenth and the last fortieth are too short to be judged.
    """
    record = _record(trace)
    if record is None:
        return None
    for judge, kind in JUDGES:
        scores = {end: judge(record, end) for end in range(record.first, BLOCKS - LAST + 1)}
        end = max(scores, key=lambda each: scores[each])
        if scores[end] >= 1.0:
            sample = WHEN[kind](record, end)
            start, dt = trace.output.start, trace.dt
            before = max(1, sample - record.delay)
            return Event(trace=trace.name, sample=sample, time=start + sample * dt, before=before, kind=kind)
    return None


def before_events(traces: TraceSet) -> tuple[TraceSet, tuple[Event, ...]]:
    """The traces up to their events, and the events."""
    found = {trace.name: find_event(trace) for trace in traces}
    cut = []
    for trace in traces:
        event = found[trace.name]
        cut.append(trace if event is None else trace.samples(0, event.before))
    return TraceSet(tuple(cut)), tuple(event for event in found.values() if event is not None)


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What is asked of one trace: sample times (N,), features (N, F), changes (N, O), situations, blocks (N,).

    ``first`` is the number of blocks that come before any judgement.
    """

    first: int
    delay: int
    times: IntArray
    features: FloatArray
    changes: FloatArray
    drive: FloatArray
    situation: FloatArray
    block: IntArray

    @cached_property
    def activity(self) -> FloatArray:
        """Root mean square change by block, shape (BLOCKS,)."""
        return np.array([_rms(self.changes[self.block == number]) for number in range(BLOCKS)])

    def fit(self, rows: NDArray[np.bool_]) -> FloatArray:
        """Errors (N, O) of the polynomial regressed on these rows."""
        features, changes = self.features[rows], self.changes[rows]
        scale = np.sqrt((features**2).mean(axis=0)) + 1e-12
        scaled = features / scale
        square = scaled.T @ scaled / len(scaled) + 1e-8 * np.eye(len(scale))
        weights = np.linalg.solve(square, scaled.T @ changes / len(scaled))
        error: FloatArray = self.features @ (weights / scale[:, None]) - self.changes
        return error


def _record(trace: Trace) -> _Record | None:
    y, u = _normal(trace.output.values), _normal(trace.drive.values)
    if not y.shape[1] or len(y) < 4 * BLOCKS:
        return None
    delay = choose_delay([y])
    times = np.arange(2 * delay, len(y) - delay, max(1, (len(y) - 3 * delay) // MOST))
    sums = np.vstack([np.zeros((1, u.shape[1])), np.cumsum(u, axis=0)])
    parts = [(sums[times + shift + delay] - sums[times + shift]) / delay for shift in (0, -delay, -2 * delay)]
    slope = y[times] - y[times - delay]
    outputs = np.column_stack([y[times], slope, slope - y[times - delay] + y[times - 2 * delay]])
    drive = np.column_stack(parts)
    core = np.column_stack([y[times], slope, parts[0]])
    features = np.column_stack([np.ones(len(times)), outputs, drive, *_products(core)])
    first = max(FIRST, int(np.ceil(2 * features.shape[1] * BLOCKS / len(times))))
    if len(times) < 8 * BLOCKS or first > SHORT_FIRST:
        return None
    return _Record(
        first=first,
        delay=delay,
        times=times,
        features=features,
        changes=y[times + delay] - y[times],
        drive=drive,
        situation=np.column_stack([outputs, drive]),
        block=(np.arange(len(times)) * BLOCKS) // len(times),
    )


def _products(core: FloatArray) -> list[FloatArray]:
    """Monomials of second degree, and of third where there are few variables."""
    count = core.shape[1]
    pairs = [core[:, i] * core[:, j] for i in range(count) for j in range(i, count)]
    if count > 4:
        return pairs
    triples = [
        core[:, i] * core[:, j] * core[:, k] for i in range(count) for j in range(i, count) for k in range(j, count)
    ]
    return pairs + triples


def _differs(record: _Record, end: int) -> float:
    """How clearly known situations are answered otherwise from block ``end`` on; an event from 1."""
    first = record.block < end
    usual = _usual_error(record, end)
    change = _rms(record.changes[first])
    error = record.fit(first)
    needed = max(WRONG * usual, WRONG_PART * change)
    if change == 0.0 or np.quantile(_by_block(error, record, end, ~first), 0.25) < needed:
        return 0.0
    known = _known(record, record.situation, end)[0]
    if known[~first].mean() < KNOWN:
        return 0.0
    return float(np.quantile(_by_block(error, record, end, known & ~first), 0.25)) / needed


def _weakens(record: _Record, end: int) -> float:
    """How clearly the output lies at levels never seen, is not predicted and hardly moves; an event from 1."""
    first = record.block < end
    usual, change = _usual_error(record, end), _rms(record.changes[first])
    if not record.drive.shape[1] or record.activity[end + 1 :].max() > 2 * WEAK * change:
        return 0.0
    wrong = float(np.quantile(_by_block(record.fit(first), record, end, ~first), 0.25))
    if wrong < max(WRONG * usual, WRONG_PART * change) or not _goes_on(record, end):
        return 0.0
    known, nearest = _known(record, record.drive, end)
    rows = known & (record.block > end)
    if rows.sum() < KNOWN * (record.block > end).sum():
        return 0.0
    expected, left = _rms(record.changes[nearest[rows]]), _rms(record.changes[rows])
    return min(WEAK * expected / max(left, 1e-6 * expected), wrong / max(WRONG * usual, WRONG_PART * change))


def _goes_on(record: _Record, end: int) -> bool:
    """Whether the drive moves after block ``end`` about as it did before."""
    motion = [_rms(np.diff(record.drive[rows], axis=0)) for rows in (record.block < end, record.block > end)]
    return motion[1] >= EXCITED * motion[0]


def _silent(record: _Record, end: int) -> float:
    """How clearly the output stands still from block ``end`` on although the drive goes on; an event from 1."""
    first = record.block < end
    later = record.block > end
    if not record.drive.shape[1] or record.activity[end + 1 :].max() > 0.1 * np.median(record.activity[:end]):
        return 0.0
    if not _goes_on(record, end):
        return 0.0
    known, nearest = _known(record, record.drive, end)
    rows = known & later
    if rows.sum() < KNOWN * later.sum():
        return 0.0
    expected = float(np.median(np.abs(record.changes[nearest[rows]]).max(axis=1)))  # of most, not of a last transient
    left = float(np.quantile(np.abs(record.changes[rows]).max(axis=1), 0.9))
    if expected < 0.1 * _rms(record.changes[first]):
        return 0.0  # so little was to be expected that silence says nothing
    return STILL * expected / max(left, 1e-6 * expected)


def _stops(record: _Record, end: int) -> float:
    """How clearly a motion without any change of the drive ends at block ``end``; an event from 1."""
    if record.drive.shape[1] or record.activity[:end].min() < 0.01 * record.activity[:end].max():
        return 0.0
    first = record.block < end - 1
    size = np.abs(record.fit(first)).max(axis=1)
    shock = size[(record.block >= end - 1) & (record.block <= end)].max() / max(size[first].max(), 1e-9)
    left = record.activity[end + 1 :].max() / max(record.activity[end - 2], 1e-300)
    return float(min(shock / SHOCK, GONE / max(left, 1e-12)))


def _usual_error(record: _Record, end: int) -> float:
    """Error of the polynomial on blocks that it was not fitted to, inside the first part; 90 % of the blocks."""
    first, even = record.block < end, record.block % 2 == 0
    error = np.where(even[:, None], record.fit(first & ~even), record.fit(first & even))
    return float(np.quantile([_rms(error[record.block == number]) for number in range(end)], 0.9))


def _by_block(error: FloatArray, record: _Record, end: int, rows: NDArray[np.bool_]) -> FloatArray:
    """Root mean square error of the chosen rows in each block after ``end``; blocks without any are left out."""
    values = [error[(record.block == number) & rows] for number in range(end + 1, BLOCKS)]
    sizes = [_rms(each) for each in values if len(each) > 3]
    return np.array(sizes or [0.0])


def _known(record: _Record, points: FloatArray, end: int) -> tuple[NDArray[np.bool_], IntArray]:
    """Rows whose point is as near to the first part as its halves are to each other, and the nearest row there."""
    rows = np.flatnonzero(record.block < end)
    spread = points[rows].std(axis=0)
    moved = spread > 1e-9
    constant = (np.abs(points[:, ~moved] - points[rows[0], ~moved]) <= 1e-6).all(axis=1)
    if not moved.any():
        return constant, np.full(len(points), rows[0])
    scaled = points[:, moved] / spread[moved]
    rows = rows[:: max(1, len(rows) // NEIGHBOURS)]
    even = record.block[rows] % 2 == 0
    halves = (rows[even], rows[~even])
    own = [cKDTree(scaled[a]).query(scaled[b])[0] for a, b in (halves, halves[::-1])]
    distance, nearest = cKDTree(scaled[rows]).query(scaled)
    near = distance <= max(float(np.quantile(np.concatenate(own), 0.95)), 1e-6)
    return constant & near, rows[nearest]


def _split(record: _Record, end: int) -> int:
    """Sample at which the size of the error changes its level: the most likely split.

    For normal errors of two variances the likelihood of a split after n of N is -(n log s1^2 + (N - n) log s2^2)/2.
    """
    values = (record.fit(record.block < max(record.first - 1, end - 2)) ** 2).sum(axis=1)
    low, high = np.searchsorted(record.block, [max(1, end - 4), BLOCKS - 1])
    total, floor = np.cumsum(values), 1e-12 * values.max()
    split = np.arange(low, high)
    left, right = total[split - 1] / split, (total[-1] - total[split - 1]) / (len(values) - split)
    cost = split * np.log(left + floor) + (len(values) - split) * np.log(np.maximum(right, 0.0) + floor)
    return int(record.times[split[np.argmin(cost)]] + record.delay)


def _last_motion(record: _Record, end: int) -> int:
    """Sample after the last change of a size that was usual before."""
    size = np.abs(record.changes).max(axis=1)
    moving = size > 0.1 * _rms(record.changes[record.block < end])
    return int(record.times[np.flatnonzero(moving)[-1]]) + 1


def _first_shock(record: _Record, end: int) -> int:
    """Sample at which the error first is larger than ever before."""
    size = np.abs(record.fit(record.block < end - 1)).max(axis=1)
    shock = (record.block >= end - 1) & (size > 2.0 * size[record.block < end - 1].max())
    return int(record.times[np.argmax(shock)] + record.delay)


def _normal(values: FloatArray) -> FloatArray:
    """Columns that change, with mean 0 and deviation 1."""
    spread = values.std(axis=0)
    moving = spread > 1e-9 * np.maximum(np.abs(values).max(axis=0, initial=0.0), 1e-300)
    scaled: FloatArray = (values[:, moving] - values[:, moving].mean(axis=0)) / spread[moving]
    return scaled


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if values.size else 0.0


JUDGES = (
    (_differs, "answers differently"),
    (_weakens, "hardly answers any more"),
    (_silent, "no longer answers"),
    (_stops, "stops"),
)
WHEN = {
    "hardly answers any more": _split,
    "answers differently": _split,
    "no longer answers": _last_motion,
    "stops": _first_shock,
}
"""How the time of each kind of event is found, once it is known to be there."""
