"""A surrogate in torch: gradients through runs, torchdiffeq's adaptive solvers and adjoint, and an exported field.

The compiled free run is the model: its coefficients were fitted through one Runge-Kutta 3/8 step a sample. ``rk4`` here
takes the same steps, so it gives the same numbers but for rounding. An adaptive solver solves the differential equation
itself, so it differs by the error of those steps; it gives what ``simulate`` gives with many substeps.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torchdiffeq import odeint, odeint_adjoint

from spinode.signals import Channel
from spinode.surrogate.model import Surrogate
from spinode.surrogate.reference import TorchField
from spinode.traces import Trace
from spinode.whole_file import write_whole

ADAPTIVE = ("dopri5", "dopri8", "bosh3", "fehlberg2", "adaptive_heun")
METHODS = ("rk4", *ADAPTIVE)


@dataclass(frozen=True, kw_only=True, slots=True)
class TorchSolver:
    """Which solver of torchdiffeq takes the steps, and how gradients come back.

    Parameters
    ----------
    method : str
        ``rk4``: one step a sample, as the compiled run. ``dopri5``, ``dopri8``, ``bosh3``, ``fehlberg2``,
        ``adaptive_heun``: steps as long as the tolerances allow, but one ends at each sample.
    adjoint : bool
        Gradients by integrating the adjoint equation backwards: memory does not grow with the number of steps, but the
        gradients are those of the equation and right only to the tolerances (with ``rk4``, to the error of a step).
        Without it the steps themselves are differentiated, exactly.
    rtol, atol : float
        Tolerances of a step of the adaptive solvers, > 0, in deviations of the outputs.

    Raises
    ------
    ValueError
        If the method is not one of these or a tolerance is not positive.
    """

    method: str = "rk4"
    adjoint: bool = False
    rtol: float = 1e-7
    atol: float = 1e-9

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"TorchSolver.method must be one of {', '.join(METHODS)}, got '{self.method}'")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"TorchSolver.{name} must be a positive number, got {value}")


class TorchTwin(nn.Module):
    """A surrogate as a torch module in float64.

    ``field.theta`` (coefficients) and ``static`` (static parameters by name, in SI units) are trainable; gradients to
    the drive and to the first state come through ``run``.
    """

    output_mean: torch.Tensor
    output_scale: torch.Tensor
    input_centre: torch.Tensor
    input_scale: torch.Tensor

    def __init__(self, surrogate: Surrogate) -> None:
        super().__init__()
        self.surrogate = surrogate
        self.field = TorchField(surrogate.shape, surrogate.theta)
        static = [surrogate.parameters[name].value for name in sorted(surrogate.parameters)]
        self.static = nn.Parameter(torch.tensor(static, dtype=torch.float64))
        for name in ("output_mean", "output_scale", "input_centre", "input_scale"):
            self.register_buffer(name, torch.tensor(getattr(surrogate.scaling, name), dtype=torch.float64))

    def forward(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        """dx/dt [1/s], shape (..., S), of states (..., S) under a drive (..., I) in SI units."""
        return self.per_sample(state, drive) / self.surrogate.dt

    def per_sample(self, state: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        """The same with time counted in samples."""
        static = self.static.expand(*drive.shape[:-1], -1)
        inputs = (torch.cat([drive, static], dim=-1) - self.input_centre) / self.input_scale
        rate: torch.Tensor = self.field(state, inputs)
        return rate

    def outputs(self, states: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
        """Outputs in their units, shape (..., O), of states (..., S) under a drive (..., I) in SI units."""
        own = self.surrogate
        learned = self.output_mean + self.output_scale * states[..., : len(own.outputs)]
        order = [channel.name for channel in own.inputs]
        factors = [
            drive[..., order.index(own.divisors[channel.name])]
            if channel.name in own.divisors
            else torch.ones_like(learned[..., 0])
            for channel in own.outputs
        ]
        return learned * torch.stack(factors, dim=-1)

    def run(self, drive: torch.Tensor, initial: torch.Tensor, solver: TorchSolver, first: int = 0) -> torch.Tensor:
        """States at samples first, ..., T - 1 of a drive.

        Parameters
        ----------
        drive : tensor, shape (T, I)
            Samples in SI units, T >= 2; channels that the surrogate holds stay constant between samples, the others
            are the cubics of ``signals.stage_values``.
        initial : tensor, shape (S,)
        solver : TorchSolver
        first : int
            Sample at which the run begins; the cubics look at samples before it too.

        Returns
        -------
        tensor, shape (T - first, S)
            The integration starts anew wherever a held channel jumps, so no step, and no error estimate, spans a jump.

        Raises
        ------
        ValueError
            If an adaptive solver needs steps of length zero: the run diverged.
        """
        edges = self._edges(drive, first)
        parts, state = [initial[None]], initial
        for first, last in zip(edges[:-1], edges[1:], strict=True):
            piece = self._piece(drive, (first, last), state, solver)
            parts.append(piece[1:])
            state = piece[-1]
        return torch.cat(parts)

    def _holds(self) -> torch.Tensor:
        return torch.tensor([channel.hold for channel in self.surrogate.inputs], dtype=torch.bool)

    def _edges(self, drive: torch.Tensor, first: int) -> list[int]:
        """First sample, samples at which a held channel takes a new value, last sample."""
        held = drive.detach()[first:, self._holds()]
        changed = (held[1:-1] != held[:-2]).any(dim=1).nonzero().ravel() + 1 + first
        return [first, *changed.tolist(), len(drive) - 1]

    def _piece(
        self, drive: torch.Tensor, span: tuple[int, int], state: torch.Tensor, solver: TorchSolver
    ) -> torch.Tensor:
        """States from one sample to another between which no held channel jumps."""
        first, last = span
        held, holds = drive[first], self._holds()

        def rate(time: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            present = held if bool(holds.all()) else torch.where(holds, held, _cubic(drive, time))
            return self.per_sample(x, present)

        times = torch.arange(first, last + 1, dtype=torch.float64)
        given: dict[str, Any] = {"method": solver.method, "rtol": solver.rtol, "atol": solver.atol}
        if solver.method in ADAPTIVE:  # a step ends at each sample: none is interpolated, none looks past the last one
            given["options"] = {"step_t": times}
        try:
            if not solver.adjoint:
                states: torch.Tensor = odeint(rate, state, times, **given)
            else:
                given_tensors = (self.field.theta, self.static, drive)
                asked = tuple(each for each in given_tensors if each.requires_grad and each.numel())
                states = odeint_adjoint(rate, state, times, adjoint_params=asked, **given)
        except AssertionError as error:  # torchdiffeq: underflow in dt
            raise ValueError(
                f"the run of '{self.surrogate.name}' diverged between samples {first} and {last} ({error});"
                " try a weaker drive or a larger rtol"
            ) from None
        return states


def torch_run(surrogate: Surrogate | TorchTwin, trace: Trace, solver: TorchSolver | None = None) -> torch.Tensor:
    """The free run of ``Surrogate.free_run`` in torch, with gradients.

    Parameters
    ----------
    surrogate : Surrogate or TorchTwin
        A ``TorchTwin`` keeps its parameters, so ``backward`` leaves gradients in ``twin.field.theta.grad`` and
        ``twin.static.grad``.
    trace : Trace
        As for ``Surrogate.free_run``; its static parameters are not read, those of the twin count.
    solver : TorchSolver, optional
        ``rk4`` without adjoint where left out.

    Returns
    -------
    tensor, shape (T, O)
        In the outputs' units; the first ``warm_up`` rows are the measured ones.

    Raises
    ------
    ValueError
        If the trace does not fit the surrogate, or the run diverged under an adaptive solver.
    """
    twin = surrogate if isinstance(surrogate, TorchTwin) else TorchTwin(surrogate)
    own = twin.surrogate
    own.check(trace)
    first = own.warm_up - 1
    start = torch.tensor(own.initial_from(trace))
    drive = torch.tensor(trace.drive.values)
    states = twin.run(drive, start, solver or TorchSolver(), first)
    known = torch.tensor(trace.output.values[: own.warm_up])
    return torch.cat([known, twin.outputs(states[1:], drive[own.warm_up :])])


def export_field(path: str | os.PathLike[str], surrogate: Surrogate, *, force: bool = False) -> None:
    """Write the right-hand side as a ``.pt2`` file of ``torch.export``, which torch runs without spinode.

    ``torch.export.load(path).module()(state, drive)`` is dx/dt [1/s], shape (B, S), for states (B, S) and a drive
    (B, I) in SI units, float64, any B; static parameters are those of the surrogate. The extra file ``spinode.json``
    has names, units, dt, and mean and scale that make outputs of the first states (times the input that ``divisors``
    names, where it names one).

    Raises
    ------
    ValueError
        If the path does not end in ``.pt2`` or a file is there and ``force`` is not given.
    """
    target = Path(path)
    if target.suffix != ".pt2":
        raise ValueError(f"export_field.path must end in .pt2, got '{target}'")
    if target.exists() and not force:
        raise ValueError(f"export_field.path '{target}' is already there; give force=True to replace it")
    twin = TorchTwin(surrogate).requires_grad_(False)
    batch = torch.export.Dim("batch", min=1)
    example = (torch.zeros(2, surrogate.shape.states).double(), torch.zeros(2, len(surrogate.inputs)).double())
    program = torch.export.export(twin, example, dynamic_shapes=({0: batch}, {0: batch}))
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={"spinode.json": json.dumps(_described(surrogate))})
    write_whole(target, buffer.getvalue(), force=force)


def _described(surrogate: Surrogate) -> dict[str, object]:
    def channels(which: tuple[Channel, ...]) -> list[dict[str, object]]:
        return [{"name": channel.name, "unit": channel.unit, "hold": channel.hold} for channel in which]

    return {
        "name": surrogate.name,
        "dt": surrogate.dt,
        "inputs": channels(surrogate.inputs),
        "outputs": channels(surrogate.outputs),
        "output_mean": surrogate.scaling.output_mean.tolist(),
        "output_scale": surrogate.scaling.output_scale.tolist(),
        "divisors": dict(surrogate.divisors),
        "parameters": {name: entry.value for name, entry in surrogate.parameters.items()},
    }


def _cubic(samples: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
    """All channels (T, I) at a time in samples: the Lagrange cubic of ``signals.stage_values``.

    It is differentiable in time too: an adaptive solver chooses its steps from the state, and gradients through such a
    step are right only if the drive follows.
    """
    count = min(4, len(samples))
    sample = min(max(int(np.floor(time.item())), 0), len(samples) - 2)
    base = min(max(sample - 1, 0), len(samples) - count)
    away = [time - (base + node) for node in range(count)]
    weights = []
    for node in range(count):
        weight = torch.ones_like(time)
        for other in range(count):
            if other != node:
                weight = weight * away[other] / (node - other)
        weights.append(weight)
    return torch.stack(weights) @ samples[base : base + count]
