"""Currents and couplings to start from: three or more oscillators whose events lock a part or all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.constants import GAMMA
from spinode.devices.vortex import VortexOscillator
from spinode.devices.vortex_energy import OERSTED_GROWTH
from spinode.networks.binding import Binding
from spinode.signals import FloatArray

CENTRE = 1.5
"""Middle of the currents over the threshold; assumed."""
WIDTH = 16e6
"""Detuning up to which a pair of three locks [Hz]; assumed: several linewidths at 300 K."""
CAUTIOUS = 12e6
"""The same for a vortex [Hz]: with more, thermal noise throws the core of the fastest out of its disk."""
APART = 1.8
"""Detuning of neighbours without an event, over ``WIDTH``."""
HOLD = 0.25
"""What stays on of an event's current in the next window; assumed."""
EDGES = (1.03, 2.2)
"""Currents over the threshold between which frequencies are turned into currents."""

TURNS = 8
"""Rounds in which the current of a vortex without nonlinearity settles."""

NARROW = 7.68e6
"""Width of the pairs in the hysteretic design [Hz]; with a slow amplitude it is wide enough for two states."""
SLOW = 1.17
"""Its middle current over the threshold: the power relaxes at 2 Gamma_G (zeta - 1), so close to it slowly."""
DETUNED = ((0.87, -0.02, 0.21), (0.84, -0.38, 1.17), (0.32, -0.86, -1.03))
"""Detuning of each oscillator in each event, over ``NARROW``; found by a search, see docs/binding.md."""

Analytic = AutoOscillator | VortexOscillator


def groups_of(oscillators: int) -> tuple[tuple[int, ...], ...]:
    """Which oscillators each of the three events binds: the lower half, the upper half, and all.

    The halves share the middle oscillator where the number is odd: with three they are two pairs of neighbours.
    """
    if oscillators < 3:
        raise ValueError(f"groups_of.oscillators must be at least 3, got {oscillators}")
    half = (oscillators + 1) // 2
    return tuple(range(half)), tuple(range(oscillators - half, oscillators)), tuple(range(oscillators))


def conservative(device: Analytic) -> Analytic:
    """The device with its voltage a quarter turn from the axis of the force, where the nonlinearity widens locking."""
    return replace(device, readout_angle=np.pi / 2) if isinstance(device, AutoOscillator) else device


def start(device: Analytic, *, oscillators: int = 3, width: float = WIDTH, hold: float = HOLD) -> Binding:
    """Equally spaced oscillators that do not lock, and events without currents: what training begins from.

    Two oscillators lock within 2 k nu/(2 pi) = ``width``; the force of one on the other turns with the phase of the
    voltage, half of it with the oscillation, so k = gain swing I/4 (docs/networks.md).

    Parameters
    ----------
    device : AutoOscillator or VortexOscillator
    oscillators : int
        N, at least 3.
    width : float
        Largest detuning of a locked pair [Hz], > 0.
    hold : float
        As in ``Binding``.
    """
    if not width > 0:
        raise ValueError(f"start.width must be above 0 Hz, got {width:g}; try 10e6")
    device = conservative(device)
    groups = groups_of(oscillators)
    middle = float(device.frequency_at(CENTRE * device.threshold_current))
    places = (np.arange(oscillators) - (oscillators - 1) / 2) * APART * width
    bias = currents_for(device, np.asarray(middle + places, dtype=np.float64))
    return Binding(
        device=device,
        bias=bias,
        events=np.zeros((len(groups), oscillators)),
        gain=gain_for(device, width),
        hold=hold,
    )


def hysteretic(device: AutoOscillator) -> Binding:
    """Three oscillators whose locking depends on what locked before: nothing stays on, the state is the memory.

    Detuning d and phase difference x of a pair obey x''/(2 Gamma_p) + x' = d - W sin x for a slow power, the equation
    of a pendulum, which has a locked and a running state at one detuning where W > 1.4 Gamma_p (derived here). Each
    event makes one pair lock, and keeps the third oscillator or loses it, by who was locked to whom before.

    Parameters
    ----------
    device : AutoOscillator
        Without noise: the memory needs the quiet of a low temperature or a large energy.
    """
    device = replace(device, readout_angle=np.pi / 2)
    middle = SLOW * device.threshold_current
    slope = device.current_shift + device.frequency_shift / (device.damping_growth * device.threshold_current)
    shifts = np.array(DETUNED)
    return Binding(
        device=device,
        bias=np.full(3, middle),
        events=(shifts - shifts.mean()) * NARROW / slope,
        gain=gain_for(device, NARROW, SLOW),
        window=0.8e-6,
    )


