"""Analytic devices."""

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.base import Device, Kernel
from spinode.devices.envelope import EnvelopeOscillator
from spinode.devices.nbox import NbOxNeuron
from spinode.devices.observed import Observed
from spinode.devices.synapse import Synapse
from spinode.devices.vortex import VortexOscillator
from spinode.devices.wall import DomainWall
from spinode.devices.wall_breathing import BreathingWall
from spinode.devices.wall_neuron import WallNeuron

__all__ = [
    "AutoOscillator",
    "BreathingWall",
    "Device",
    "DomainWall",
    "EnvelopeOscillator",
    "Kernel",
    "NbOxNeuron",
    "Observed",
    "Synapse",
    "VortexOscillator",
    "WallNeuron",
]
