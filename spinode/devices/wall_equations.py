"""The compiled equations of the domain wall: what every device that is made of a wall shares.

``turn`` is a and ``push`` is b of (1 + alpha^2) dq/dt = Q Delta (a + alpha b), (1 + alpha^2) dphi/dt = b - alpha a,
which ``DomainWall`` writes out. The loops over members have no branch, so that the compiler vectorises them; notches
and the local gate are added in loops of their own, where a member has them.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numba import njit

from spinode.devices.base import KERNEL, Kernel
from spinode.devices.constants import GAMMA
from spinode.signals import FloatArray

# Rows of the packed parameters, in the order in which DomainWall.packed gives them.
(
    CHARGE,  # Q
    DAMPING,  # alpha
    SCALE,  # 1/(1 + alpha^2)
    STIFFNESS,  # K0/A [1/m2]
    STRAIN,  # change of K0/A by the gate [1/(m2 V)]
    GRADIENT,  # change of K0/A along the track [1/m3]
    SHAPE,  # Delta B_K [T m]
    CHIRAL,  # (pi/2) Q Delta B_D [T m]
    IN_PLANE_X,  # (pi/2) B_x [T]
    IN_PLANE_Y,  # (pi/2) B_y [T]
    FIELD_LIKE,  # (pi/2) zeta B_SH per current density [T m2/A]
    SPIN,  # Q u per current density [m3/(A s)]
    BETA,  # beta
    HALL,  # (pi/2) B_SH per current density [T m2/A]
    LEAK,  # (Q/Ms) dK/dq [T/m]
    WELL,  # Q k/(2 Ms S) [T/m]
    CENTRE,  # q0 [m]
    STOP,  # Q k_end/(2 Ms S) [T/m]
    LENGTH,  # L [m]
    NOTCH,  # Q (pi/p) V0/(2 Ms S) [T]
    NOTCH_GATE,  # the same per volt of the gate [T/V]
    WAVE,  # 2 pi/p [1/m]
    GATE,  # (Q/(2 Ms)) dK/dV [T/V]
    LEFT,  # x0 of the gate [m]
    RIGHT,  # x1 of the gate [m]
    NOISE,  # amplitude of dphi, times sqrt(Delta) [sqrt(m/s)]
    MEAN_CONDUCTANCE,  # (G_P + G_AP)/2 [S]
    HALF_SWING,  # (G_P - G_AP)/2 [S]
) = range(28)
WALL_PARAMETERS = 28
"""Number of packed parameters; a device that adds some appends them."""

# pi/2 in three parts of at most 33 bits, so that a product with a whole number below 2^20 is exact; the rest is 1e-37.
_PART_1, _PART_2, _PART_3 = 1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21
_SINE = tuple((-1) ** n / factorial(2 * n + 1) for n in range(1, 9))
_COSINE = tuple((-1) ** n / factorial(2 * n) for n in range(1, 9))


@njit(inline="always")
def sine_and_cosine(angle: float) -> tuple[float, float]:
    """sin and cos of an angle below 1e6 rad, without a branch; right to 2e-16.

    Taylor's series in [-pi/4, pi/4] to the orders 17 and 16 (the next terms are 8e-20 and 2e-18), after the nearest
    multiple of pi/2 is taken away.
    """
    quarters = np.floor(angle * (2 / np.pi) + 0.5)
    r = ((angle - quarters * _PART_1) - quarters * _PART_2) - quarters * _PART_3
    s = r * r
    odd, even = _SINE[7], _COSINE[7]
    odd, even = _SINE[6] + s * odd, _COSINE[6] + s * even
    odd, even = _SINE[5] + s * odd, _COSINE[5] + s * even
    odd, even = _SINE[4] + s * odd, _COSINE[4] + s * even
    odd, even = _SINE[3] + s * odd, _COSINE[3] + s * even
    odd, even = _SINE[2] + s * odd, _COSINE[2] + s * even
    odd, even = _SINE[1] + s * odd, _COSINE[1] + s * even
    odd, even = _SINE[0] + s * odd, _COSINE[0] + s * even
    small, large = r + r * s * odd, 1 + s * even
    place = quarters - 4 * np.floor(quarters / 4)
    crossed = (place == 1) | (place == 3)
    sine, cosine = (large if crossed else small), (small if crossed else large)
    return (-sine if place >= 2 else sine), (-cosine if (place == 1) | (place == 2) else cosine)


@njit(inline="always")
def inverse_width(q: float, gate: float, p: FloatArray, lane: int) -> float:
    """1/Delta = sqrt(K/A) [1/m] where the wall is."""
    inverse: float = np.sqrt(p[STIFFNESS, lane] + p[STRAIN, lane] * gate + p[GRADIENT, lane] * q)
    return inverse


@njit(inline="always")
def smooth_slopes(
    place: tuple[float, float],
    inputs: tuple[float, float],
    shape: float,
    widths: tuple[float, float],
    p: FloatArray,
    lane: int,
) -> tuple[float, float]:
    """dq/dt, dphi/dt at (q, phi) under (current density, field) with B_K ``shape`` and (Delta, 1/Delta); no notches."""
    q, phi = place
    density, field = inputs
    width, inverse = widths
    sine, cosine = sine_and_cosine(phi)
    drift = p[SPIN, lane] * density * inverse
    turn = (p[CHIRAL, lane] * inverse + p[IN_PLANE_X, lane] - shape * cosine) * sine
    turn = GAMMA * (turn - (p[IN_PLANE_Y, lane] + p[FIELD_LIKE, lane] * density) * cosine) + drift
    outside = 0.5 * (abs(q - p[LENGTH, lane]) - abs(q) + 2 * q - p[LENGTH, lane])  # max(q - L, 0) + min(q, 0)
    push = field + p[HALL, lane] * density * cosine - p[LEAK, lane] * width
    push = GAMMA * (push - p[WELL, lane] * (q - p[CENTRE, lane]) - p[STOP, lane] * outside) + p[BETA, lane] * drift
    moved = p[SCALE, lane] * p[CHARGE, lane] * width * (turn + p[DAMPING, lane] * push)
    return moved, p[SCALE, lane] * (push - p[DAMPING, lane] * turn)


@njit(inline="always")
def has_notches(p: FloatArray) -> bool:
    """Whether a member has notches."""
    for lane in range(p.shape[1]):
        if p[NOTCH, lane] != 0 or p[NOTCH_GATE, lane] != 0:
            return True
    return False


@njit(inline="always")
def has_gate(p: FloatArray) -> bool:
    """Whether a member has a local gate."""
    for lane in range(p.shape[1]):
        if p[GATE, lane] != 0:
            return True
    return False


@njit(inline="always")
def notch_field(q: float, gate: float, p: FloatArray, lane: int) -> float:
    """B_pin [T] of the notches."""
    field: float = -(p[NOTCH, lane] + p[NOTCH_GATE, lane] * gate) * sine_and_cosine(p[WAVE, lane] * q)[0]
    return field


@njit(inline="always")
def gate_field(q: float, gate: float, inverse: float, p: FloatArray, lane: int) -> float:
    """B_pin [T] of the local gate, whose edges a wall feels through sech^2."""
    left = np.exp(-2 * inverse * abs(p[LEFT, lane] - q))
    right = np.exp(-2 * inverse * abs(p[RIGHT, lane] - q))
    edges = left / ((1 + left) * (1 + left)) - right / ((1 + right) * (1 + right))
    field: float = -4 * p[GATE, lane] * gate * edges
    return field


@njit(inline="always")
def pinned_slopes(field: float, width: float, p: FloatArray, lane: int) -> tuple[float, float]:
    """What a B_pin [T] adds to dq/dt and dphi/dt."""
    turned = GAMMA * p[SCALE, lane] * field
    return p[CHARGE, lane] * width * p[DAMPING, lane] * turned, turned


@njit(inline="always")
def mean_moment(q: float, width: float, p: FloatArray, lane: int) -> float:
    """Mean mz from 0 to L."""
    length = p[LENGTH, lane]
    right = abs((length - q) / width)
    left = abs(q / width)
    # ln cosh(a) = |a| + ln(1 + e^(-2|a|)) - ln 2 does not overflow
    rise = right - left + np.log((1 + np.exp(-2 * right)) / (1 + np.exp(-2 * left)))
    mean: float = -p[CHARGE, lane] * width / length * rise
    return mean


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _rhs(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    p = parameters
    for lane in range(state.shape[1]):
        q = state[0, lane]
        inverse = inverse_width(q, drive[2, lane], p, lane)
        inputs = (drive[0, lane], drive[1, lane])
        slopes = smooth_slopes((q, state[1, lane]), inputs, p[SHAPE, lane] * inverse, (1 / inverse, inverse), p, lane)
        result[0, lane], result[1, lane] = slopes
    if has_notches(p):
        for lane in range(state.shape[1]):
            q, gate = state[0, lane], drive[2, lane]
            slopes = pinned_slopes(notch_field(q, gate, p, lane), 1 / inverse_width(q, gate, p, lane), p, lane)
            result[0, lane] += slopes[0]
            result[1, lane] += slopes[1]
    if has_gate(p):
        for lane in range(state.shape[1]):
            q, gate = state[0, lane], drive[2, lane]
            inverse = inverse_width(q, gate, p, lane)
            slopes = pinned_slopes(gate_field(q, gate, inverse, p, lane), 1 / inverse, p, lane)
            result[0, lane] += slopes[0]
            result[1, lane] += slopes[1]


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def wall_diffusion(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    """Noise of q and phi; further states are left as they are."""
    for lane in range(state.shape[1]):
        inverse = inverse_width(state[0, lane], drive[2, lane], parameters, lane)
        turned = parameters[NOISE, lane] * np.sqrt(inverse)
        result[0, lane] = turned / inverse
        result[1, lane] = turned


@njit(KERNEL, cache=True, nogil=True, error_model="numpy")
def _readout(state: FloatArray, drive: FloatArray, parameters: FloatArray, result: FloatArray) -> None:
    for lane in range(state.shape[1]):
        inverse = inverse_width(state[0, lane], drive[2, lane], parameters, lane)
        moment = mean_moment(state[0, lane], 1 / inverse, parameters, lane)
        result[0, lane] = moment
        result[1, lane] = parameters[MEAN_CONDUCTANCE, lane] + parameters[HALF_SWING, lane] * moment


WALL_KERNEL = Kernel(rhs=_rhs, diffusion=wall_diffusion, readout=_readout)
"""States q, phi; inputs current density, field, gate; outputs mz, conductance."""
