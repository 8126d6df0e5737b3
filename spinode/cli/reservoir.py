"""``spinode reservoir``: one device as a reservoir, scored on a task beside the same readout without a device."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES
from spinode.cli.driving import is_named, named_or_learned, parse_constants, parse_node_time, parse_range
from spinode.cli.options import Constants, Driven, Force, Json, Preset, Quiet, Settings, Swing
from spinode.cli.output import Stopwatch, check_outputs, print_json, print_table, progress
from spinode.cli.reservoir_tasks import Options, score_task

if TYPE_CHECKING:
    from spinode.devices import Device
    from spinode.reservoir import Forecast, ForecastSettings, ReadIn
    from spinode.signals import FloatArray
    from spinode.surrogate import Surrogate

TASKS = ("mackey-glass", "narma10", "memory", "sine-square", "capacity", "rank")
MASKS = ("binary", "ternary", "gaussian", "maximal-length")
SHOWN = (0, 1, 2, 3, 5, 10, 12, 20, 22, 25, 30, 40, 50, 60, 79)
"""Horizons of the table; ``--json`` and ``--plot`` have all of them."""
AMPLITUDE = 0.4
"""Largest swing of the drive over half the known range, as for one skyrmion in Chen et al. (2022)."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A device, the input that is driven with its unit and known range, the other inputs, and the node time."""

    device: Device
    channel: str
    unit: str
    bounds: tuple[float, float]
    others: Mapping[str, float]
    node_time: float


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What came out: the read-in, the part of it that was cut off, errors, the seconds of the device, solver steps."""

    read_in: ReadIn
    clipped: float
    result: Forecast
    seconds: float
    steps: int


TaskOption = Annotated[
    str, typer.Argument(help=f"Task: {', '.join(TASKS)}.", show_default=False, autocompletion=among(TASKS))
]
DeviceOption = Annotated[
    str,
    typer.Option(help=f"Surrogate file, or {', '.join(DEVICES)}.", show_default=False, autocompletion=among(DEVICES)),
]
MaskOption = Annotated[
    str,
    typer.Option(help=f"{', '.join(MASKS)}; binary, but gaussian for mackey-glass.", autocompletion=among(MASKS)),
]


def reservoir_command(
    task: TaskOption,
    device: DeviceOption,
    nodes: Annotated[int, typer.Option("--nodes", help="Virtual nodes.")] = 50,
    node_time: Annotated[str, typer.Option(help="Time of a node, such as 10ps; two samples of a surrogate.")] = "",
    amplitude: Annotated[float, typer.Option(help="Largest swing of the drive over half its range.")] = AMPLITUDE,
    input_: Driven = "",
    range_: Swing = "",
    at: Constants = None,
    set_: Settings = None,
    preset: Preset = "",
    points: Annotated[int, typer.Option(help="Points of the series.")] = 10_000,
    training: Annotated[int, typer.Option(help="Points that train the readout; the rest tests it.")] = 5000,
    mask: MaskOption = "",
    sampling: Annotated[str, typer.Option(help="Reading of a node: start, end, mean or a number; the end.")] = "",
    feedback: Annotated[float, typer.Option(help="Gain of delayed feedback, -1 to 1; not for mackey-glass.")] = 0.0,
    feedback_delay: Annotated[int, typer.Option(help="Its delay in nodes; one more than --nodes.", min=0)] = 0,
    noise: Annotated[bool, typer.Option("--noise", help="Noise of the device; not for mackey-glass.")] = False,
    horizons: Annotated[int, typer.Option(help="mackey-glass: horizons 0, 1, ... that are scored.")] = 80,
    ridge: Annotated[float, typer.Option(help="mackey-glass: penalty of the readout; others search it.")] = 1e-4,
    intercept: Annotated[bool, typer.Option(help="mackey-glass: a free constant in the readout.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the mask.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure of error against horizon.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Score one device as a reservoir on a task, beside the same readout without the device."""
    clock = Stopwatch("reservoir", quiet)
    _check(task, plot, force)
    chosen = _choose(named_or_learned(device, set_ or [], preset), device, (input_, range_, node_time), at or [])
    options = Options(
        nodes=nodes, amplitude=amplitude, mask=mask, sampling=sampling, feedback=feedback, noise=noise, quiet=quiet,
        feedback_delay=feedback_delay, points=points, training=training, seed=seed,
    )  # fmt: skip
    if task == "mackey-glass":
        _mackey_glass(chosen, options, (horizons, ridge, intercept), plot, json_output)
    else:
        score_task(task, chosen, options, plot, json_output)
    clock.done(f"{task} with {nodes} nodes of {chosen.device.name} over {points} points")


