"""What a ``Reservoir`` settles before it runs: sequences, driven input, masks, scale, and the pace of its holds."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from spinode.devices.base import Device
from spinode.reservoir.mask_kinds import make_mask
from spinode.reservoir.nodes import solver_steps
from spinode.reservoir.runs import READINGS, Hold
from spinode.signals import FloatArray, missing_name

MOST_READINGS = 64
"""Largest number of readings a node."""
MOST_LEVELS = 2**22
"""Levels of which a quantile is taken: of more, equally spaced points stand for all."""


@dataclass(frozen=True, kw_only=True)
class DeviceInput:
    """Driven input with operating point, swing and range, and all inputs at rest (I,)."""

    channel: str
    position: int
    rest: float
    swing: float
    low: float
    high: float
    inputs: FloatArray


def listed(owner: Any, given: Any, *, reset: bool) -> tuple[list[FloatArray], str]:
    """The sequences (T_i, C) in an argument and what it was: ``one`` array, a ``list``, or a ``block`` (n, T, C).

    Raises
    ------
    ValueError
        In one line, if a sequence is empty, not finite, or has another number of columns than in ``fit``.
    """
    kind = "one"
    if isinstance(given, np.ndarray) and (given.ndim == 3 or (given.ndim == 1 and given.dtype == object)):
        kind = "block" if given.ndim == 3 else "list"
    elif isinstance(given, (list, tuple)) and given and all(np.ndim(part) == 2 for part in given):
        kind = "list"
    if kind == "one":
        return [validate_data(owner, given, dtype=np.float64, reset=reset)], kind
    if len(given) == 0:
        raise ValueError(f"{type(owner).__name__} needs at least one sequence, got none")
    sequences = [check_array(part, dtype=np.float64, input_name=f"sequence {n}") for n, part in enumerate(given)]
    widths = [part.shape[1] for part in sequences]
    if reset:
        owner.n_features_in_ = widths[0]
    for number, width in enumerate(widths):
        if width != owner.n_features_in_:
            raise ValueError(
                f"{type(owner).__name__} needs sequences of {owner.n_features_in_} columns, got {width} in {number}"
            )
    return sequences, kind


def restored(result: list[FloatArray], kind: str) -> Any:
    """States in the form in which the sequences came."""
    return result[0] if kind == "one" else np.stack(result) if kind == "block" else result


def chosen_input(owner: Any, devices: Sequence[Device]) -> DeviceInput:
    """The driven input, its range, and the inputs that rest; the same in all devices.

    Raises
    ------
    ValueError
        In one line, if there are several inputs and none is chosen, or a number is missing or out of range.
    """
    first = devices[0]
    if any(device.inputs != first.inputs for device in devices):
        raise ValueError("Reservoir.device must be devices with the same inputs, got different ones")
    names = [each.name for each in first.inputs]
    if not names:
        raise ValueError(f"Reservoir.device must have an input to drive, got {first.name}, which has none")
    if owner.channel is None and len(names) > 1:
        raise ValueError(
            f"Reservoir.channel must say which input of {first.name} is driven, got none of {', '.join(names)}"
        )
    channel = names[0] if owner.channel is None else owner.channel
    if channel not in names:
        raise ValueError(f"Reservoir.channel: {missing_name('input', channel, names)}")
    for key in owner.others or {}:
        if key not in names or key == channel:
            raise ValueError(f"Reservoir.others: {missing_name('other input', key, names)}")
    position = names.index(channel)
    known = _known_range(owner, devices, channel)
    low, high = (-np.inf, np.inf) if known is None else known
    rest, swing = _operating_point(owner, first, position, known)
    inputs = np.array([rest if n == position else _other(owner, first, name) for n, name in enumerate(names)])
    return DeviceInput(channel=channel, position=position, rest=rest, swing=swing, low=low, high=high, inputs=inputs)


def trained_range(device: Any, channel: str) -> tuple[float, float] | None:
    """Range of an input that a learned device saw in training; None for others."""
    found = getattr(device, "ranges", {})
    return (found[channel].low, found[channel].high) if isinstance(found, Mapping) and channel in found else None


def _known_range(owner: Any, devices: Sequence[Device], channel: str) -> tuple[float, float] | None:
    """``bounds``, or what all learned devices were trained on."""
    if owner.bounds is not None:
        low, high = owner.bounds
        if not low < high:
            raise ValueError(f"Reservoir.bounds must be (low, high) with low below high, got {owner.bounds}")
        return float(low), float(high)
    ranges = [found for device in devices if (found := trained_range(device, channel)) is not None]
    return (max(low for low, _ in ranges), min(high for _, high in ranges)) if ranges else None


def _operating_point(
    owner: Any, device: Device, position: int, known: tuple[float, float] | None
) -> tuple[float, float]:
    channel = device.inputs[position]
    if known is None and (owner.rest is None or owner.swing is None):
        lacking = "rest" if owner.rest is None else "swing"
        raise ValueError(
            f"Reservoir.{lacking} must be given for input '{channel.name}' [{channel.unit}] of {device.name},"
            " which has no trained range, got none; try rest and swing, or bounds"
        )
    low, high = known or (0.0, 0.0)
    rest = 0.5 * (low + high) if owner.rest is None else float(owner.rest)
    swing = 0.5 * (high - low) if owner.swing is None else float(owner.swing)
    if not np.isfinite(rest):
        raise ValueError(f"Reservoir.rest must be a finite number, got {rest}")
    if not (np.isfinite(swing) and swing > 0):
        raise ValueError(f"Reservoir.swing must be a positive number, got {swing}")
    if known is not None and not low <= rest <= high:
        raise ValueError(f"Reservoir.rest must lie in the range {low:.6g} to {high:.6g} {channel.unit}, got {rest:.6g}")
    return rest, swing


def _other(owner: Any, device: Device, name: str) -> float:
    """Value of an input that rests."""
    given: Mapping[str, float] = owner.others or {}
    if name in given:
        return float(given[name])
    known = trained_range(device, name)
    if known is None:
        raise ValueError(f"Reservoir.others must give a value for input '{name}' of {device.name}, got none")
    return 0.5 * (known[0] + known[1])


def mask_of(mask: Any, shape: tuple[int, Any, int], seed: int) -> FloatArray:
    """Weights (devices, nodes, C): of a kind by name, each device its own, or the given ones."""
    devices, nodes, channels = shape
    if isinstance(mask, str):
        if not _whole(nodes):
            raise ValueError(f"Reservoir.nodes must be a whole number, got {nodes!r}")
        rng = np.random.default_rng([seed, 0])
        return np.stack([make_mask(mask, (int(nodes), channels), rng) for _ in range(devices)])
    weights = np.asarray(mask, dtype=np.float64)
    weights = np.repeat(weights[None], devices, axis=0) if weights.ndim == 2 else weights
    if weights.ndim != 3 or weights.shape[::2] != (devices, channels) or not np.isfinite(weights).all():
        raise ValueError(
            f"Reservoir.mask must be finite weights (nodes, {channels}) or ({devices}, nodes, {channels}),"
            f" got shape {np.shape(mask)}"
        )
    return weights


def learned_scale(sequences: Sequence[FloatArray], mask: FloatArray, quantile: float) -> tuple[float, float]:
    """The quantile of |mask x| over the training points, and the part of the levels beyond it.

    Raises
    ------
    ValueError
        If the quantile is out of range or the masked points are all zero.
    """
    if not 0 < quantile <= 1:
        raise ValueError(f"Reservoir.quantile must be above 0 and at most 1, got {quantile}")
    points = np.concatenate(sequences)
    weights = mask.reshape(-1, mask.shape[2])
    stride = 1 if quantile == 1 else -(-points.shape[0] * len(weights) // MOST_LEVELS)
    size = max(1, MOST_LEVELS // len(weights))
    chosen = points[::stride]
    if quantile == 1:
        scale = max(float(np.abs(chosen[n : n + size] @ weights.T).max()) for n in range(0, len(chosen), size))
        clipped = 0.0
    else:
        levels = np.abs(chosen @ weights.T).ravel()
        scale = float(np.quantile(levels, quantile))
        clipped = float(np.mean(levels > scale))
    if not scale > 0:
        raise ValueError("Reservoir: the masked training points are all zero; try another mask or other points")
    return scale, clipped


def pacing(owner: Any, devices: Sequence[Device], chosen: DeviceInput) -> Hold:
    """Node time, solver steps and readings of a hold, checked."""
    samples = [float(device.dt) for device in devices if hasattr(device, "dt")]
    step = min(device.step for device in devices)
    node_time = 2 * (samples[0] if samples else step) if owner.node_time is None else float(owner.node_time)
    if not (np.isfinite(node_time) and node_time > 0):
        raise ValueError(f"Reservoir.node_time must be a positive number of seconds, got {owner.node_time}")
    for sample in samples:
        if abs(node_time / sample - round(node_time / sample)) > 1e-6 or round(node_time / sample) < 1:
            raise ValueError(
                f"Reservoir.node_time must be whole samples of the device, {sample:.6g} s, got {node_time:.6g}"
            )
    steps = solver_steps(min(devices, key=lambda device: device.step), node_time)
    reading, parts = owner.sampling, 1
    if _whole(reading):
        if not 1 <= reading <= MOST_READINGS:
            raise ValueError(f"Reservoir.sampling must be 1 to {MOST_READINGS} readings a node, got {reading}")
        reading, parts = "each", int(reading)
    elif reading not in READINGS:
        raise ValueError(f"Reservoir.sampling must be {', '.join(READINGS)} or a number of readings, got {reading!r}")
    elif reading == "mean":
        parts = steps
    return Hold(
        inputs=chosen.inputs,
        driven=chosen.position,
        node_time=node_time,
        steps=-(-steps // parts),
        parts=parts,
        reading=str(reading),
    )


def _whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_settings(owner: Any, devices: Sequence[Device]) -> None:
    """Refuse words and numbers out of range, in one line."""
    words = {"start": ("settled", "initial"), "feedback_unit": ("points", "nodes")}
    for name, known in words.items():
        if getattr(owner, name) not in known:
            raise ValueError(f"Reservoir.{name} must be {' or '.join(known)}, got {getattr(owner, name)!r}")
    if not -1 < owner.feedback < 1:
        raise ValueError(f"Reservoir.feedback must be above -1 and below 1, got {owner.feedback}")
    if not (_whole(owner.seed) and owner.seed >= 0):
        raise ValueError(f"Reservoir.seed must be a whole number, 0 or more, got {owner.seed!r}")
    silent = [device.name for device in devices if getattr(device, "noise", 1.0) is None]
    if owner.noise and silent:
        raise ValueError(f"Reservoir.noise must be False for {silent[0]}, which has learned none, got {owner.noise}")
    cold = [device.name for device in devices if getattr(device, "temperature", 1.0) == 0]
    if owner.noise and cold:
        raise ValueError(f"Reservoir.noise must be False for {cold[0]} at 0 K, got {owner.noise}; try temperature=300")


def feedback_holds(owner: Any, nodes: int) -> int:
    """Delay of the feedback in holds, >= 1."""
    holds = owner.feedback_delay * (nodes if owner.feedback_unit == "points" else 1)
    if not (np.isfinite(holds) and holds >= 1 and abs(holds - round(holds)) < 1e-6):
        raise ValueError(
            f"Reservoir.feedback_delay must be a whole number of holds, 1 or more, got {owner.feedback_delay}"
            f" {owner.feedback_unit} of {nodes} nodes"
        )
    return int(round(holds))
