"""The field of a surrogate written in torch in several ways, so that the fastest of them is the peer.

Each class is called with a state and the drive of one stage, and says with ``prepared`` what it wants to be given of
the drive: whatever depends on the drive alone may be worked out before the run.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch.nn.functional import linear

from spinode.surrogate.field import FieldShape
from spinode.surrogate.reference import TorchField


class TorchRate(Protocol):
    """Rate per sample from the state (B, S) or (S,) and one row of the prepared drive."""

    def prepared(self, drive: torch.Tensor) -> torch.Tensor:
        """What the rate wants of the stage values (N, 4, I), shape (N, 4, anything)."""

    def __call__(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        """Rate, shape as the state."""


class Module:
    """``spinode.surrogate.reference.TorchField``: monomials one after the other, any field."""

    def __init__(self, shape: FieldShape, theta: np.ndarray) -> None:
        self._module = TorchField(shape, theta)

    def prepared(self, drive: torch.Tensor) -> torch.Tensor:
        return drive

    def __call__(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        return self._module(state, drive.expand(*state.shape[:-1], -1))


class Matrices:
    """Matrices cut out once; all monomials by one gather and one product along it; any field."""

    def __init__(self, shape: FieldShape, theta: np.ndarray) -> None:
        polynomial, self._layers = _split(shape, theta)
        longest = max(len(exponent) for exponent in shape.exponents)
        full = [(*exponent, *[-1] * (longest - len(exponent))) for exponent in shape.exponents]
        self._factors = torch.tensor(full) + 1  # column 0 of the extended z is 1
        self._core = shape.states - shape.modes
        self._polynomial = polynomial
        self._only_network = bool(self._layers) and not bool(polynomial.any())

    def prepared(self, drive: torch.Tensor) -> torch.Tensor:
        return drive

    def __call__(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        drive = drive.expand(*state.shape[:-1], -1)
        z = torch.cat([state[..., : self._core], drive, state[..., self._core :]], dim=-1)
        if self._only_network:
            return _network(z, self._layers)
        extended = torch.cat([torch.ones_like(z[..., :1]), z], dim=-1)
        rate = linear(extended[..., self._factors].prod(dim=-1), self._polynomial)
        return rate + _network(z, self._layers) if self._layers else rate


class Folded:
    """A network without polynomial part for one member: the drive goes through the first layer before the run."""

    def __init__(self, shape: FieldShape, theta: np.ndarray) -> None:
        polynomial, layers = _split(shape, theta)
        if bool(polynomial.any()) or shape.modes or not layers:
            raise ValueError("Folded needs a network without polynomial part and modes")
        weight, self._bias = layers[0]
        self._state, self._drive = (part.contiguous() for part in weight.split([shape.states, shape.inputs], dim=1))
        self._rest = layers[1:]

    def prepared(self, drive: torch.Tensor) -> torch.Tensor:
        return linear(drive, self._drive, self._bias)

    def __call__(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        layer = torch.addmv(drive, self._state, state)
        for weight, bias in self._rest:
            layer = torch.addmv(bias, weight, layer.tanh_())
        return layer


Layers = list[tuple[torch.Tensor, torch.Tensor]]


def _split(shape: FieldShape, theta: np.ndarray) -> tuple[torch.Tensor, Layers]:
    """Polynomial coefficients (S, monomials) and (weight, bias) of each layer, as tensors of their own."""
    values = torch.tensor(theta, dtype=torch.float64)
    offset = shape.states * shape.monomials
    polynomial = values[:offset].reshape(shape.states, shape.monomials).clone()
    layers = []
    for rows, columns in shape.layers:
        weight = values[offset : offset + rows * columns].reshape(rows, columns).clone()
        offset += rows * columns
        layers.append((weight, values[offset : offset + rows].clone()))
        offset += rows
    return polynomial, layers


def _network(z: torch.Tensor, layers: Layers) -> torch.Tensor:
    for weight, bias in layers[:-1]:
        z = linear(z, weight, bias).tanh_()
    return linear(z, *layers[-1])
