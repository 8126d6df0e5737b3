"""Integrate-and-fire neuron made of a domain wall: its place integrates the current, a CMOS buffer fires and resets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.datasheet import Datasheet, Row
from spinode.devices.fields import check_between, check_numbers, si
from spinode.devices.wall import DomainWall
from spinode.devices.wall_datasheet import time_words
from spinode.devices.wall_equations import (
    HALF_SWING,
    MEAN_CONDUCTANCE,
    SHAPE,
    WALL_PARAMETERS,
    gate_field,
    has_gate,
    has_notches,
    inverse_width,
    mean_moment,
    notch_field,
    pinned_slopes,
    smooth_slopes,
    wall_diffusion,
)
from spinode.devices.wall_motion import coasting
from spinode.signals import Channel, FloatArray, Signal

PLACES = 8
"""Gauss points along the track at which the speed is looked at for the time between spikes."""

# What follows the parameters of the wall in the packed vector.
(
    REFERENCE,  # R_ref [ohm]
    SUPPLY,  # Vdd [V]
    MIDDLE,  # middle of the two thresholds over the steepness of the buffer
    PER_STEEPNESS,  # sign Vdd/Vs of the buffer
    FEEDBACK,  # hysteresis over the steepness
    RATE,  # 1/response time [1/s]
    RESET,  # current density of the reset [A/m2]
) = range(WALL_PARAMETERS, WALL_PARAMETERS + 7)


@njit(inline="always")
def _buffer(q: float, inverse: float, high: float, p: FloatArray, lane: int) -> float:
    """Level to which the buffer goes, 0 to 1, for the wall at q."""
    moment = mean_moment(q, 1 / inverse, p, lane)
    ratio = p[REFERENCE, lane] * (p[MEAN_CONDUCTANCE, lane] + p[HALF_SWING, lane] * moment)
    over = p[PER_STEEPNESS, lane] * ratio / (1 + ratio) - p[MIDDLE, lane] + p[FEEDBACK, lane] * (high - 0.5)
    level: float = 0.5 + 0.5 * np.tanh(0.5 * over)
    return level


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    p = parameters
    notched, gated = has_notches(p), has_gate(p)
    for lane in range(state.shape[1]):
        q, high, gate = state[0, lane], state[2, lane], drive[2, lane]
        inverse = inverse_width(q, gate, p, lane)
        inputs = (drive[0, lane] + p[RESET, lane] * high, drive[1, lane])
        widths = (1 / inverse, inverse)
        slopes = smooth_slopes((q, state[1, lane]), inputs, p[SHAPE, lane] * inverse, widths, p, lane)
        field = notch_field(q, gate, p, lane) if notched else 0.0
        field += gate_field(q, gate, inverse, p, lane) if gated else 0.0
        more = pinned_slopes(field, widths[0], p, lane)
        result[0, lane], result[1, lane] = slopes[0] + more[0], slopes[1] + more[1]
        result[2, lane] = p[RATE, lane] * (_buffer(q, inverse, high, p, lane) - high)


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    wall_diffusion(state, drive, parameters, result)
    result[2] = 0.0


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        inverse = inverse_width(state[0, lane], drive[2, lane], parameters, lane)
        moment = mean_moment(state[0, lane], 1 / inverse, parameters, lane)
        result[0, lane] = parameters[SUPPLY, lane] * state[2, lane]
        result[1, lane] = parameters[MEAN_CONDUCTANCE, lane] + parameters[HALF_SWING, lane] * moment


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class WallNeuron:
    """A domain wall, a voltage divider and a buffer with hysteresis that drives the wall back when it fires.

    tau dy/dt = 1/(1 + exp(-[V - V_m + h (y - 1/2)]/V_s)) - y, V = Vdd G R_ref/(1 + G R_ref), output Vdd y, and the wall
    of ``DomainWall`` under J + J_reset y. G(q) is the conductance of the readout, R_ref = sqrt(R_P R_AP). V_m and h are
    found so that a slow wall fires exactly where it passes ``threshold`` and the reset ends where it is back at
    ``release``: the two folds of y. The leak is ``wall.anisotropy_gradient``: -Q Delta g/Ms [T]. After Azam et al.,
    Nanotechnology 31, 145201 (2020), in which a wall, a tunnel junction and a CMOS buffer make the neuron; the
    hysteresis (a Schmitt trigger) and the reset current that the output itself drives are assumed, because without
    them the reset would end as soon as it begins.

    Parameters
    ----------
    wall : DomainWall
        The track.
    threshold, release : float
        Places of the wall [m], 0 <= release < threshold <= length.
    reset_density : float
        Current density that the fired buffer adds [A/m2].
    supply : float
        Vdd [V] > 0.
    steepness : float
        V_s of the buffer [V] > 0; a quarter of the hysteresis is its upper limit.
    response_time : float
        tau [s] > 0.

    Raises
    ------
    ValueError
        If a number breaks its rule, or the buffer is too shallow to have a hysteresis between the two places.

    Notes
    -----
    All default numbers are assumed. The current of the readout itself is taken not to move the wall.
    """

    DERIVED: ClassVar[dict[str, str]] = {
        "reference_resistance": "ohm",
        "threshold_voltage": "V",
        "release_voltage": "V",
        "hysteresis": "V",
        "step": "s",
    }
    OPERATING: ClassVar[dict[str, str]] = DomainWall.OPERATING

    wall: DomainWall = DomainWall(damping=0.3, polarization=0.0, anisotropy_gradient=5e10, end_stiffness=1e-3)
    threshold: float = si("m", "place of the wall where the neuron fires, assumed", 450e-9)
    release: float = si("m", "place of the wall where the reset ends, assumed", 50e-9)
    reset_density: float = si("A/m2", "current density of the reset, assumed", -5e11)
    supply: float = si("V", "supply voltage, assumed", 1.0)
    steepness: float = si("V", "voltage scale of the buffer, assumed", 2e-3)
    response_time: float = si("s", "response time of the buffer, assumed", 50e-12)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_between(self, 0.0, np.inf, "supply", "steepness", "response_time")
        if not 0 <= self.release < self.threshold <= self.wall.length:
            raise ValueError(
                f"WallNeuron.threshold must be above release {self.release:g} and up to the wall's length"
                f" {self.wall.length:g}, got {self.threshold:g}"
            )
        if abs(self.threshold_voltage - self.release_voltage) < 8 * self.steepness:
            most = abs(self.threshold_voltage - self.release_voltage) / 8
            raise ValueError(
                f"WallNeuron.steepness must be at most an eighth of the swing between release and threshold,"
                f" {most:.3g} V, got {self.steepness:g}"
            )

    @property
    def name(self) -> str:
        return "wall-neuron"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return self.wall.inputs

    @property
    def outputs(self) -> tuple[Channel, ...]:
        """Output of the buffer, 0 to Vdd, and conductance of the readout."""
        return (Channel(name="voltage", unit="V"), Channel(name="conductance", unit="S"))

    @property
    def states(self) -> tuple[Channel, ...]:
        return (*self.wall.states, Channel(name="buffer"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """The wall's own step [s], and a tenth of the response time."""
        return min(self.wall.step, self.response_time / 10)

    def packed(self) -> FloatArray:
        middle = 0.5 * (self.threshold_voltage + self.release_voltage)
        sign = 1.0 if self.threshold_voltage > self.release_voltage else -1.0
        more = [
            self.reference_resistance,
            self.supply,
            sign * middle / self.steepness,
            sign * self.supply / self.steepness,
            self.hysteresis / self.steepness,
            1 / self.response_time,
            self.reset_density,
        ]
        return np.concatenate([self.wall.packed(), more])

    def initial(self) -> FloatArray:
        """The wall at the release, at its angle of rest; the buffer low."""
        return np.array([self.release, self.wall.rest_angle, 0.0])

    @property
    def reference_resistance(self) -> float:
        """R_ref = 1/sqrt(G_P G_AP) [ohm]: the largest swing of the divider."""
        return float(1 / np.sqrt(self.wall.conductance_parallel * self.wall.conductance_antiparallel))

    @property
    def threshold_voltage(self) -> float:
        """V of the divider [V] with the wall at the threshold."""
        return self._divider(self.threshold)

    @property
    def release_voltage(self) -> float:
        """V of the divider [V] with the wall at the release."""
        return self._divider(self.release)

    @property
    def hysteresis(self) -> float:
        """h [V] whose folds lie at the two voltages: V = V_m +- [h r/2 - V_s ln((1 + r)/(1 - r))], r^2 = 1 - 4 V_s/h.

        Derived here from y = 1/(1 + exp(-...)) and d/dy = 1.
        """
        half = 0.5 * abs(self.threshold_voltage - self.release_voltage) / self.steepness
        ratio = 2 * half
        for _ in range(20):  # at rounding after six, for a half swing of at least 4
            root = np.sqrt(1 - 4 / ratio)
            ratio = 2 * (half + np.log((1 + root) / (1 - root))) / root
        return float(self.steepness * ratio)

    def time_between(self, first: float, last: float, current_density: float, before: float | None = None) -> float:
        """Time [s] in which a wall goes from one place to another; infinite where its steady speed does not lead there.

        Int dq/v(q), and the way that it first coasts on where another current density flowed ``before`` [A/m2].
        """
        nodes, weights = np.polynomial.legendre.leggauss(PLACES)
        q = 0.5 * (first + last) + 0.5 * (last - first) * nodes
        speeds = [self.wall.steady_motion(current_density, position=float(place)).velocity for place in q]
        ahead = np.array(speeds) * np.sign(last - first)
        if not (ahead > 0).all():
            return np.inf
        coasted = 0.0
        if before is not None:
            angle = self.wall.steady_motion(before, position=first).angle
            drive = np.array([current_density, 0.0, 0.0])
            coasted = coasting(self.wall, drive, first, angle) if np.isfinite(angle) else 0.0
        return float(0.5 * np.sum(weights / ahead) * (abs(last - first) - np.sign(last - first) * coasted))

    def cycle(self, current_density: float) -> tuple[float, float]:
        """Times [s] up to the threshold and back to the release in steady firing at a constant current density [A/m2].

        The wall's inertia is in them, the response time of the buffer is not; derived here.
        """
        back = current_density + self.reset_density
        up = self.time_between(self.release, self.threshold, current_density, back)
        return up, self.time_between(self.threshold, self.release, back, current_density)

    def rate(self, current_density: float) -> float:
        """Spikes a second [Hz] at a constant current density [A/m2]: 1/(T_up + T_back) of ``cycle``."""
        return 1 / sum(self.cycle(current_density))

    def spike_times(self, output: Signal) -> FloatArray:
        """Times [s] at which the output rises through half the supply, by linear interpolation; shape (spikes,)."""
        voltage, time = output.column("voltage"), output.time
        half = self.supply / 2
        before = np.flatnonzero((voltage[:-1] < half) & (voltage[1:] >= half))
        part = (half - voltage[before]) / (voltage[before + 1] - voltage[before])
        return np.asarray(time[before] + part * output.dt, dtype=np.float64)

    def datasheet(self, current_density: float = 0.0, field: float = 0.0, gate: float = 0.0) -> Datasheet:
        """Thresholds, times and rate at a constant current; field and gate are those of the wall's own datasheet."""
        up, down = self.cycle(current_density)
        leak = self.time_between(self.threshold, self.release, 0.0)
        rows = (
            Row(name="threshold voltage", value=self.threshold_voltage, unit="V", formula="Vdd G R_ref/(1 + G R_ref)"),
            Row(name="release voltage", value=self.release_voltage, unit="V", formula="Vdd G R_ref/(1 + G R_ref)"),
            Row(name="hysteresis", value=self.hysteresis, unit="V", formula="folds of the buffer, derived here"),
            Row(name="time to threshold", value=up, unit="s", formula="integral of dq/v(q), and coasting"),
            Row(name="time of the reset", value=down, unit="s", formula="integral of dq/v(q), and coasting"),
            Row(name="time to leak away", value=leak, unit="s", formula="integral of dq/v(q) without current"),
            Row(name="rate", value=1 / (up + down), unit="Hz", formula="1/(time to threshold + time of the reset)"),
        )
        wall = self.wall.datasheet(current_density, field, gate)
        return Datasheet(rows=(*rows, *wall.rows), verdict=self._verdict(current_density, up, down))

    def _verdict(self, current_density: float, up: float, down: float) -> str:
        given = f"{current_density:.3g} A/m2"
        if np.isinf(up):
            return f"The neuron stays silent at {given}: the wall does not reach its threshold against the leak."
        if np.isinf(down):
            return f"The neuron fires once at {given} and sticks: the reset current cannot drive the wall back."
        return (
            f"The neuron fires every {time_words(up + down)} at {given}: {time_words(up)} up, {time_words(down)} back."
        )

    def _divider(self, place: float) -> float:
        wall = self.wall
        state = np.array([[place], [0.0]])
        result = np.empty((2, 1))
        wall.kernel.readout(state, np.zeros((len(wall.inputs), 1)), wall.packed()[:, None], result)
        ratio = float(result[1, 0]) * self.reference_resistance
        return self.supply * ratio / (1 + ratio)
