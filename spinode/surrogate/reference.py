"""The same field as a torch module: the reference that the compiled free run equals, and a differentiable surrogate.

``odeint(module.driven(stages), x0, t, method="rk4", options={"perturb": True})`` of torchdiffeq takes the same steps as
``rollout.free_runs``. ``perturb`` makes the end of a step belong to that step: a held drive jumps right there.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from spinode.signals import STAGES, FloatArray
from spinode.surrogate.field import FieldShape


class TorchField(nn.Module):
    """f(x, u) of ``surrogate.field`` with trainable coefficients, in float64.

    Parameters
    ----------
    shape : FieldShape
        Sizes.
    theta : array, shape (P,)
        Coefficients in the order of ``FieldShape``.
    """

    def __init__(self, shape: FieldShape, theta: FloatArray) -> None:
        super().__init__()
        self.shape = shape
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))
        self._parents, self._factors = _products(shape)

    def forward(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        """Rate per sample, shape (..., S), for states (..., S) and scaled inputs (..., I)."""
        core = self.shape.states - self.shape.modes
        z = torch.cat([state[..., :core], drive, state[..., core:]], dim=-1)
        columns = [torch.ones_like(z[..., 0])]
        for parent, factor in zip(self._parents, self._factors, strict=True):
            columns.append(columns[parent] * z[..., factor])
        shape = self.shape
        offset = shape.states * shape.monomials
        polynomial = torch.stack(columns, dim=-1) @ self.theta[:offset].reshape(shape.states, shape.monomials).T
        if not shape.hidden:
            return polynomial
        layer = z
        for number, (rows, width) in enumerate(shape.layers):
            weight = self.theta[offset : offset + rows * width].reshape(rows, width)
            offset += rows * width
            layer = layer @ weight.T + self.theta[offset : offset + rows]
            offset += rows
            if number < len(shape.layers) - 1:
                layer = torch.tanh(layer)
        total: torch.Tensor = polynomial + layer
        return total

    def rates(self, states: FloatArray, drives: FloatArray) -> FloatArray:
        """``forward`` with arrays, shapes (N, S) and (N, I), without gradients."""
        with torch.no_grad():
            found: FloatArray = self(torch.tensor(states), torch.tensor(drives)).numpy()
        return found

    def driven(self, stages: torch.Tensor) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """Right-hand side for torchdiffeq's fixed-step rk4 with one step a sample.

        Parameters
        ----------
        stages : tensor, shape (..., T, 4, I)
            Scaled inputs at 0, 1/3, 2/3 and 1 of each step, as ``signals.stage_values`` gives them.
        """
        last = stages.shape[-3] - 1

        def rate(time: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            position = float(time)
            step = min(max(int(position // 1.0), 0), last)
            stage = min(round((position - step) * (len(STAGES) - 1)), len(STAGES) - 1)
            value: torch.Tensor = self(state, stages[..., step, stage, :])
            return value

        return rate


def _products(shape: FieldShape) -> tuple[list[int], list[int]]:
    """Parent and factor of each monomial after the constant."""
    position = {exponent: number for number, exponent in enumerate(shape.exponents)}
    rest = shape.exponents[1:]
    return [position[exponent[:-1]] for exponent in rest], [exponent[-1] for exponent in rest]
