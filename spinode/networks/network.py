"""A network: oscillators of one kind, each with its own parameters, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from scipy import sparse

from spinode.devices.base import Device
from spinode.networks.coupling import Coupling, MatrixCoupling, MeanField, Numbers, Tone, numbers_of
from spinode.signals import FloatArray, missing_name

Each = TypeVar("Each")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PhasePlane:
    """Two numbers of an oscillator whose angle is its phase: phase = atan2(sine, cosine).

    Parameters
    ----------
    cosine, sine : mapping of str to float
        Weight of each output or state, by name.
    centre : tuple of float
        Subtracted from the two.
    """

    cosine: Mapping[str, float]
    sine: Mapping[str, float]
    centre: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Network:
    """N devices of one kind, analytic or learned, that hear each other.

    Parameters
    ----------
    devices : sequence of Device, length N
        The same kernel in each.
    couplings : sequence of MeanField or MatrixCoupling
        They add up. They act inside every stage of the solver.
    tones : sequence of Tone
        Injected microwave signals.
    bias : mapping of str to array, shape (N,)
        Constant part of each oscillator's own inputs, in their units, added to the drive.
    plane : PhasePlane, optional
        Where the phase is seen; the device's outputs ``cosine`` and ``sine``, or else its first two states, where left
        out.

    Attributes
    ----------
    packed : array, shape (N, P)
        Parameters of the kernels; made once, from the devices.
    finest : Device
        The one that asks for the shortest step.

    Raises
    ------
    ValueError
        If kinds are mixed, a name is not one of the device, or a shape is not N.
    """

    devices: Sequence[Device]
    couplings: Sequence[Coupling] = ()
    tones: Sequence[Tone] = ()
    bias: Mapping[str, Numbers] = field(default_factory=dict)
    plane: PhasePlane | None = None
    packed: FloatArray = field(init=False, repr=False)
    finest: Device = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("devices", "couplings", "tones"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.devices:
            raise ValueError("Network.devices must be at least one, got none")
        first = self.devices[0]
        for other in self.devices:
            if other.kernel != first.kernel or len(other.states) != len(first.states):
                raise ValueError(
                    f"Network.devices must be of one kind, got {first.name} and {other.name} with other equations"
                )
        bias = {name: numbers_of(self, "bias", value) for name, value in self.bias.items()}
        object.__setattr__(self, "bias", MappingProxyType(bias))
        if self.plane is None:
            object.__setattr__(self, "plane", _usual_plane(first))
        self._check_names()
        self._check_shapes()
        rows = [each.packed() for each in self.devices]
        if len({row.size for row in rows}) > 1:
            raise ValueError("Network.devices must have parameter vectors of one length, got different lengths")
        object.__setattr__(self, "packed", np.array(rows))
        object.__setattr__(self, "finest", min(self.devices, key=lambda each: each.step))

    def __len__(self) -> int:
        return len(self.devices)

    @property
    def visible(self) -> tuple[str, ...]:
        """Names a source may use: outputs, then states."""
        device = self.devices[0]
        return tuple(channel.name for channel in (*device.outputs, *device.states))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input channels."""
        return tuple(channel.name for channel in self.devices[0].inputs)

    def weights(self, source: Mapping[str, float]) -> FloatArray:
        """Weights of a source over ``visible``; of a name that output and state share, the output's."""
        result = np.zeros(len(self.visible))
        for name, weight in source.items():
            result[self.visible.index(name)] = weight
        return result

    def _check_names(self) -> None:
        heard = [(coupling.target, "input") for coupling in (*self.couplings, *self.tones)]
        heard += [(name, "input") for name in self.bias]
        sources = [coupling.source for coupling in self.couplings]
        sources += [] if self.plane is None else [self.plane.cosine, self.plane.sine]
        heard += [(name, "output or state") for source in sources for name in source]
        for name, kind in heard:
            known = self.inputs if kind == "input" else self.visible
            if name not in known:
                raise ValueError(f"Network of {self.devices[0].name}: {missing_name(kind, name, list(known))}")

    def _check_shapes(self) -> None:
        for coupling in self.couplings:
            if isinstance(coupling, MatrixCoupling):
                if coupling.matrix.shape != (len(self), len(self)):
                    raise ValueError(
                        f"MatrixCoupling.matrix must have shape ({len(self)}, {len(self)}), got {coupling.matrix.shape}"
                    )
            else:
                self._check_each("MeanField", gain=coupling.gain, weight=coupling.weight)
        for tone in self.tones:
            self._check_each("Tone", frequency=tone.frequency, amplitude=tone.amplitude, phase=tone.phase)
        for name, value in self.bias.items():
            if np.shape(value) not in ((), (len(self),)):
                raise ValueError(
                    f"Network.bias['{name}'] must be one number or {len(self)} of them, got {np.size(value)}"
                )

    def _check_each(
        self, owner: str, *, gain: Numbers | None = None, weight: Numbers | None = None,
        frequency: Numbers = 0.0, amplitude: Numbers = 0.0, phase: Numbers = 0.0,
    ) -> None:  # fmt: skip
        given = {"gain": gain, "weight": weight, "frequency": frequency, "amplitude": amplitude, "phase": phase}
        for name, value in given.items():
            if value is not None and np.shape(value) not in ((), (len(self),)):
                raise ValueError(f"{owner}.{name} must be one number or {len(self)} of them, got {np.size(value)}")


