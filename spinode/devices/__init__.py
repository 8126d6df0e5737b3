"""Analytic devices."""

from spinode.devices.base import Device, Kernel
from spinode.devices.observed import Observed
from spinode.devices.vortex import VortexOscillator
from spinode.devices.wall import DomainWall

__all__ = ["Device", "DomainWall", "Kernel", "Observed", "VortexOscillator"]
