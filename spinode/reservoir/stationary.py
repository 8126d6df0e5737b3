"""Where a device settles at constant levels: the start of a run, and the static control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spinode.devices.base import Device
from spinode.reservoir.runs import Crowd, Hold
from spinode.signals import FloatArray

STEPS = 64
"""Solver steps between two looks at the outputs."""
STAGES = 12
"""Each stage is as long as all before: 131,072 solver steps altogether."""
AVERAGED = 2**13
"""Steps over which an output that never comes to rest is averaged."""
STILL = 1e-9
"""Change of the outputs over a stage, as a part of the largest, at which they have settled."""
BUDGET = 2**20
"""States that are held in memory."""


def settle(devices: Sequence[Device], hold: Hold, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """States (members, S) and steady outputs (members, O) after constant levels (members,) of the driven input.

    Stages, each as long as all before it together, follow each other until a stage changes the outputs by less than
    ``STILL`` of the largest. The outputs of a device that does not come to rest, such as an oscillating voltage, are
    means over ``AVERAGED`` further steps.

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
    slow = replace(hold, node_time=STEPS * step, steps=STEPS, parts=1, reading="end")
    crowd = Crowd(devices, np.array([device.initial() for device in devices]), slow)
    before = _shown(crowd, levels, 1)[-1]
    for stage in range(STAGES - 1):
        after = _shown(crowd, levels, 2**stage)[-1]
        size = float(np.abs(after).max(initial=np.finfo(np.float64).tiny))
        if np.abs(after - before).max() <= STILL * size:
            return crowd.state, after
        before = after
    state = crowd.state
    crowd.hold = replace(slow, node_time=step, steps=1, reading="start")
    return state, _shown(crowd, levels, AVERAGED).mean(axis=0)


def _shown(crowd: Crowd, levels: FloatArray, holds: int) -> FloatArray:
    """Outputs of some holds: the last, or where they are averaged the mean of each batch, (batches, members, O)."""
    found, batch = [], max(1, BUDGET // crowd.state.size)
    for first in range(0, holds, batch):
        seen = crowd.show(np.repeat(levels[None], min(batch, holds - first), axis=0))
        found.append(seen[-1] if crowd.hold.reading == "end" else seen.mean(axis=0))
    return np.array(found)
