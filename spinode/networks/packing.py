"""A network as the compiled loop reads it: blocks of lanes, with the last oscillator again in lanes to spare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spinode.compiled import LANES, aligned
from spinode.drive_table import DriveTable
from spinode.networks.coupling import MatrixCoupling
from spinode.networks.network import Network
from spinode.networks.stages import MEAN, SPARSE
from spinode.signals import FloatArray

CACHED = 12288
"""Numbers of a block (states with their slopes, inputs, outputs, parameters): 96 kB, well within the second cache; with
blocks for the first cache the work around the kernels cost as much as they."""
KICKS = 2
"""Steps whose random numbers are made together: they come in pairs."""
MOST_LINE = 2**27
"""Largest memory of a delayed coupling, in numbers (1 GB)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How ``count`` oscillators lie in ``blocks`` of ``lanes``."""

    count: int
    blocks: int
    lanes: int

    def rows(self, values: FloatArray) -> FloatArray:
        """(count, K) as (blocks, K, lanes)."""
        result = aligned(self.blocks, values.shape[1], self.lanes)
        result[:] = self.padded(values).reshape(self.blocks, self.lanes, -1).transpose(0, 2, 1)
        return result

    def padded(self, values: FloatArray) -> FloatArray:
        """One row a lane; the last one again in lanes to spare."""
        return np.concatenate([values, np.repeat(values[-1:], self.blocks * self.lanes - self.count, axis=0)])

    def each(self, value: Any, spare: float | None = None) -> FloatArray:
        """A number or one an oscillator as (blocks, lanes); lanes to spare get ``spare``, or the last number."""
        full = np.broadcast_to(np.asarray(value, dtype=np.float64), self.count)
        result = self.padded(full[:, None])[:, 0].copy()
        if spare is not None:
            result[self.count :] = spare
        return result.reshape(self.blocks, self.lanes)

    def columns(self, values: FloatArray) -> FloatArray:
        """(blocks, K, lanes) as (count, K)."""
        return np.ascontiguousarray(values.transpose(0, 2, 1).reshape(-1, values.shape[1])[: self.count])


def layout_of(network: Network, slopes: int, parameters: int) -> Layout:
    """Blocks of about equal size: as many lanes as fit the cache, in whole vectors."""
    device, count = network.devices[0], len(network)
    numbers = len(device.states) * (slopes + 2) + 2 * len(device.inputs) + len(device.outputs) + parameters
    most = max(LANES, CACHED // numbers // LANES * LANES)
    blocks = -(-count // most)
    lanes = -(-count // blocks)
    if not device.kernel.by_member and count > 2 * LANES:
        lanes = -(-lanes // LANES) * LANES
    return Layout(count=count, blocks=-(-count // lanes), lanes=lanes)


def pack_couplings(network: Network, layout: Layout, step: float) -> tuple[Any, Any]:
    """Couplings and what they carry; see ``stages.emit``."""
    couplings = network.couplings
    matrices = [c.matrix for c in couplings if isinstance(c, MatrixCoupling)]
    starts, pointers = 0, np.zeros((len(couplings), layout.count + 1 if matrices else 1), dtype=np.int64)
    for row, coupling in enumerate(couplings):
        if isinstance(coupling, MatrixCoupling):
            pointers[row] = coupling.matrix.indptr.astype(np.int64) + starts
            starts += coupling.matrix.nnz
    kinds = np.array([SPARSE if isinstance(c, MatrixCoupling) else MEAN for c in couplings], dtype=np.int64)
    targets = np.array([network.inputs.index(c.target) for c in couplings], dtype=np.int64)
    weights = np.array([network.weights(c.source) for c in couplings]).reshape(len(couplings), len(network.visible))
    delays = np.array([c.delay / step for c in couplings], dtype=np.float64)
    give, take, even = _sums(network, layout)
    columns = np.concatenate([np.zeros(0), *(m.indices for m in matrices)]).astype(np.int64)
    strengths = np.concatenate([np.zeros(0), *(m.data for m in matrices)])
    coupling_table = (kinds, targets, weights, give, take, even, pointers, columns, strengths, delays)
    width = layout.blocks * layout.lanes if matrices else 1
    line = int(np.ceil(delays.max(initial=0.0))) + 5 if delays.any() else 1
    wide = width if any(isinstance(c, MatrixCoupling) and c.delay > 0 for c in couplings) else 1
    if line * wide * len(couplings) > MOST_LINE:
        raise ValueError(
            f"Network.couplings must keep at most {MOST_LINE:,} past signals, got {line * wide * len(couplings):,};"
            " try a shorter delay or a mean field"
        )
    outputs = len(network.devices[0].outputs)
    carried = (
        np.zeros((2, len(couplings))), np.zeros((2, len(couplings), width)), np.zeros((len(couplings), line, wide)),
        aligned(outputs, layout.lanes), aligned(layout.lanes), np.array([layout.count]),
    )  # fmt: skip
    return coupling_table, carried


def _sums(network: Network, layout: Layout) -> tuple[FloatArray, FloatArray, Any]:
    """Weights of senders, gains of listeners, and which couplings have one number for all of each."""
    pairs = []
    for coupling in network.couplings:
        if isinstance(coupling, MatrixCoupling):
            pairs.append((np.asarray(0.0), np.asarray(0.0)))
        else:
            weight = 1 / layout.count if coupling.weight is None else coupling.weight
            pairs.append((np.asarray(weight), np.asarray(coupling.gain)))
    even = np.array([weight.ndim == 0 and gain.ndim == 0 for weight, gain in pairs], dtype=np.bool_)
    if even.all():
        table = np.array([[float(weight), float(gain)] for weight, gain in pairs]).reshape(-1, 2)
        return table[:, :1, None].copy(), table[:, 1:, None].copy(), even
    give = np.array([layout.each(weight, spare=0.0) for weight, _ in pairs])
    return give, np.array([layout.each(gain) for _, gain in pairs]), even


def pack_tones(network: Network, layout: Layout, start: float) -> Any:
    """Tones as ``stages.inputs_of`` adds them; their phases are those at the start [s] of the drive."""
    tones = network.tones
    targets = np.array([network.inputs.index(tone.target) for tone in tones], dtype=np.int64)
    common = np.array([np.ndim(tone.frequency) == 0 and np.ndim(tone.phase) == 0 for tone in tones], dtype=np.bool_)
    shape = (len(tones), layout.blocks, layout.lanes)
    parts = [
        np.array([layout.each(getattr(tone, name)) for tone in tones]).reshape(shape)
        for name in ("frequency", "amplitude", "phase")
    ]
    turns = parts[0] * start
    parts[2] += 2 * np.pi * (turns - np.floor(turns))
    return targets, common, *parts


def pack_drive(network: Network, layout: Layout, table: DriveTable) -> Any:
    """Drive (1 or blocks, T, I, 1 or lanes), holds, weights and bias (blocks or 0, I, lanes)."""
    samples, members, inputs = table.values.shape
    if members == 1:
        values = table.values.transpose(0, 2, 1)[None]
    else:
        padded = layout.padded(table.values.transpose(1, 0, 2).reshape(members, -1))
        shaped = padded.reshape(layout.blocks, layout.lanes, samples, inputs)
        values = shaped.transpose(0, 2, 3, 1)
    bias = np.zeros((0, inputs, layout.lanes))
    if network.bias:
        rows = np.zeros((layout.count, inputs))
        for name, value in network.bias.items():
            rows[:, network.inputs.index(name)] = value
        bias = layout.rows(rows)
    return np.array(values, order="C"), np.array(table.holds, np.bool_), table.weights(), bias
