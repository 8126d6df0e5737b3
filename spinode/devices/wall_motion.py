"""Steady motion of a wall on a smooth track, found from the very equations that are simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spinode.devices.wall_equations import GATE, NOTCH, NOTCH_GATE, STOP, WALL_KERNEL, WELL
from spinode.signals import FloatArray

if TYPE_CHECKING:
    from spinode.devices.wall import DomainWall

ANGLES = 4096
"""Angles around the circle at which the equations are looked at."""
PARTS, ROUNDS = 64, 7
"""Each round looks for a steady angle in one of so many parts of an interval: 2 pi/(4096 64^7) is below rounding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Motion:
    """How a wall moves when the drive has been constant for long.

    Parameters
    ----------
    velocity : float
        Mean dq/dt [m/s].
    angle : float
        Steady phi [rad]; NaN where the wall turns round and round.
    turning : float
        Mean dphi/dt [rad/s]; 0 where the angle is steady.
    """

    velocity: float
    angle: float
    turning: float


def slopes(wall: DomainWall, angles: FloatArray, drive: FloatArray, position: float) -> tuple[FloatArray, FloatArray]:
    """dq/dt [m/s] and dphi/dt [rad/s] at each angle, without notches, wells, local gate and ends of the track.

    Parameters
    ----------
    wall : DomainWall
        The wall.
    angles : array, shape (N,)
        phi [rad].
    drive : array, shape (3,)
        Current density [A/m2], field [T], gate [V].
    position : float
        q [m], which matters where the anisotropy has a gradient.
    """
    packed = wall.packed()
    packed[[GATE, NOTCH, NOTCH_GATE, STOP, WELL]] = 0.0
    state = np.stack([np.full(angles.size, position), angles])
    columns = [np.ascontiguousarray(np.repeat(column[:, None], angles.size, axis=1)) for column in (drive, packed)]
    result = np.empty_like(state)
    WALL_KERNEL.rhs(state, *columns, result)
    return result[0], result[1]


def steady_motion(wall: DomainWall, drive: FloatArray, position: float, start: float) -> Motion:
    """Motion that a wall comes to from an angle [rad] under a constant drive.

    Without pinning the angle moves on its own, dphi/dt = F(phi): it runs from where it starts to the first zero of F in
    its way, where dq/dt is the velocity, or it turns for ever, and the mean of dq/dt is taken with the weight 1/|F|.
    Exact but for rounding below the Walker field; above it the mean over a circle of ``ANGLES`` angles.
    """
    circle = start + 2 * np.pi * np.arange(ANGLES + 1) / ANGLES
    first = slopes(wall, circle[:1], drive, position)[1][0]
    if first < 0:
        circle = 2 * start - circle
    speed, turning = slopes(wall, circle, drive, position)
    # rounding may hold a wall that rests at phi = pi/2 exactly on the edge of the circle
    back = np.flatnonzero(turning * np.sign(first) <= 0)
    if first == 0 or back.size:
        end = int(back[0]) if first else 0
        angle = start if first == 0 or end == 0 else _first_zero(wall, circle[end - 1 : end + 1], drive, position)
        velocity = slopes(wall, np.array([angle]), drive, position)[0][0]
        return Motion(velocity=float(velocity), angle=float(angle), turning=0.0)
    weights = 1 / np.abs(turning[:-1])
    mean = float(np.sum(speed[:-1] * weights) / weights.sum())
    return Motion(velocity=mean, angle=np.nan, turning=float(np.sign(first) * ANGLES / weights.sum()))


def coasting(wall: DomainWall, drive: FloatArray, position: float, start: float) -> float:
    """Distance [m] that a wall gains on its steady velocity while its angle goes over from ``start`` [rad].

    Int (dq/dt - v)/(dphi/dt) dphi from the old to the new steady angle: the wall's inertia, exact on a smooth track
    without gradient; 0 where there is no steady angle. Derived here.
    """
    motion = steady_motion(wall, drive, position, start)
    if motion.turning or motion.angle == start:
        return 0.0
    angles = start + (motion.angle - start) * (np.arange(ANGLES) + 0.5) / ANGLES
    speed, turning = slopes(wall, angles, drive, position)
    return float((motion.angle - start) * np.mean((speed - motion.velocity) / turning))


def _first_zero(wall: DomainWall, ends: FloatArray, drive: FloatArray, position: float) -> float:
    """Zero of dphi/dt between two angles, by looking ever closer."""
    low, high = float(ends[0]), float(ends[1])
    for _ in range(ROUNDS):
        fine = np.linspace(low, high, PARTS + 1)
        turning = slopes(wall, fine, drive, position)[1]
        last = int(np.flatnonzero(turning * turning[0] <= 0)[0])
        if last == 0:
            break
        low, high = float(fine[last - 1]), float(fine[last])
    return 0.5 * (low + high)


def torque_fields(wall: DomainWall, angles: FloatArray) -> FloatArray:
    """-(B_K/2) sin 2phi + (pi/2)(Q B_D + B_x) sin phi - (pi/2) B_y cos phi [T]: what turns the angle at rest."""
    along = np.pi / 2 * (wall.charge * wall.dmi_field + wall.field_x)
    across = np.pi / 2 * wall.field_y
    return along * np.sin(angles) - wall.shape_field / 2 * np.sin(2 * angles) - across * np.cos(angles)


def stiffness_field(wall: DomainWall, angle: float) -> float:
    """Slope of ``torque_fields`` [T/rad] at an angle: E_phiphi/(2 Ms S Delta), positive where the angle is stable."""
    along = np.pi / 2 * (wall.charge * wall.dmi_field + wall.field_x)
    across = np.pi / 2 * wall.field_y
    return float(along * np.cos(angle) - wall.shape_field * np.cos(2 * angle) + across * np.sin(angle))


def rest_angle(wall: DomainWall) -> float:
    """phi of least energy [rad]; of two equal ones the one in (0, pi)."""
    along = np.pi / 2 * (wall.charge * wall.dmi_field + wall.field_x)
    across = np.pi / 2 * wall.field_y
    if across == 0:
        ratio = along / wall.shape_field if abs(along) < wall.shape_field else np.sign(along)
        return float(np.arccos(ratio)) if along else np.pi / 2
    angles = 2 * np.pi * np.arange(ANGLES) / ANGLES
    energy = wall.shape_field / 2 * np.cos(angles) ** 2 - along * np.cos(angles) - across * np.sin(angles)
    angle = float(angles[np.argmin(energy)])
    for _ in range(20):
        slope = stiffness_field(wall, angle)
        angle -= float(torque_fields(wall, np.array([angle]))[0]) / slope if slope > 0 else 0.0
    return angle


def walker_torque(wall: DomainWall) -> float:
    """Largest field [T] against which the angle can hold in both directions of turning."""
    shape, along = wall.shape_field, np.pi / 2 * (wall.charge * wall.dmi_field + wall.field_x)
    if wall.field_y:
        torque = torque_fields(wall, 2 * np.pi * np.arange(16 * ANGLES) / (16 * ANGLES))
        return float(min(torque.max(), -torque.min()))
    if shape == 0:
        return float(abs(along))
    root = np.sqrt(along**2 + 8 * shape**2)
    cosine = np.clip(np.array([along - root, along + root]) / (4 * shape), -1, 1)
    torque = (along - shape * cosine) * np.sqrt(1 - cosine**2)
    return float(np.abs(torque).max())