def _usual_plane(device: Device) -> PhasePlane | None:
    """Outputs that are named for it, or two states, or none."""
    outputs = [channel.name for channel in device.outputs]
    states = [channel.name for channel in device.states]
    if {"cosine", "sine"} <= set(outputs):
        return PhasePlane(cosine={"cosine": 1.0}, sine={"sine": 1.0})
    if len(states) >= 2:
        return PhasePlane(cosine={states[0]: 1.0}, sine={states[1]: 1.0})
    return None


def side_by_side(networks: Sequence[Network]) -> Network:
    """Independent networks as one, whose matrices are blocks on the diagonal: a sweep then is one run.

    Couplings and tones are joined by their order, so all must have as many, of the same sources, targets and delays.

    Parameters
    ----------
    networks : sequence of Network
        Of one kind. A mean field becomes a matrix with N^2 entries, so this is for small ones.

    Raises
    ------
    ValueError
        If the couplings or tones do not match.
    """
    first = networks[0]
    couplings, tones = [], []
    for row in _rows([network.couplings for network in networks]):
        matrix = sparse.block_diag([_matrix(each, len(net)) for each, net in zip(row, networks, strict=True)], "csr")
        if any((dict(e.source), e.target, e.delay) != (dict(row[0].source), row[0].target, row[0].delay) for e in row):
            raise ValueError("side_by_side.networks must have couplings of one source, target and delay, got others")
        couplings.append(MatrixCoupling(matrix=matrix, source=row[0].source, target=row[0].target, delay=row[0].delay))
    for tone in _rows([network.tones for network in networks]):
        parts = {
            name: np.concatenate(
                [np.broadcast_to(getattr(e, name), len(n)) for e, n in zip(tone, networks, strict=True)]
            )
            for name in ("frequency", "amplitude", "phase")
        }
        tones.append(
            Tone(
                target=tone[0].target, frequency=parts["frequency"], amplitude=parts["amplitude"], phase=parts["phase"]
            )
        )
    names = {name for network in networks for name in network.bias}
    bias = {
        name: np.concatenate([np.broadcast_to(net.bias.get(name, 0.0), len(net)) for net in networks])
        for name in sorted(names)
    }
    devices = [device for network in networks for device in network.devices]
    return Network(devices=devices, couplings=couplings, tones=tones, bias=bias, plane=first.plane)


def _rows(columns: Sequence[Sequence[Each]]) -> list[tuple[Each, ...]]:
    if len({len(column) for column in columns}) > 1:
        raise ValueError("side_by_side.networks must have as many couplings and tones each, got different counts")
    return list(zip(*columns, strict=True))


def _matrix(coupling: Coupling, count: int) -> object:
    if isinstance(coupling, MeanField):
        weight = 1 / count if coupling.weight is None else coupling.weight
        return np.outer(np.broadcast_to(np.asarray(coupling.gain), count), np.broadcast_to(np.asarray(weight), count))
    return coupling.matrix
