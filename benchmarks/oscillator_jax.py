"""The ensemble of ``oscillator_problem.py`` in jax (a jitted ``lax.scan``) and in diffrax, in float64 on one thread.

Import this before anything else imports jax: it sets the flags of XLA.
"""

from __future__ import annotations

import os
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

from collections.abc import Callable
from functools import partial
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import lineax
import numpy as np
from jax import lax
from oscillator_peers import Row
from oscillator_problem import Problem, loosest, steps_of

from spinode.eighth_order import TABLE

jax.config.update("jax_enable_x64", True)

Rate = Callable[[Any, Any], Any]


def jax_rows(given: Problem, target: float) -> list[Row]:
    """Scans over complex numbers and over pairs of real ones; noise from both of jax's generators in the scan."""
    rows = [
        Row("jax scan, pairs", "jax", _ready(_scan(_pairs, given), _start(given), _constants(given))),
        Row("jax scan, complex", "jax", _ready(_scan(_complex, given), given.start, (given.gain, given.loss))),
    ]
    rows.append(_eighth_order_row(given, target))
    for kind in ("threefry2x32", "unsafe_rbg"):
        run = _ready(_noisy_scan(given), _start(given), _constants(given), jax.random.key(1, impl=kind))
        rows.append(Row(f"jax scan, noise of {kind}", "jax", run, noisy=True))
    return rows


