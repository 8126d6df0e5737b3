"""Presets of the auto-oscillator device: one of a vortex, one of a uniformly magnetised disk."""

from __future__ import annotations

import math
from dataclasses import fields

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.constants import CHARGE, GAMMA, HBAR
from spinode.devices.presets import Preset, Sourced
from spinode.devices.vortex import VortexOscillator

SLAVIN = "Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875 (2009)"
DISK = "assumed disk: R = 50 nm, L = 3 nm, mu0 Ms = 0.8 T, alpha = 0.01, P = 0.3, 1 T across the film"


def _vortex() -> Preset:
    """``AutoOscillator.from_vortex`` of the default vortex."""
    device = AutoOscillator.from_vortex(VortexOscillator())
    derived = "derived here from VortexOscillator() by AutoOscillator.from_vortex, which gives the formula"
    values = {item.name: Sourced(value=getattr(device, item.name), source=derived) for item in fields(device)}
    values["resistance_swing"] = Sourced(value=device.resistance_swing, source="assumed: 2/3 of the vortex's swing")
    values["temperature"] = Sourced(value=300.0, source="assumed: room temperature")
    text = "vortex in a permalloy disk, R = 100 nm, L = 10 nm, as an auto-oscillator"
    return Preset(name="standard_vortex", device="auto-oscillator", text=text, values=values)


def _uniform() -> Preset:
    """Uniform mode of a disk magnetised along its axis: w = w0 + 2 wM p, Gamma+ = alpha w (1 - p), p = (1 - mz)/2."""
    radius, thickness, damping, polarization = 50e-9, 3e-9, 0.01, 0.3
    volume, magnetization = math.pi * radius**2 * thickness, 0.8 / (4e-7 * math.pi)
    w0, w_m = GAMMA * (1.0 - 0.8), GAMMA * 0.8
    torque = GAMMA * HBAR * polarization / (2 * CHARGE * magnetization * volume)

    def law(text: str) -> str:
        return f"{DISK}; {text}, the law of {SLAVIN}, derived again here"

    values = {
        "frequency": Sourced(value=w0 / (2 * math.pi), source=law("w0 = gamma (B - mu0 Ms)")),
        "frequency_shift": Sourced(value=w_m / math.pi, source=law("N = 2 gamma mu0 Ms")),
        "current_shift": Sourced(value=0.0, source="assumed: no field of the current"),
        "damping_rate": Sourced(value=damping * w0, source=law("Gamma_G = alpha w0")),
        "damping_growth": Sourced(value=2 * w_m / w0 - 1, source=law("Q = 2 wM/w0 - 1")),
        "torque_rate": Sourced(value=torque, source=law("sigma = gamma hbar P/(2 e Ms L S)")),
        "torque_saturation": Sourced(value=1.0, source=law("eta = 1")),
        "energy": Sourced(value=2 * magnetization * volume * w0 / GAMMA, source=law("dE/dp = 2 Ms V w0/gamma")),
        "resistance_swing": Sourced(value=10.0, source="assumed: not given for this disk"),
        "readout_angle": Sourced(value=0.0, source="assumed: force and voltage along one axis"),
        "temperature": Sourced(value=300.0, source="assumed: room temperature"),
    }
    text = "uniform mode of a disk in a field across the film, as in the theory of 2009"
    return Preset(name="slavin_2009", device="auto-oscillator", text=text, values=values)


AUTO_OSCILLATOR_PRESETS: tuple[Preset, ...] = (_vortex(), _uniform())
