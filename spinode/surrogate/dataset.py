"""Traces made ready for training: scaled, put end to end, with the windows that may be cut from them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from spinode.signals import STAGES, FloatArray, Signal, stage_values
from spinode.surrogate.embedding import Embedding, choose_delay, derivative_coordinates
from spinode.surrogate.field import IntArray
from spinode.surrogate.least_squares import Record
from spinode.traces import Trace, TraceSet

DIRECT = 3.0
"""Median change of an output at the drive's jumps over its 90 % quantile elsewhere that means a direct path."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Outputs to mean 0 and deviation 1, inputs and static parameters from their range to [-1, 1].

    Parameters
    ----------
    output_mean, output_scale : array, shape (O,)
        y = mean + scale * scaled, in the outputs' units.
    input_centre, input_scale : array, shape (I + K,)
        The same for the drive's channels, then the static parameters in alphabetical order.
    """

    output_mean: FloatArray
    output_scale: FloatArray
    input_centre: FloatArray
    input_scale: FloatArray

    def outputs(self, values: FloatArray) -> FloatArray:
        """Scaled outputs, shape as given."""
        return (values - self.output_mean) / self.output_scale

    def inputs(self, values: FloatArray) -> FloatArray:
        """Scaled inputs, shape (..., I + K)."""
        return (values - self.input_centre) / self.input_scale


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One trace inside the record: samples first to last - 1, of which those from ``held`` on are held out.

    ``whole`` marks a trace that is held out as a whole and never fitted.
    """

    first: int
    held: int
    last: int
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Everything training reads.

    Parameters
    ----------
    record : Record
        Scaled outputs (N, O) and stage values of the drive (N, 4, I + K), traces end to end.
    inputs : array, shape (N, I + K)
        Scaled inputs at the samples, for the embedding.
    pieces : tuple of Piece
        Where the traces lie.
    scaling : Scaling
    embedding : Embedding
    """

    record: Record
    inputs: FloatArray
    pieces: tuple[Piece, ...]
    scaling: Scaling
    embedding: Embedding

    def starts(self, steps: int, *, everything: bool) -> IntArray:
        """First samples of windows of this length, end to end, inside the training part or all of each trace."""
        found = []
        for piece in self.pieces:
            end = piece.last if everything and not piece.whole else piece.held
            found.append(np.arange(piece.first + self.embedding.span, end - steps - 1, steps))
        return np.concatenate(found).astype(np.int64)

    def held_starts(self, steps: int) -> IntArray:
        """First samples of windows of this length inside the held-out parts; their past is held-out too."""
        found = [np.arange(piece.held + self.embedding.span, piece.last - steps - 1, steps) for piece in self.pieces]
        return np.concatenate(found).astype(np.int64)

    def samples(self, *, everything: bool) -> IntArray:
        """Samples that have their whole embedding behind them, in the training part or in all of each trace."""
        found = []
        for piece in self.pieces:
            end = piece.last if everything and not piece.whole else piece.held
            found.append(np.arange(piece.first + self.embedding.span, end))
        return np.concatenate(found).astype(np.int64)


def make_dataset(
    traces: TraceSet, order: int, delay: float | None, held_out: float, hold_out: tuple[str, ...] = ()
) -> Dataset:
    """Scale the traces, choose the delay where none is given, and mark the held-out end of each trace.

    Parameters
    ----------
    traces : TraceSet
        All with one sample interval.
    order : int
        k of the embedding.
    delay : float or None
        tau [s]; None: chosen from the data.
    held_out : float
        Fraction at the end of each trace that is not fitted before the choice is made, 0.02 to 0.5.
    hold_out : tuple of str
        Names of whole traces that are never fitted; then nothing of the others is held out.

    Raises
    ------
    ValueError
        If the sample intervals differ, an output is constant, or a trace is too short for the embedding.
    """
    dt = traces.traces[0].dt
    for trace in traces:
        if abs(trace.dt - dt) > 1e-6 * dt:
            raise ValueError(f"trace '{trace.name}' must have the sample interval {dt} s, got {trace.dt} s")
    _warn_direct(traces)
    scaling = _scaling(traces)
    outputs = [scaling.outputs(trace.output.values) for trace in traces]
    tau = choose_delay(outputs) if delay is None else max(1, round(delay / dt))
    embedding = Embedding(order=order, delay=tau)
    _check_lengths(traces, embedding, held_out, hold_out)
    inputs = [scaling.inputs(with_parameters(trace)) for trace in traces]
    stages = [stage_inputs(trace, scaling) for trace in traces]
    pieces, first = [], 0
    for trace in traces:
        last = first + len(trace)
        pieces.append(_piece(first, last, held_out, trace.name in hold_out if hold_out else None))
        first = last
    record = Record(outputs=np.concatenate(outputs), drive=np.concatenate(stages))
    return Dataset(
        record=record, inputs=np.concatenate(inputs), pieces=tuple(pieces), scaling=scaling, embedding=embedding
    )


def _piece(first: int, last: int, held_out: float, whole: bool | None) -> Piece:
    """``whole``: None for a split by time, otherwise whether this trace is the one that is held out."""
    if whole is None:
        return Piece(first=first, held=last - round(held_out * (last - first)), last=last)
    return Piece(first=first, held=first if whole else last, last=last, whole=whole)


def window_weights(data: Dataset, starts: IntArray) -> FloatArray:
    """Weights of windows of mean 1 with which every trace counts the same, shape (B,)."""
    owner = np.searchsorted([piece.last for piece in data.pieces], starts, side="right")
    share = 1.0 / np.bincount(owner, minlength=len(data.pieces))[owner]
    weights: FloatArray = share / share.mean()
    return weights


def with_parameters(trace: Trace) -> FloatArray:
    """Drive samples followed by the static parameters as constant columns, shape (T, I + K)."""
    static = np.array([trace.parameters[name].value for name in sorted(trace.parameters)], dtype=np.float64)
    return np.column_stack([trace.drive.values, np.broadcast_to(static, (len(trace), static.size))])


def stage_inputs(trace: Trace, scaling: Scaling) -> FloatArray:
    """Scaled inputs at the four stages of each sample's step, shape (T, 4, I + K); the last row repeats the last."""
    drive: Signal = trace.drive
    static = with_parameters(trace)[:, len(drive.channels) :]
    steps = len(trace) - 1
    stages = np.empty((len(trace), len(STAGES), len(drive.channels) + static.shape[1]))
    stages[:steps, :, : len(drive.channels)] = stage_values(drive, 0, steps, 1, STAGES)
    stages[steps, :, : len(drive.channels)] = drive.values[steps]
    stages[:, :, len(drive.channels) :] = static[:, None, :]
    return scaling.inputs(stages)


