"""Where a device settles at constant levels: the start of a run, and the static control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinode.devices.base import Device
from spinode.reservoir.runs import Crowd, Hold
from spinode.signals import FloatArray

STEPS = 64
"""Solver steps over which an output is averaged at least."""
STAGES = 12
"""Each stage is twice as long as the one before: 64 solver steps at first, 262,144 altogether."""
STILL = 1e-7
"""Change of the mean outputs between two stages, over their size, at which they have settled."""
BUDGET = 2**20
"""States that are held in memory."""


def settle(devices: Sequence[Device], hold: Hold, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """States (members, S) and mean outputs (members, O) after constant levels (members,) of the driven input.

    Stages of 64, 128, 256, ... solver steps follow each other until the mean outputs of the second half of a stage are
    those of the stage before to ``STILL``, or ``STAGES`` are over; the outputs of a device that never comes to rest,
    such as an oscillating voltage, are then means over 2048 ``STEPS``.

    Parameters
    ----------
    devices : sequence of Device
        Of one kind, one a member.
    hold : Hold
        The inputs at rest, and which one is driven; its times are not used.
    levels : array, shape (members,)

    Raises
    ------
    DivergedError
        If a state leaves the finite numbers or its equations' range.
    """
    step = min(device.step for device in devices)
    slow = replace(hold, node_time=STEPS * step, steps=1, parts=STEPS, reading="mean")
    crowd = Crowd(devices, np.array([device.initial() for device in devices]), slow)
    before = _mean(crowd, levels, 1)
    for stage in range(STAGES - 1):
        _mean(crowd, levels, 2**stage)
        after = _mean(crowd, levels, 2**stage)
        size = float(np.abs(after).max(initial=np.finfo(np.float64).tiny))
        if np.abs(after - before).max() <= STILL * size:
            break
        before = after
    return crowd.state, after


def _mean(crowd: Crowd, levels: FloatArray, holds: int) -> FloatArray:
    """Mean outputs (members, O) over some holds, a few at a time for the sake of memory."""
    total, batch = 0.0, max(1, BUDGET // (STEPS * crowd.state.size))
    for first in range(0, holds, batch):
        count = min(batch, holds - first)
        total = total + crowd.show(np.repeat(levels[None], count, axis=0)).sum(axis=0)
    return np.asarray(total / holds)
