"""The ensemble of ``oscillator_problem.py`` in numpy, scipy and torch, each in the quickest way that was found.

Each function gives rows: a name, the program it belongs to, and a run that ends in c (members,) or in |c|^2 with noise.
All step like spinode, classical Runge-Kutta and stochastic Heun with the same fixed step, but for scipy, which has no
fixed step: its tolerance is the loosest one at which it is as accurate as spinode at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from oscillator_problem import Problem, Run, classical, loosest
from scipy.integrate import solve_ivp

STEPS_A_CALL = 10
"""Steps that torch.compile gets at once; more of them compile for minutes."""


@dataclass
class Row:
    """One line of a table: how to run it, and the seconds (wall, processor) that were found."""

    name: str
    family: str
    run: Run
    noisy: bool = False
    order: int = 4
    first: float = np.nan
    repeats: int = 1
    error: float = np.nan
    times: list[np.ndarray] = field(default_factory=list)


def numpy_rows(given: Problem) -> list[Row]:
    """Whole arrays, complex numbers."""
    return [
        Row("numpy", "numpy", partial(classical, given)),
        Row("numpy, noise", "numpy", partial(numpy_heun, given, np.random.default_rng(1)), noisy=True),
    ]


def numpy_heun(given: Problem, rng: np.random.Generator) -> np.ndarray:
    """|c|^2 at the end, by stochastic Heun."""
    c, step = given.start, given.step
    for _ in range(given.steps):
        kick = np.sqrt(step) * rng.standard_normal(2 * given.members).view(np.complex128)
        slope, spread = given.rate(0.0, c), _spread(given, c)
        moved = c + step * slope + spread * kick
        c = c + step / 2 * (slope + given.rate(0.0, moved)) + (spread + _spread(given, moved)) * (kick / 2)
    return np.abs(c) ** 2


def _spread(given: Problem, c: np.ndarray) -> np.ndarray:
    return np.sqrt(given.noise * (1 + given.growth * (c.real**2 + c.imag**2)))


def scipy_rows(given: Problem, target: float) -> list[Row]:
    """Adaptive steps of the whole ensemble as one system."""
    rows = []
    for method, order in (("RK45", 5), ("DOP853", 8)):
        run_at = partial(scipy_run, given, method)
        tolerance = loosest(given, run_at, target, 1e-11, 1e-1)
        name = f"scipy {method}, tolerance {tolerance:.1e}"
        rows.append(Row(name, "scipy", partial(run_at, tolerance), order=order))
    return rows


def scipy_run(given: Problem, method: str, tolerance: float) -> np.ndarray:
    """c at the end; only that is stored."""
    end = given.duration
    found = solve_ivp(given.rate, (0.0, end), given.start, method, t_eval=[end], rtol=tolerance, atol=tolerance)
    return found.y[:, -1]


def torch_rows(given: Problem, compiled: bool) -> list[Row]:
    """Eager torch with complex numbers and with stacked parts, and torch.compile with several steps a call."""
    rows = [
        Row("torch, complex", "torch", partial(torch_complex, given)),
        Row("torch, stacked", "torch", partial(torch_stacked, given)),
        Row("torch, stacked, noise", "torch", partial(torch_heun, given), noisy=True),
    ]
    if compiled:
        rows.append(Row(f"torch.compile, {STEPS_A_CALL} steps a call", "torch", torch_compiled(given)))
    return rows


@torch.inference_mode()
def torch_complex(given: Problem) -> np.ndarray:
    """c at the end, with complex tensors."""
    c, gain, loss = (torch.tensor(part) for part in (given.start, given.gain, given.loss))

    def rate(c: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(gain, loss, torch.view_as_real(c).square().sum(-1), value=-1) * c

    return _torch_steps(rate, c, given).numpy()


def _torch_steps(rate: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, given: Problem) -> torch.Tensor:
    step = given.step
    for _ in range(given.steps):
        k1 = rate(x)
        k2 = rate(torch.add(x, k1, alpha=step / 2))
        k3 = rate(torch.add(x, k2, alpha=step / 2))
        k4 = rate(torch.add(x, k3, alpha=step))
        x = torch.add(x, torch.add(k1 + k4, k2 + k3, alpha=2), alpha=step / 6)
    return x


def _torch_parts(given: Problem) -> tuple[Callable[[torch.Tensor], torch.Tensor], torch.Tensor]:
    """Rate of a state (2, members), and the state at the start."""
    sign = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    turning, shift = sign * torch.tensor(-given.gain.imag), sign * torch.tensor(given.loss.imag)
    gain, loss = torch.tensor(given.gain.real), torch.tensor(given.loss.real)

    def rate(x: torch.Tensor) -> torch.Tensor:
        power = x.square().sum(0)
        return torch.addcmul(
            torch.addcmul(gain, loss, power, value=-1) * x, torch.addcmul(turning, shift, power), x.flip(0)
        )

    return rate, torch.tensor(np.stack([given.start.real, given.start.imag]))


@torch.inference_mode()
def torch_stacked(given: Problem) -> np.ndarray:
    """c at the end, with real tensors (2, members)."""
    rate, x = _torch_parts(given)
    x = _torch_steps(rate, x, given)
    return x[0].numpy() + 1j * x[1].numpy()


@torch.inference_mode()
def torch_heun(given: Problem) -> np.ndarray:
    """|c|^2 at the end, by stochastic Heun."""
    rate, x = _torch_parts(given)
    step, root = given.step, float(np.sqrt(given.step))
    noise, growth = torch.tensor(given.noise), torch.tensor(given.noise * given.growth)

    def spread(x: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(noise, growth, x.square().sum(0)).sqrt()

    for _ in range(given.steps):
        kick = root * torch.randn_like(x)
        slope, one = rate(x), spread(x)
        moved = torch.addcmul(torch.add(x, slope, alpha=step), one, kick)
        x = torch.addcmul(torch.add(x, slope + rate(moved), alpha=step / 2), one + spread(moved), kick, value=0.5)
    return x.square().sum(0).numpy()


def torch_compiled(given: Problem) -> Run:
    """c at the end, with a chain of steps that inductor turned into one loop."""
    step = given.step
    constants = [torch.tensor(part) for part in (given.gain.real, given.gain.imag, given.loss.real, given.loss.imag)]

    def chain(x: torch.Tensor, y: torch.Tensor, constants: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        gain, turning, loss, shift = constants

        def rate(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            power = x * x + y * y
            along, across = gain - loss * power, turning - shift * power
            return along * x - across * y, along * y + across * x

        for _ in range(STEPS_A_CALL):
            a, b = rate(x, y)
            c, d = rate(x + step / 2 * a, y + step / 2 * b)
            e, f = rate(x + step / 2 * c, y + step / 2 * d)
            g, h = rate(x + step * e, y + step * f)
            x, y = x + step / 6 * (a + 2 * (c + e) + g), y + step / 6 * (b + 2 * (d + f) + h)
        return x, y

    together = torch.compile(chain, fullgraph=True, dynamic=False)

    @torch.inference_mode()
    def run() -> np.ndarray:
        x, y = torch.tensor(given.start.real), torch.tensor(given.start.imag)
        for _ in range(given.steps // STEPS_A_CALL):
            x, y = together(x, y, constants)
        return x.numpy() + 1j * y.numpy()

    return run
