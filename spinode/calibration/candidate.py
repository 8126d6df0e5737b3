"""What the search needs of a device, analytic or learned: runs over windows of the trace, and their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spinode.calibration.unknowns import Unknown
from spinode.devices.base import Device
from spinode.signals import FloatArray
from spinode.traces import Trace


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Pieces of the trace: first samples (B,), their common length in steps, states (B, S) at the first samples."""

    starts: NDArray[np.int64]
    steps: int
    initial: FloatArray


class Candidate(Protocol):
    """A device with unknowns, beside the trace that it is to follow.

    Outputs are counted in deviations of the trace's own outputs, so that several of them weigh alike; parameters in the
    coordinate q of ``Unknown``.
    """

    @property
    def name(self) -> str:
        """Name of the device."""

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What is looked for, K of them."""

    @property
    def trace(self) -> Trace:
        """What was measured."""

    @property
    def outputs(self) -> FloatArray:
        """Measured outputs, scaled, shape (T, O)."""

    @property
    def first(self) -> int:
        """Sample at which the first window may start."""

    @property
    def own_error(self) -> FloatArray:
        """Root mean square error of the model itself, scaled, shape (O,); zero for equations that are taken as true."""

    def guess(self, q: FloatArray, starts: NDArray[np.int64], steps: int) -> FloatArray:
        """States (B, S) with which windows may begin."""

    def run(self, q: FloatArray, windows: Windows) -> FloatArray:
        """Scaled outputs (B, steps + 1, O); not finite where the run leaves the range of the equations."""

    def tangent(self, q: FloatArray, windows: Windows, *, free: bool = True) -> FloatArray:
        """Derivatives of ``run`` to (q, first state), shape (B, (steps + 1) O, K + S); those to q may be zero if not
        ``free``."""

    def device(self, q: FloatArray) -> Device:
        """The device with these parameters.

        Raises
        ------
        ValueError
            If they break a rule of the device.
        """


def scaled_outputs(trace: Trace) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Outputs to mean 0 and deviation 1, with their mean and deviation (O,).

    Raises
    ------
    ValueError
        If an output does not change.
    """
    values = trace.output.values
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    for channel, level, spread in zip(trace.output.channels, mean, deviation, strict=True):
        if spread <= 1e-12 * max(abs(float(level)), 1e-300):
            raise ValueError(f"output '{channel.name}' must change to tell something, got a constant {level:g}")
    return (values - mean) / deviation, mean, deviation