def _ready(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """A jitted call with its arguments on the device; it returns when the numbers are there."""
    jitted, arguments = jax.jit(function), jax.tree.map(jnp.asarray, given)
    return lambda: jax.block_until_ready(jitted(*arguments))


def _start(given: Problem) -> tuple[np.ndarray, np.ndarray]:
    return given.start.real, given.start.imag


def _constants(given: Problem) -> tuple[np.ndarray, ...]:
    return given.gain.real, given.gain.imag, given.loss.real, given.loss.imag


def _complex(c: Any, constants: Any) -> Any:
    gain, loss = constants
    return (gain - loss * (c.real**2 + c.imag**2)) * c


def _pairs(state: Any, constants: Any) -> Any:
    (x, y), (gain, turning, loss, shift) = state, constants
    power = x * x + y * y
    along, across = gain - loss * power, turning - shift * power
    return along * x - across * y, along * y + across * x


def _scan(rate: Rate, given: Problem) -> Callable[..., Any]:
    """c at the end, by the classical Runge-Kutta method; unrolling the scan was slower."""
    step, combined = given.step, jax.tree.map

    def once(x: Any, constants: Any) -> Any:
        k1 = rate(x, constants)
        k2 = rate(combined(lambda x, k: x + step / 2 * k, x, k1), constants)
        k3 = rate(combined(lambda x, k: x + step / 2 * k, x, k2), constants)
        k4 = rate(combined(lambda x, k: x + step * k, x, k3), constants)
        return combined(lambda x, a, b, c, d: x + step / 6 * (a + 2 * (b + c) + d), x, k1, k2, k3, k4)

    def run(x: Any, constants: Any) -> Any:
        last, _ = lax.scan(lambda x, _: (once(x, constants), None), x, None, length=given.steps)
        return lax.complex(*last) if isinstance(last, tuple) else last

    return run


def _eighth_order_row(given: Problem, target: float) -> Row:
    """A scan over the method of eighth order that spinode takes, with the longest steps that are as accurate."""

    def run_at(multiple: float) -> Callable[[], Any]:
        steps = steps_of(given, multiple)
        return _ready(_long_scan(given, steps), _start(given), _constants(given))

    longest = loosest(given, lambda multiple: run_at(multiple)(), target, 4.0, 30.0)
    return Row(f"jax scan, order 8, {steps_of(given, longest)} steps", "jax", run_at(longest), order=8)


def _long_scan(given: Problem, steps: int) -> Callable[..., Any]:
    """c at the end, by the method of eighth order; the sums of slopes are written out for XLA to fuse."""
    step = given.duration / steps

    def moved(x: Any, slopes: list[Any], weights: dict[int, float]) -> Any:
        return tuple(
            part + sum(step * weight * slopes[slope][axis] for slope, weight in weights.items())
            for axis, part in enumerate(x)
        )

    def once(x: Any, constants: Any) -> Any:
        slopes: list[Any] = []
        for weights in TABLE[:-1]:
            slopes.append(_pairs(moved(x, slopes, weights), constants))
        return moved(x, slopes, TABLE[-1])

    def run(x: Any, constants: Any) -> Any:
        last, _ = lax.scan(lambda x, _: (once(x, constants), None), x, None, length=steps)
        return lax.complex(*last)

    return run


def _noisy_scan(given: Problem) -> Callable[..., Any]:
    """|c|^2 at the end, by stochastic Heun."""
    step, root, shape = given.step, np.sqrt(given.step), (2, given.members)
    noise, growth = jnp.asarray(given.noise), jnp.asarray(given.noise * given.growth)

    def spread(x: Any, y: Any) -> Any:
        return jnp.sqrt(noise + growth * (x * x + y * y))

    def once(state: Any, key: Any, constants: Any) -> Any:
        x, y = state
        u, v = root * jax.random.normal(key, shape)
        (a, b), one = _pairs(state, constants), spread(x, y)
        moved = (x + step * a + one * u, y + step * b + one * v)
        (c, d), both = _pairs(moved, constants), 0.5 * (one + spread(*moved))
        return x + step / 2 * (a + c) + both * u, y + step / 2 * (b + d) + both * v

    def run(state: Any, constants: Any, key: Any) -> Any:
        keys = jax.random.split(key, given.steps)
        (x, y), _ = lax.scan(lambda state, key: (once(state, key, constants), None), state, keys)
        return x * x + y * y

    return run


class ClassicalRungeKutta(diffrax.AbstractERK):
    """Classical Runge-Kutta method as a solver of one's own: diffrax brings none of fourth order without an error."""

    tableau = diffrax.ButcherTableau(
        c=np.array([0.5, 0.5, 1.0]),
        a_lower=(np.array([0.5]), np.array([0.0, 0.5]), np.array([0.0, 0.0, 1.0])),
        b_sol=np.array([1 / 6, 1 / 3, 1 / 3, 1 / 6]),
        b_error=np.zeros(4),
    )
    interpolation_cls = diffrax.ThirdOrderHermitePolynomialInterpolation.from_k
    scan_kind: str | None = None

    def order(self, terms: Any) -> int:
        return 4


def diffrax_rows(given: Problem, target: float) -> list[Row]:
    """Fixed steps: our step where the order is four, else the longest one that is as accurate as ours at the end."""
    state = (np.stack(_start(given)), _constants(given))
    own = _ready(_diffrax(given, ClassicalRungeKutta(scan_kind="lax")), given.step, *state)
    rows = [Row("diffrax, own RK4 tableau", "diffrax", own)]
    for solver, order in ((diffrax.Tsit5(scan_kind="lax"), 5), (diffrax.Dopri8(scan_kind="lax"), 8)):
        run_at = partial(_with_step, jax.jit(_diffrax(given, solver)), given, state)
        begin = time.perf_counter()
        run_at(1.0)
        first = time.perf_counter() - begin
        longest = loosest(given, run_at, target, 0.25, 30.0)
        name = f"diffrax {type(solver).__name__}, {steps_of(given, longest)} steps"
        rows.append(Row(name, "diffrax", partial(run_at, longest), first=first, order=order))
    wanted = (*_constants(given), given.noise, given.noise * given.growth)
    noisy = _ready(_diffrax_heun(given), jax.random.key(1), state[0], wanted)
    return [*rows, Row("diffrax Heun, noise", "diffrax", noisy, noisy=True)]


def _with_step(function: Callable[..., Any], given: Problem, state: Any, multiple: float) -> Any:
    return jax.block_until_ready(function(given.duration / steps_of(given, multiple), *state))


def _solve(terms: Any, solver: Any, given: Problem, step: Any, state: tuple[Any, Any]) -> Any:
    start, constants = state
    return diffrax.diffeqsolve(
        terms,
        solver,
        0.0,
        given.duration,
        step,
        start,
        constants,
        saveat=diffrax.SaveAt(t1=True),
        adjoint=diffrax.ForwardMode(),
        max_steps=None,
        throw=False,
    ).ys[0]


def _slope(t: Any, x: Any, constants: Any) -> Any:
    return jnp.stack(_pairs((x[0], x[1]), constants[:4]))


def _diffrax(given: Problem, solver: Any) -> Callable[..., Any]:
    def run(step: Any, start: Any, constants: Any) -> Any:
        return lax.complex(*_solve(diffrax.ODETerm(_slope), solver, given, step, (start, constants)))

    return run


def _diffrax_heun(given: Problem) -> Callable[..., Any]:
    """|c|^2 at the end; UnsafeBrownianPath is the quickest source of noise for fixed steps."""

    def spread(t: Any, x: Any, constants: Any) -> Any:
        noise, growth = constants[4:]
        one = jnp.sqrt(noise + growth * (x[0] * x[0] + x[1] * x[1]))
        return lineax.DiagonalLinearOperator(jnp.stack([one, one]))

    def run(key: Any, start: Any, constants: Any) -> Any:
        path = diffrax.UnsafeBrownianPath(shape=jax.ShapeDtypeStruct(start.shape, start.dtype), key=key)
        terms = diffrax.MultiTerm(diffrax.ODETerm(_slope), diffrax.ControlTerm(spread, path))
        x, y = _solve(terms, diffrax.Heun(), given, given.step, (start, constants))
        return x * x + y * y

    return run
