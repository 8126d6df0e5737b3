"""Domain wall whose width moves as well: position, angle and width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import BOLTZMANN, GAMMA
from spinode.devices.wall import DomainWall
from spinode.devices.wall_equations import (
    FIELD_LIKE,
    GATE,
    GRADIENT,
    HALF_SWING,
    IN_PLANE_X,
    IN_PLANE_Y,
    LEFT,
    MEAN_CONDUCTANCE,
    NOISE,
    RIGHT,
    STIFFNESS,
    STRAIN,
    WALL_PARAMETERS,
    gate_field,
    has_gate,
    has_notches,
    mean_moment,
    notch_field,
    pinned_slopes,
    sine_and_cosine,
    smooth_slopes,
)
from spinode.signals import Channel, FloatArray

# What follows the parameters of the wall in the packed vector.
(
    RATE,  # 12 gamma A/(alpha Ms pi^2) [m2/s]
    SHAPE_FIELD,  # B_K of the width at rest [T]
    SHAPE_STIFFNESS,  # Kd/A [1/m2]
    PER_FIELD,  # Ms/A [1/(T m2)]
    PER_GATE,  # Q Ms/A: times the gate's Q/(2 Ms) dK/dV this is dK/(2 A) per volt [1/(T m2)]
    WIDTH_NOISE,  # amplitude of dDelta over sqrt(Delta) [sqrt(m/s)]
) = range(WALL_PARAMETERS, WALL_PARAMETERS + 6)


@njit(inline="always")
def _width_slope(state: FloatArray, drive: FloatArray, p: FloatArray, lane: int) -> float:
    """dDelta/dt without the edges of the local gate."""
    q, width, density, gate = state[0, lane], state[2, lane], drive[0, lane], drive[2, lane]
    sine, cosine = sine_and_cosine(state[1, lane])
    stiffness = p[STIFFNESS, lane] + p[STRAIN, lane] * gate + p[GRADIENT, lane] * q
    stiffness += p[SHAPE_STIFFNESS, lane] * cosine * cosine
    across = p[IN_PLANE_Y, lane] + p[FIELD_LIKE, lane] * density
    stiffness -= p[PER_FIELD, lane] * (p[IN_PLANE_X, lane] * cosine + across * sine)
    slope: float = p[RATE, lane] * (1 / width - width * stiffness)
    return slope


@njit(inline="always")
def _edge_stiffness(q: float, width: float, p: FloatArray, lane: int) -> float:
    """Part of the local gate's change of anisotropy that narrows a wall at q; 2 far inside a wide gate."""
    left, right = (p[LEFT, lane] - q) / width, (p[RIGHT, lane] - q) / width
    low, high = np.tanh(left), np.tanh(right)
    part: float = high - low - right * (1 - high * high) + left * (1 - low * low)
    return part


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    p = parameters
    for lane in range(state.shape[1]):
        width = state[2, lane]
        inputs = (drive[0, lane], drive[1, lane])
        place = (state[0, lane], state[1, lane])
        slopes = smooth_slopes(place, inputs, p[SHAPE_FIELD, lane], (width, 1 / width), p, lane)
        result[0, lane], result[1, lane] = slopes
    for lane in range(state.shape[1]):
        result[2, lane] = _width_slope(state, drive, p, lane)
    if has_notches(p):
        for lane in range(state.shape[1]):
            field = notch_field(state[0, lane], drive[2, lane], p, lane)
            slopes = pinned_slopes(field, state[2, lane], p, lane)
            result[0, lane] += slopes[0]
            result[1, lane] += slopes[1]
    if has_gate(p):
        for lane in range(state.shape[1]):
            q, width, gate = state[0, lane], state[2, lane], drive[2, lane]
            slopes = pinned_slopes(gate_field(q, gate, 1 / width, p, lane), width, p, lane)
            result[0, lane] += slopes[0]
            result[1, lane] += slopes[1]
            change = p[PER_GATE, lane] * p[GATE, lane] * gate
            result[2, lane] -= p[RATE, lane] * width * change * _edge_stiffness(q, width, p, lane)


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        root = np.sqrt(state[2, lane])
        result[0, lane] = parameters[NOISE, lane] * root
        result[1, lane] = parameters[NOISE, lane] / root
        result[2, lane] = parameters[WIDTH_NOISE, lane] * root


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        moment = mean_moment(state[0, lane], state[2, lane], parameters, lane)
        result[0, lane] = moment
        result[1, lane] = parameters[MEAN_CONDUCTANCE, lane] + parameters[HALF_SWING, lane] * moment