def _mackey_glass(
    chosen: Chosen, options: Options, texts: tuple[int, float, bool], plot: Path | None, json_output: bool
) -> None:
    """The task of Chen et al. (2022), as they ran it; ``texts`` are horizons, ridge and intercept."""
    from spinode.reservoir import ForecastSettings

    if not options.plain:
        raise ValueError("--mask, --sampling, --feedback and --noise go with other tasks than mackey-glass, got one")
    horizons, ridge, intercept = texts
    settings = ForecastSettings(training=options.training, horizons=horizons, ridge=ridge, intercept=intercept)
    if options.points < settings.fewest_points:
        least = settings.fewest_points
        raise ValueError(f"--points must be at least {least} for these horizons, got {options.points}")
    run = _run(chosen, settings, options)
    _draw(plot, chosen, run)
    sizes = {"nodes": options.nodes, "points": options.points, "seed": options.seed}
    if json_output:
        print_json(_record("mackey-glass", chosen, settings, run) | sizes)
    else:
        _show(chosen, run, options.amplitude)


def _check(task: str, plot: Path | None, force: bool) -> None:
    if task not in TASKS:
        raise ValueError(f"TASK must be one of {', '.join(TASKS)}, got '{task}'")
    check_outputs(plot, (), force)


def _draw(plot: Path | None, chosen: Chosen, run: _Run) -> None:
    if plot is not None:
        from spinode.plots import horizon_figure, save_figure

        save_figure(plot, horizon_figure({chosen.device.name: run.result.nrmse, **_named(run.result.controls)}))


def _choose(device: Device | Surrogate, name: str, texts: tuple[str, str, str], at: Sequence[str]) -> Chosen:
    """How the device of ``--device`` is driven; ``texts`` are ``--input``, ``--range`` and ``--node-time``."""
    from spinode.signals import missing_name

    wanted, range_text, time_text = texts
    known, sample = ({}, None) if is_named(name) else _learned(device)
    units = {channel.name: channel.unit for channel in device.inputs}
    if not units:
        raise ValueError(f"--device must have an input to drive, got '{name}', which has none")
    if not wanted and len(units) > 1:
        raise ValueError(f"--input must say which input of {device.name} is driven, got none of {', '.join(units)}")
    channel = wanted or next(iter(units))
    if channel not in units:
        raise ValueError(f"--input: {missing_name('input', channel, list(units))}")
    node_time = _node_time(time_text, sample, device.step)
    others = {other: 0.5 * sum(known[other]) for other in units if other != channel and other in known}
    others |= parse_constants(at, {other: unit for other, unit in units.items() if other != channel})
    bounds = _range(range_text, units[channel], known.get(channel), channel)
    return Chosen(
        device=device, channel=channel, unit=units[channel], bounds=bounds, others=others, node_time=node_time
    )


def _learned(device: Device | Surrogate) -> tuple[dict[str, tuple[float, float]], float | None]:
    """Trained range of each input and sample interval of a surrogate."""
    from spinode.surrogate import Surrogate

    assert isinstance(device, Surrogate)
    ranges = {each.name: device.ranges[each.name] for each in device.inputs if each.name in device.ranges}
    return {key: (found.low, found.high) for key, found in ranges.items()}, device.dt


def _range(text: str, unit: str, known: tuple[float, float] | None, channel: str) -> tuple[float, float]:
    if not text:
        if known is None:
            raise ValueError(f"--range must be LOW:HIGH of '{channel}' [{unit}] for this device, got none")
        return known
    bounds = parse_range(text, unit)
    if known is not None and (bounds[0] < known[0] or bounds[1] > known[1]):
        raise ValueError(
            f"--range must lie in the trained range {known[0]:.6g} to {known[1]:.6g} {unit}, got '{text}';"
            " a surrogate extrapolates badly"
        )
    return bounds


