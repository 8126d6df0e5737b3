"""The compiled equations of the vortex oscillator."""

from __future__ import annotations

import numpy as np
from numba import njit

from spinode.compiled import wide
from spinode.devices.base import KERNEL, Kernel
from spinode.devices.vortex_energy import OERSTED_GROWTH
from spinode.signals import FloatArray

# Rows of the parameters. The polarity is a sign of w, d and the forces together: d w and d F keep theirs.
W0, SHIFT, OERSTED, D0, D1, TORQUE = 0, 1, 2, 3, 4, 5
ALONG, ACROSS, FIELD, FASTEST, NOISE, SWING = 6, 7, 8, 9, 10, 11


@njit(KERNEL, cache=True, nogil=True, fastmath={"contract"})
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        x, y, current = state[0, lane], state[1, lane], drive[0, lane]
        power = x * x + y * y
        oersted = parameters[OERSTED, lane] * current
        w = parameters[W0, lane] + oersted + (parameters[SHIFT, lane] + OERSTED_GROWTH * oersted) * power
        d = parameters[D0, lane] + parameters[D1, lane] * power
        growth = parameters[TORQUE, lane] * current - d * w
        # a core above its critical velocity is thrown out of the disk, where the run stops
        growth += abs(w) if power * w * w > parameters[FASTEST, lane] else 0.0
        along = parameters[ALONG, lane] * current
        across = parameters[ACROSS, lane] * current + parameters[FIELD, lane] * drive[1, lane]
        result[0, lane] = growth * x - w * y + d * along + across
        result[1, lane] = growth * y + w * x + d * across - along


@njit(KERNEL, cache=True, nogil=True)
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        power = state[0, lane] ** 2 + state[1, lane] ** 2
        d = parameters[D0, lane] + parameters[D1, lane] * power
        result[0, lane] = result[1, lane] = np.sqrt(abs(d) * parameters[NOISE, lane])


@njit(KERNEL, cache=True, nogil=True)
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wide()
    for lane in range(state.shape[1]):
        result[0, lane] = parameters[SWING, lane] * drive[0, lane] * state[1, lane]


RULE = "it left the range in which the equations hold, the disk (s < 1) below the critical velocity of the core"
VORTEX_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout, limits=(1.0, 1.0), rule=RULE, smooth=True)
"""State (x, y) = X/R; inputs current [A] and field [T]; output voltage [V]. The equations hold inside the disk."""