def gain_for(device: Analytic, width: float, ratio: float = CENTRE) -> float:
    """Gain [target/V] at which two oscillators lock within ``width`` [Hz], at ``ratio`` thresholds."""
    current = ratio * device.threshold_current
    plain = device if isinstance(device, AutoOscillator) else AutoOscillator.from_vortex(device, current)
    rate = 2 * np.pi * width / (2 * abs(plain.oscillation(current).nonlinearity))
    unit = 1.0 if plain is device else 3 / GAMMA
    sign = np.sign(np.sin(plain.readout_angle)) or 1.0
    return float(sign * unit * 4 * rate / (plain.resistance_swing * current))


def currents_for(device: Analytic, frequencies: FloatArray) -> FloatArray:
    """Currents [A] at which the free device has these frequencies [Hz].

    Raises
    ------
    ValueError
        If a frequency is outside the range between 1.03 and 2.2 thresholds.
    """
    grid = np.linspace(*EDGES, 200) * device.threshold_current
    known = []
    for current in grid:
        try:
            known.append(float(device.frequency_at(float(current))))
        except ValueError:
            break
    tuned = np.array(known)
    if not (np.diff(tuned) > 0).all():
        raise ValueError("currents_for.device must have a frequency that rises with the current, got another")
    if frequencies.min() < tuned[0] or frequencies.max() > tuned[-1]:
        raise ValueError(
            f"currents_for.frequencies must lie between {tuned[0]:.4g} and {tuned[-1]:.4g} Hz, got"
            f" {frequencies.min():.4g} to {frequencies.max():.4g}; try fewer oscillators or a smaller width"
        )
    return np.asarray(np.interp(frequencies, tuned, grid[: len(tuned)]))


def without_nonlinearity(binding: Binding) -> Binding:
    """The same frequencies and coupling, but nu = 0: the frequency follows the current and not the power.

    Auto-oscillator: f0' = f0 - N/Q and (df/dI)' = df/dI + N/(Q Ith), since p0 = (I/Ith - 1)/Q; the currents stay.
    Vortex: its own frequency and the current's field move with the orbit, w0 N_u p + g O I p, and so does the frequency
    with the current. O' is made equal to that tuning in the middle of the currents, and w0 N_u' to -g O' I at the
    current of the same orbit. The threshold moves by a part d0 O'/chi, so the currents are those with the same spacings
    of the frequencies; away from the middle a little nonlinearity is left.

    Raises
    ------
    ValueError
        If the device is neither an ``AutoOscillator`` with eta = 0 nor a ``VortexOscillator``.
    """
    device = binding.device
    if isinstance(device, VortexOscillator):
        return _without_growth(binding, device)
    if not isinstance(device, AutoOscillator) or device.torque_saturation != 0:
        raise ValueError(
            "without_nonlinearity.binding must have vortices, or auto-oscillators with torque_saturation 0, got"
            f" {device.name}; try auto-oscillator"
        )
    tuning = device.frequency_shift / device.damping_growth
    plain = replace(
        device,
        frequency=device.frequency - tuning,
        current_shift=device.current_shift + tuning / device.threshold_current,
        frequency_shift=0.0,
    )
    return replace(binding, device=plain)


def _without_growth(binding: Binding, device: VortexOscillator) -> Binding:
    middle = CENTRE * device.threshold_current
    tuning = 2 * np.pi * device.orbit(middle).frequency_slope
    plain = replace(device, oersted_weight=tuning / replace(device, oersted_weight=1.0).oersted_shift)
    radius, centre = device.orbit(middle).radius, middle
    for _ in range(TURNS):  # the current of an orbit depends on the growth, and the growth on the current
        plain = replace(plain, frequency_growth=-OERSTED_GROWTH * tuning * centre / (2 * np.pi * plain.frequency))
        centre = plain.current_for_radius(radius)
    moved = plain.frequency_at(centre) - device.frequency_at(middle)

    def same(currents: FloatArray) -> FloatArray:
        found = [float(device.frequency_at(float(each))) + moved for each in currents.ravel()]
        return currents_for(plain, np.array(found)).reshape(currents.shape)

    bias = same(binding.bias)
    return replace(binding, device=plain, bias=bias, events=same(binding.bias + binding.events) - bias)
