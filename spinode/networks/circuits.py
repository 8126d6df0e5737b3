"""Oscillators in one microwave circuit: the coupling by their voltages, their resistances and the load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import sparse

from spinode.devices.base import Device
from spinode.networks.coupling import Coupling, MatrixCoupling, MeanField, Numbers, numbers_of


def common_current(
    devices: Sequence[Device],
    *,
    resistance: Numbers,
    load: complex,
    arrangement: Literal["series", "parallel"] = "series",
    into: tuple[str, Numbers] = ("current", 1.0),
    frequency: float | None = None,
) -> tuple[Coupling, ...]:
    """Couplings by the microwave current that the oscillators' own voltages drive through each other and the load.

    Oscillator j is a source v_j (its output ``voltage``) behind its resistance R_j; direct currents come by chokes.
    In series one loop carries i = -sum_j v_j/(sum_j R_j + Z). In parallel all end on one node at V = (sum_j v_j/R_j)/Y
    with Y = 1/Z + sum_j 1/R_j, and oscillator i carries (V - v_i)/R_i: an open load leaves the difference to the mean,
    a short no coupling at all. Kirchhoff's laws, derived here; the voltage is that of the drive without the microwave
    current, which is the first order of a small current. A complex load Z(f) delays the signal by its phase over
    2 pi f, which holds as long as all oscillate near f.

    Parameters
    ----------
    devices : sequence of Device, length N
        With an output ``voltage`` [V].
    resistance : float or array, shape (N,)
        R_j [ohm], > 0.
    load : complex
        Z [ohm]; its real part is >= 0.
    arrangement : str
        ``series`` or ``parallel``.
    into : tuple of str and float or array
        Input that the current acts on, and its gain: ``("current", 1.0)`` for a device that knows what a microwave
        current does to it, such as ``VortexOscillator`` with a tilted polariser or a field-like torque;
        ``("force", g)`` with g [1/(A s)] for ``AutoOscillator``.
    frequency : float, optional
        f [Hz] at which a complex load is taken.

    Returns
    -------
    tuple of Coupling
        For ``Network.couplings``.

    Raises
    ------
    ValueError
        If a resistance is not positive, the load negative, or a complex load comes without a frequency.
    """
    ohms = np.broadcast_to(numbers_of(_Circuit(), "resistance", resistance), len(devices))
    _check(ohms, load, arrangement, frequency)
    target, gain = into
    gains = np.asarray(numbers_of(_Circuit(), "gain", gain))
    source = {"voltage": 1.0}
    if arrangement == "series":
        total = complex(ohms.sum() + load)
        late = _delay(-np.angle(1 / total), devices, frequency)
        return (MeanField(source=source, target=target, gain=-gains, weight=1 / abs(total), delay=late),)
    admittance = (1 / ohms).sum() + (1 / complex(load) if load != 0 else np.inf)
    own = sparse.diags_array(-np.broadcast_to(gains, ohms.shape) / ohms)
    alone = MatrixCoupling(matrix=own, source=source, target=target)
    if load == 0:
        return (alone,)
    late = _delay(-np.angle(1 / admittance), devices, frequency)
    node = MeanField(source=source, target=target, gain=gains / ohms, weight=1 / (ohms * abs(admittance)), delay=late)
    return node, alone


class _Circuit:
    """Owner in error messages."""


def _check(ohms: np.ndarray, load: complex, arrangement: str, frequency: float | None) -> None:
    if not (ohms > 0).all():
        raise ValueError(f"common_current.resistance must be above 0 ohm, got {ohms.min():g}")
    if not (np.isfinite(load) and np.real(load) >= 0):
        raise ValueError(f"common_current.load must have a real part of 0 ohm or above, got {load}; try 50")
    if arrangement not in ("series", "parallel"):
        raise ValueError(f"common_current.arrangement must be 'series' or 'parallel', got {arrangement!r}")
    if np.imag(load) != 0 and not (frequency is not None and frequency > 0):
        raise ValueError(f"common_current.frequency must be above 0 Hz where the load is complex, got {frequency}")


def _delay(lag: float, devices: Sequence[Device], frequency: float | None) -> float:
    """Delay [s] of a phase lag; one turn more where it would be shorter than a solver step."""
    if frequency is None or lag == 0:
        return 0.0
    turns = lag / (2 * np.pi) % 1.0
    step = max(device.step for device in devices)
    return float((turns + np.ceil(max(0.0, step * frequency - turns))) / frequency)