def initial_states(data: Dataset) -> tuple[FloatArray, FloatArray]:
    """First guess of the states and of their rates at every sample, both (N, S).

    Columns: the outputs, then their first derivatives, then the second ..., each derivative over its own deviation.
    """
    order, outputs = data.embedding.order, data.record.outputs.shape[1]
    parts = [derivative_coordinates(data.record.outputs[p.first : p.last], data.embedding) for p in data.pieces]
    derivatives = np.concatenate(parts)
    deviation = np.maximum(derivatives.std(axis=0), 1e-12)
    deviation[:outputs] = 1.0
    states = derivatives[:, : order * outputs] / deviation[: order * outputs]
    rates = derivatives[:, outputs:] / deviation[: order * outputs]
    return states, rates


def _scaling(traces: TraceSet) -> Scaling:
    outputs = np.concatenate([trace.output.values for trace in traces])
    inputs = np.concatenate([with_parameters(trace) for trace in traces])
    deviation = outputs.std(axis=0)
    for channel, value, mean in zip(traces.traces[0].output.channels, deviation, outputs.mean(axis=0), strict=True):
        if value <= 1e-12 * max(abs(mean), 1e-300):
            raise ValueError(f"output '{channel.name}' must change to be learned, got a constant {mean:g}")
    low, high = (inputs.min(axis=0), inputs.max(axis=0)) if inputs.shape[1] else (np.empty(0), np.empty(0))
    half = (high - low) / 2
    scale = np.where(half > 0, half, np.maximum(np.abs(high), 1.0))
    return Scaling(
        output_mean=outputs.mean(axis=0), output_scale=deviation, input_centre=(low + high) / 2, input_scale=scale
    )


def _warn_direct(traces: TraceSet) -> None:
    """Warn where an output jumps together with a held input: the field has no direct path from input to output."""
    for column, output in enumerate(traces.traces[0].output.channels):
        for row, drive in enumerate(traces.traces[0].drive.channels):
            held = [trace for trace in traces if trace.drive.channels[row].hold]
            steps = [np.abs(np.diff(trace.output.values[:, column])) for trace in held]
            jumps = [np.diff(trace.drive.values[:, row]) != 0 for trace in held]
            if not held or not any(jump.any() for jump in jumps):
                continue
            change, at_jump = np.concatenate(steps), np.concatenate(jumps)
            usual = np.quantile(change[~at_jump], 0.9) if (~at_jump).any() else np.inf
            if np.median(change[at_jump]) > DIRECT * usual:
                warnings.warn(
                    f"output '{output.name}' jumps whenever drive '{drive.name}' does, which a surrogate cannot follow;"
                    f" learn a smooth quantity instead, such as {output.name} over {drive.name}",
                    UserWarning,
                    stacklevel=4,
                )


def _check_lengths(traces: TraceSet, embedding: Embedding, held_out: float, hold_out: tuple[str, ...]) -> None:
    for name in hold_out:
        traces[name]  # one line with the closest names where there is none
    if hold_out and len(set(hold_out)) >= len(traces):
        raise ValueError(f"FitSettings.hold_out must leave a trace to fit, got all of {[t.name for t in traces]}")
    if not 0.02 <= held_out <= 0.5:
        raise ValueError(f"held-out fraction must be 0.02 to 0.5, got {held_out}")
    needed = embedding.span + 12 * embedding.delay + 16
    if not hold_out:
        needed = round(needed / min(held_out, 1 - held_out))
    for trace in traces:
        if len(trace) < needed:
            raise ValueError(
                f"trace '{trace.name}' must have at least {needed} samples for an embedding of {embedding.order} x"
                f" {embedding.delay} samples and a held-out part, got {len(trace)}; try a shorter delay"
            )
