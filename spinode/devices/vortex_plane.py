"""A vortex oscillator in a field of any direction in the plane, as neighbouring vortices make it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from spinode.compiled import wide
from spinode.devices.base import KERNEL, Kernel
from spinode.devices.vortex import VortexOscillator
from spinode.devices.vortex_energy import MOMENT, OERSTED_GROWTH
from spinode.devices.vortex_kernel import (
    ACROSS,
    ALONG,
    D0,
    D1,
    FASTEST,
    FIELD,
    OERSTED,
    SHIFT,
    TORQUE,
    VORTEX_KERNEL,
    W0,
)  # fmt: skip
from spinode.signals import Channel, FloatArray


@njit(KERNEL, cache=True, nogil=True, fastmath={"contract"})
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """``vortex_kernel`` with a second component of the field: f = i C (gamma/3) (Bx + i By)."""
    wide()
    for lane in range(state.shape[1]):
        x, y, current = state[0, lane], state[1, lane], drive[0, lane]
        power = x * x + y * y
        oersted = parameters[OERSTED, lane] * current
        w = parameters[W0, lane] + oersted + (parameters[SHIFT, lane] + OERSTED_GROWTH * oersted) * power
        d = parameters[D0, lane] + parameters[D1, lane] * power
        growth = parameters[TORQUE, lane] * current - d * w
        growth += abs(w) if power * w * w > parameters[FASTEST, lane] else 0.0
        along = parameters[ALONG, lane] * current - parameters[FIELD, lane] * drive[2, lane]
        across = parameters[ACROSS, lane] * current + parameters[FIELD, lane] * drive[1, lane]
        result[0, lane] = growth * x - w * y + d * along + across
        result[1, lane] = growth * y + w * x + d * across - along


_KERNEL = replace(VORTEX_KERNEL, rhs=_rhs)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaneFieldVortex:
    """The same equations as ``vortex``, with an input for each component of the field in the plane.

    Its force is f = i C (gamma/3) (Bx + i By), derived as that along x: a field turns the moment, and so the core by a
    right angle from itself.

    Parameters
    ----------
    vortex : VortexOscillator
        The disk.
    """

    vortex: VortexOscillator

    @property
    def name(self) -> str:
        return "vortex"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        """``current`` [A], ``field`` along x and ``field_y`` along y [T]."""
        return (*self.vortex.inputs, Channel(name="field_y", unit="T"))

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return self.vortex.outputs

    @property
    def states(self) -> tuple[Channel, ...]:
        return self.vortex.states

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        return self.vortex.step

    def packed(self) -> FloatArray:
        return self.vortex.packed()

    def initial(self) -> FloatArray:
        return self.vortex.initial()

    @property
    def moment(self) -> float:
        """C (2/3) Ms pi R^2 L [A m2]: (mx, my) = moment (y, -x) of the displacement (x, y) over R, for small s."""
        device = self.vortex
        volume = np.pi * device.radius**2 * device.thickness
        return float(device.chirality * MOMENT * device.saturation_magnetization * volume)