def _node_time(text: str, sample: float | None, step: float) -> float:
    """Seconds; whole samples of a surrogate, whose step was learned with the device."""
    if not text:
        return 2 * (step if sample is None else sample)
    found = parse_node_time(text)
    if sample is None:
        return found
    count = max(1, round(found / sample))
    if abs(found / sample - count) > 1e-6:
        raise ValueError(f"--node-time must be a whole number of samples of {sample:g} s, got '{text}'")
    return count * sample


def _run(chosen: Chosen, settings: ForecastSettings, options: Options) -> _Run:
    """Series, mask, device and readout."""
    import numpy as np

    from spinode.reservoir import NodeSettings, forecast, gaussian_mask, mackey_glass, node_states, read_in_for
    from spinode.reservoir.nodes import solver_steps

    mask = gaussian_mask(options.nodes, np.random.default_rng(options.seed))
    series = mackey_glass(options.points)
    known = series[: settings.washout + settings.training, None]
    read_in = read_in_for(chosen.channel, mask, known, chosen.bounds, options.amplitude)
    with progress("reservoir", options.quiet) as advance:
        how = NodeSettings(
            node_time=chosen.node_time,
            washout=settings.washout,
            others=chosen.others,
            advance=lambda part: advance(part, ""),
        )
        begun = time.perf_counter()
        states: FloatArray = node_states(chosen.device, read_in, series[:, None], how)
        seconds = time.perf_counter() - begun
    result = forecast(states.reshape(len(states), -1), series, read_in, settings)
    steps = options.points * options.nodes * solver_steps(chosen.device, chosen.node_time)
    clipped = read_in.clipped(series[:, None])
    return _Run(read_in=read_in, clipped=clipped, result=result, seconds=seconds, steps=steps)


def _record(task: str, chosen: Chosen, settings: ForecastSettings, run: _Run) -> dict[str, object]:
    """Contract: ``nrmse`` {horizon: value} and ``controls`` {name: {horizon: value}}."""

    def by_horizon(values: FloatArray) -> dict[str, float]:
        return {str(horizon): float(value) for horizon, value in enumerate(values)}

    read_in = {"channel": chosen.channel, "unit": chosen.unit, "centre": run.read_in.centre, "clipped": run.clipped}
    return {
        "task": task,
        "device": chosen.device.name,
        "nrmse": by_horizon(run.result.nrmse),
        "controls": {name: by_horizon(values) for name, values in run.result.controls.items()},
        "read_in": {**read_in, "low": chosen.bounds[0], "high": chosen.bounds[1], "others": dict(chosen.others)},
        "node_time": chosen.node_time,
        "solver_steps": run.steps,
        "seconds": run.seconds,
        "washout": settings.washout,
        "training": settings.training,
        "ridge": settings.ridge,
        "intercept": settings.intercept,
    }


def _named(controls: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Controls by what a reader calls them."""
    names = {"masked_input": "no device, masked input", "delayed_inputs": "no device, delayed inputs"}
    return {names[name]: values for name, values in controls.items()}


def _show(chosen: Chosen, run: _Run, amplitude: float) -> None:
    from spinode.units import format_quantity

    low, high = (format_quantity(value, chosen.unit) for value in chosen.bounds)
    swing = format_quantity(amplitude * 0.5 * (chosen.bounds[1] - chosen.bounds[0]), chosen.unit)
    centre = format_quantity(run.read_in.centre, chosen.unit)
    held = format_quantity(chosen.node_time, "s")
    print(f"{chosen.device.name}: {run.read_in.nodes} nodes of {held}, {run.steps} solver steps in {run.seconds:.2f} s")
    print(f"read-in: {chosen.channel} swings by at most {swing} around {centre}, inside its range {low} to {high}")
    if run.clipped:
        print(f"note: {run.clipped:.2%} of the levels were cut off at the ends of that range")
    names = _named(run.result.controls)
    rows = [
        (horizon, float(run.result.nrmse[horizon]), *(float(values[horizon]) for values in names.values()))
        for horizon in SHOWN
        if horizon < len(run.result.nrmse)
    ]
    print_table(("horizon", chosen.device.name, *names), rows, title="NRMSE on the test points, by points ahead")
