"""Outputs that are proportional to a held input: their quotient is a state of the device, they themselves are not.

A voltage I R(x) jumps with a current I that jumps, and no solution of a differential equation jumps. The resistance
R(x) = V/I does not. So a surrogate learns y/u and its readout multiplies by u again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from spinode.signals import FloatArray, Signal
from spinode.traces import Trace, TraceSet

SMOOTHER = 0.7
"""Mean square of the third differences of y/u over those of y at the jumps of u, in the same unit, below which y is a
product: 0.0001 to 0.65 were measured for a voltage under a current with up to 10 % of noise, and above 1 for outputs
that are continuous or nothing but noise."""
LEAST_JUMPS = 4
"""Jumps below which nothing is concluded."""
LEAST_INPUT = 0.01
"""Least absolute value of the input, as a part of its largest, by which we divide: noise grows as its inverse."""


def find_divisors(traces: TraceSet) -> dict[str, str]:
    """The held input by which each output has to be divided to become smooth; outputs that need none are left out.

    At a jump of u the third difference y[i] - 3 y[i-1] + 3 y[i-2] - y[i-3] of a smooth y is small, that of y = u q is
    q times the jump (derived here; a test tells V = I R from outputs that only change their rate).

    Parameters
    ----------
    traces : TraceSet
        Drives and outputs. An input that changes sign, comes near zero or is not held is never a divisor.
    """
    first = traces.traces[0]
    found: dict[str, str] = {}
    for output, channel in enumerate(first.output.channels):
        gains = [_gain(traces, output, number) for number in range(len(first.drive.channels))]
        if gains and min(gains) < SMOOTHER:
            found[channel.name] = first.drive.channels[int(np.argmin(gains))].name
    return found


def divided_traces(traces: TraceSet, divisors: Mapping[str, str]) -> TraceSet:
    """Traces whose outputs are what is learned, with names such as 'voltage over current'."""
    if not divisors:
        return traces
    return TraceSet(tuple(replace(trace, output=_divided_signal(trace, divisors)) for trace in traces))


def divided(trace: Trace, divisors: Mapping[str, str]) -> FloatArray:
    """Output samples (T, O), each over its divisor at the same sample.

    Raises
    ------
    ValueError
        If a divisor is zero: the output says nothing about the state then.
    """
    values = np.array(trace.output.values, dtype=np.float64)
    for column, name in enumerate(trace.output.names):
        if name in divisors:
            by = trace.drive.column(divisors[name])
            if not by.all():
                raise ValueError(
                    f"drive '{divisors[name]}' must not be 0 while '{name}' gives the start of a free run, got 0 at"
                    f" sample {int(np.argmin(by != 0))} of trace '{trace.name}'; try a start where it flows"
                )
            values[:, column] /= by
    return values


def multiplied(values: FloatArray, names: tuple[str, ...], drive: Signal, divisors: Mapping[str, str]) -> FloatArray:
    """Outputs (T, O) from what was learned: each times its divisor at the same sample of the drive."""
    result = values.copy()
    for column, name in enumerate(names):
        if name in divisors:
            result[:, column] *= drive.column(divisors[name])
    return result


def _divided_signal(trace: Trace, divisors: Mapping[str, str]) -> Signal:
    units = {channel.name: channel.unit for channel in trace.drive.channels}
    channels = []
    for channel in trace.output.channels:
        by = divisors.get(channel.name)
        if by is not None:
            channel = replace(channel, name=f"{channel.name} over {by}", unit=f"{channel.unit}/{units[by]}")
        channels.append(channel)
    return replace(trace.output, values=divided(trace, divisors), channels=tuple(channels))


def _gain(traces: TraceSet, output: int, drive: int) -> float:
    """Roughness of y/u at the jumps of u, times the mean of u there, over that of y; infinite if undecided."""
    rough, jumps = np.zeros(2), 0
    largest = max(float(np.abs(trace.drive.values[:, drive]).max()) for trace in traces)
    for trace in traces:
        u, y = trace.drive.values[:, drive], trace.output.values[:, output]
        same_sign = bool((u > 0).all() or (u < 0).all())
        if not trace.drive.channels[drive].hold or not same_sign or np.abs(u).min() < LEAST_INPUT * largest:
            return np.inf
        jump = np.flatnonzero(np.diff(u)[2:]) + 3
        rough[0] += (np.diff(y, 3)[jump - 3] ** 2).sum()
        rough[1] += ((np.diff(y / u, 3)[jump - 3] * (u[jump] + u[jump - 1]) / 2) ** 2).sum()
        jumps += len(jump)
    return float(rough[1] / rough[0]) if jumps >= LEAST_JUMPS and rough[0] > 0 else np.inf
