"""Drives written as text: ``current=sine(5mA,1mA,2MHz); field=1mT``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from spinode.drives import (
    Sampling,
    chirp,
    constant,
    join,
    noise,
    pulses,
    random_holds,
    random_sine,
    sine,
    steps,
)
from spinode.signals import Channel, Signal, missing_name
from spinode.units import in_brief, parse_quantity

_CALL = re.compile(r"(\w+)\s*\((.*)\)", re.DOTALL)


def parse_drive(
    text: str, channels: Sequence[Channel], sampling: Sampling, rng: np.random.Generator | None = None
) -> Signal:
    """The drive that a line of text describes: ``current=sine(5mA,1mA,2MHz); field=step(0,1mT,100ns)``.

    A channel that is not named is zero. Shapes: a value; ``step(before,after,time)``; ``steps(level,time,level,...)``;
    ``pulses(low,high,width,period)``; ``sine(offset,amplitude,frequency)``; ``chirp(offset,amplitude,first,last)``;
    ``random_sine(offset,amplitude,frequency)``; ``random(low,high,hold)``; ``noise(mean,deviation,bandwidth)``.

    Parameters
    ----------
    text : str
        Parts divided by ';'; may be empty.
    channels : sequence of Channel
        Inputs of the device; names, units and order of the result.
    sampling : Sampling
        Duration and sample interval.
    rng : numpy.random.Generator, optional
        For the random shapes.

    Raises
    ------
    ValueError
        If a name, shape, number or unit is wrong, or a feature is shorter than the samples.
    """
    shapes: dict[str, str] = {}
    for part in (piece.strip() for piece in text.split(";")):
        name, equals, shape = (piece.strip() for piece in part.partition("="))
        if not part:
            continue
        if not (name and equals and shape):
            raise ValueError(f"drive '{in_brief(part)}' must be name=shape, for example current=6mA")
        if name in shapes:
            both = f"'{in_brief(shapes[name])}' and '{in_brief(shape)}'"
            raise ValueError(f"drive '{name}' must be given once, got {both}")
        if name not in [channel.name for channel in channels]:
            raise ValueError(missing_name("drive channel", name, [channel.name for channel in channels]))
        shapes[name] = shape
    if not channels:
        return Signal(values=np.empty((sampling.count, 0)), dt=sampling.dt, channels=())
    return join(*(_parse_shape(shapes.get(channel.name, "0"), channel, sampling, rng) for channel in channels))


_VALUE, _TIME, _RATE = "value", "s", "Hz"
_Shape = Callable[..., Signal]
_SHAPES: Mapping[str, tuple[_Shape, tuple[str, ...]]] = {
    "pulses": (pulses, (_VALUE, _VALUE, _TIME, _TIME)),
    "sine": (sine, (_VALUE, _VALUE, _RATE)),
    "chirp": (chirp, (_VALUE, _VALUE, _RATE, _RATE)),
    "random_sine": (random_sine, (_VALUE, _VALUE, _RATE)),
    "random": (random_holds, (_VALUE, _VALUE, _TIME)),
    "noise": (noise, (_VALUE, _VALUE, _RATE)),
}


def _parse_shape(text: str, channel: Channel, sampling: Sampling, rng: np.random.Generator | None) -> Signal:
    call = _CALL.fullmatch(text)
    if call is None:
        return constant(channel, sampling, _quantity(text, channel, _VALUE))
    shape, parts = call[1], [part.strip() for part in call[2].split(",")]
    if shape in ("step", "steps"):
        return _parse_steps(shape, parts, channel, sampling)
    if shape not in _SHAPES:
        raise ValueError(f"drive '{channel.name}': {missing_name('shape', shape, ['step', 'steps', *_SHAPES])}")
    build, kinds = _SHAPES[shape]
    if len(parts) != len(kinds):
        raise ValueError(f"drive '{channel.name}': {shape} must have {len(kinds)} numbers, got {len(parts)}")
    numbers: list[float | np.random.Generator] = [
        _quantity(part, channel, kind) for part, kind in zip(parts, kinds, strict=True)
    ]
    if shape.startswith("random") or shape == "noise":
        if rng is None:
            raise ValueError(f"drive '{channel.name}': {shape} must have a generator, got none; try a seed")
        numbers.append(rng)
    return build(channel, sampling, *numbers)


def _parse_steps(shape: str, parts: Sequence[str], channel: Channel, sampling: Sampling) -> Signal:
    if shape == "step":
        if len(parts) != 3:
            raise ValueError(f"drive '{channel.name}': step must be step(before,after,time), got {len(parts)} numbers")
        parts = [parts[0], parts[2], parts[1]]
    if len(parts) % 2 == 0:
        raise ValueError(f"drive '{channel.name}': steps must be steps(level,time,level,...), got {len(parts)} numbers")
    levels = [_quantity(part, channel, _VALUE) for part in parts[::2]]
    return steps(channel, sampling, levels, [_quantity(part, channel, _TIME) for part in parts[1::2]])


def _quantity(text: str, channel: Channel, kind: str) -> float:
    try:
        return parse_quantity(text, channel.unit if kind == _VALUE else kind)
    except ValueError as error:
        raise ValueError(f"drive '{channel.name}': {error}") from None
