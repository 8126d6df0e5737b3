"""A device whose outputs are its states: for trajectories, tests and phase portraits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numba import njit

from spinode.devices.base import KERNEL, Device, Kernel
from spinode.signals import Channel, FloatArray


@njit(KERNEL, cache=True, nogil=True)
def _states(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    result[:, :] = state


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The same equations as ``device``, read out as the states themselves.

    Parameters
    ----------
    device : Device
        Any device, analytic or learned.
    """

    device: Device

    @property
    def name(self) -> str:
        return self.device.name

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return self.device.inputs

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return self.device.states

    @property
    def states(self) -> tuple[Channel, ...]:
        return self.device.states

    @property
    def kernel(self) -> Kernel:
        inner = self.device.kernel
        return replace(inner, readout=_states)

    @property
    def step(self) -> float:
        return self.device.step

    def packed(self) -> FloatArray:
        return self.device.packed()

    def initial(self) -> FloatArray:
        return self.device.initial()
