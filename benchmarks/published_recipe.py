"""The recipe of Chen et al., Nat. Commun. 13, 1016 (2022), as its published code trains it, for comparison.

State (y(t), y(t + dt)), inputs e(t) and e(t + dt) of each channel, dx/dt = tanh network of 50 and 50 with normalised
time 0.025 a sample, all weights and biases N(0, 0.1), Adam at 1e-3, batches of 50 random windows of 20 samples, mean
squared error over the window and both components, Runge-Kutta 3/8 with one step a sample, float64. Outputs are
(y - y_0) * 10 and inputs lie in [-1, 1], as published. Two things are in its favour: the drive comes from a table that
was filled before the clock started, and held-out time is judged by a compiled free run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torchdiffeq import odeint, odeint_adjoint

from spinode.signals import STAGES
from spinode.surrogate.dataset import Dataset
from spinode.surrogate.field import FieldShape
from spinode.surrogate.rollout import free_runs

PACE = 0.025
"""Normalised time of one sample."""
WIDTH = 50
WINDOWS, SAMPLES = 50, 20
"""Windows of a batch, and samples of a window, the first included."""
DEVIATION, RATE = 0.1, 1e-3
"""Deviation of the first weights; learning rate of Adam."""
OUTPUT_GAIN = 10.0

SOLVERS: dict[str, Callable[..., torch.Tensor]] = {"adjoint": odeint_adjoint, "plain": odeint}


@dataclass(frozen=True, kw_only=True)
class Delayed:
    """What the recipe reads: states (N - 1, 2), drive at the stages (N - 1, 4, 2 I), and samples it may train on."""

    states: np.ndarray
    drive: np.ndarray
    held: int
    gain: float

    @property
    def shape(self) -> FieldShape:
        """Sizes of the network as one of our fields, whose polynomial part stays zero."""
        return FieldShape(states=2, inputs=self.drive.shape[2], degree=1, hidden=(WIDTH, WIDTH))


def delayed(data: Dataset, deviation: float) -> Delayed:
    """Forward delays by one sample. ``deviation`` is that of the output in its unit, by which ours is scaled."""
    outputs, drive = data.record.outputs[:, 0], data.record.drive
    gain = OUTPUT_GAIN * deviation
    scaled = gain * (outputs - outputs[0])
    return Delayed(
        states=np.column_stack([scaled[:-1], scaled[1:]]),
        drive=np.concatenate([drive[:-1], drive[1:]], axis=2),
        held=data.pieces[0].held,
        gain=gain,
    )


class Network(nn.Module):
    """The network with the drive of the present batch."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 + inputs, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 2)
        ).double()
        self.rows: list[torch.Tensor] = []
        for weights in self.parameters():
            nn.init.normal_(weights, 0.0, DEVIATION)

    def forward(self, time: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Rate in normalised time; the drive of a stage is row 3 i + stage, as stage 3 is the next stage 0."""
        row = round(time.item() / PACE * (len(STAGES) - 1))
        return self.layers(torch.cat([state, self.rows[row]], dim=-1))

    def coefficients(self, shape: FieldShape) -> np.ndarray:
        """The same network as coefficients of our field, per sample instead of normalised time."""
        layers = [parameter.detach().numpy() for parameter in self.parameters()]
        layers[-2:] = [PACE * values for values in layers[-2:]]
        return np.concatenate([np.zeros(shape.states * shape.monomials), *(values.ravel() for values in layers)])


class Trainer:
    """Adam on random windows with one of the two ways to differentiate a run."""

    def __init__(self, data: Delayed, solver: str, seed: int) -> None:
        torch.manual_seed(seed)
        self._data, self._solve = data, SOLVERS[solver]
        self._rng = np.random.default_rng(seed)
        self._network = Network(data.drive.shape[2])
        self._adam = torch.optim.Adam(self._network.parameters(), lr=RATE)
        self._time = PACE * torch.arange(SAMPLES, dtype=torch.float64)

    def step(self) -> None:
        """One batch."""
        starts = self._rng.choice(self._data.held - SAMPLES - 1, WINDOWS, replace=False)
        rows = starts[:, None] + np.arange(SAMPLES)
        target = torch.tensor(self._data.states[rows].transpose(1, 0, 2))
        drive = self._data.drive[rows[:, :-1], :-1].reshape(WINDOWS, -1, self._data.drive.shape[2])
        drive = np.concatenate([drive, self._data.drive[rows[:, -1], :1]], axis=1)
        self._network.rows = list(torch.tensor(np.ascontiguousarray(drive.transpose(1, 0, 2))))
        self._adam.zero_grad()
        runs = self._solve(self._network, target[0], self._time, method="rk4")
        torch.mean((runs - target) ** 2).backward()
        self._adam.step()

    def held_out_error(self, starts: np.ndarray, steps: int) -> float:
        """Root mean square error of free runs from true states, in deviations of the output."""
        data = self._data
        theta = self._network.coefficients(data.shape)
        runs = free_runs(data.shape.sizes, theta, data.states[starts], starts, steps, data.drive)
        truth = data.states[starts[:, None] + np.arange(1, steps + 1), 0]
        value = float(np.sqrt(np.mean((runs[:, 1:, 0] - truth) ** 2))) / data.gain
        return value if np.isfinite(value) else np.inf