_KERNEL = Kernel(rhs=_rhs, diffusion=_diffusion, readout=_readout)


@dataclass(frozen=True, kw_only=True, slots=True)
class BreathingWall:
    """The equations of ``DomainWall`` with the width as a third coordinate.

    dDelta/dt = (12 gamma/(alpha Ms pi^2)) [A/Delta - Delta (K + Kd cos^2 phi) + (pi/2) Delta Ms (B_x cos phi
    + B_y sin phi) - (Delta/2) dK f(q)], Kd = Ms B_K/2 with B_K of the width at rest, f = [tanh u - u sech^2 u] between
    u = (x0 - q)/Delta and (x1 - q)/Delta of the local gate. Known from Thiaville et al., Europhys. Lett. 69, 990
    (2005); derived again here from the wall's energy and its friction alpha Ms S pi^2/(6 gamma Delta) dDelta/dt. The
    thermal force on the width is the one that belongs to that friction (Stratonovich). At rest
    Delta = sqrt(A/(K + Kd cos^2 phi)). The width relaxes in alpha Ms pi^2/(24 gamma K), picoseconds or less, so the
    steps are short.

    Parameters
    ----------
    wall : DomainWall
        The track, with the same inputs, outputs and closed forms.
    """

    DERIVED: ClassVar[dict[str, str]] = {"rest_width": "m", "relaxation_time": "s", "step": "s"}

    wall: DomainWall

    @property
    def name(self) -> str:
        return "breathing-wall"

    @property
    def inputs(self) -> tuple[Channel, ...]:
        return self.wall.inputs

    @property
    def outputs(self) -> tuple[Channel, ...]:
        return self.wall.outputs

    @property
    def states(self) -> tuple[Channel, ...]:
        return (*self.wall.states, Channel(name="width", unit="m"))

    @property
    def kernel(self) -> Kernel:
        return _KERNEL

    @property
    def step(self) -> float:
        """The wall's own step [s], and a fifth of the relaxation time of the width."""
        return min(self.wall.step, self.relaxation_time / 5)

    def packed(self) -> FloatArray:
        wall = self.wall
        stiffness, moment = wall.exchange_stiffness, wall.saturation_magnetization
        rate = 12 * GAMMA / (wall.damping * moment * np.pi**2)
        noise = rate * BOLTZMANN * wall.temperature / wall.section
        more = [
            rate * stiffness,
            wall.shape_field,
            wall.shape_field * moment / (2 * stiffness),
            moment / stiffness,
            wall.charge * moment / stiffness,
            np.sqrt(noise),
        ]
        return np.concatenate([wall.packed(), more])

    def initial(self) -> FloatArray:
        """The wall in the middle of the readout, at its angle and width of rest."""
        return np.append(self.wall.initial(), self.rest_width)

    @property
    def rest_width(self) -> float:
        """sqrt(A/(K + Kd cos^2 phi - (pi/2) Ms (B_x cos phi + B_y sin phi))) [m] at the middle and rest angle."""
        wall, angle = self.wall, self.wall.rest_angle
        shape = wall.saturation_magnetization * wall.shape_field / 2 * np.cos(angle) ** 2
        field = wall.field_x * np.cos(angle) + wall.field_y * np.sin(angle)
        pull = np.pi / 2 * wall.saturation_magnetization * field
        return float(np.sqrt(wall.exchange_stiffness / (wall.anisotropy_at(wall.length / 2) + shape - pull)))

    @property
    def relaxation_time(self) -> float:
        """alpha Ms pi^2/(24 gamma K) [s] of a small change of the width, at the stiffest place of the track."""
        wall = self.wall
        stiffest = max(wall.anisotropy_at(0.0), wall.anisotropy_at(wall.length))
        stiffest += wall.saturation_magnetization * wall.shape_field / 2
        return wall.damping * wall.saturation_magnetization * np.pi**2 / (24 * GAMMA * stiffest)
