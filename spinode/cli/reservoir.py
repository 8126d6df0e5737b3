"""``spinode reservoir``: one device as a reservoir, scored on a task beside the same readout without a device."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.device_names import DEVICES, make_device
from spinode.cli.output import check_figure, print_json, print_table, progress, refuse_overwrite

if TYPE_CHECKING:
    from spinode.cli.reservoir_tasks import Options
    from spinode.devices import Device
    from spinode.reservoir import Forecast, ForecastSettings, ReadIn
    from spinode.signals import FloatArray

TASKS = ("mackey-glass", "narma10", "memory", "sine-square", "capacity", "rank")
MASKS = "binary, ternary, gaussian, maximal-length"
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


def reservoir_command(
    task: Annotated[str, typer.Argument(help=f"Task: {', '.join(TASKS)}.", show_default=False)],
    device: Annotated[str, typer.Option("--device", help="Surrogate file, or device name.", show_default=False)],
    nodes: Annotated[int, typer.Option("--nodes", help="Virtual nodes.")] = 50,
    node_time: Annotated[str, typer.Option(help="Time of a node, such as 10ps; two samples of a surrogate.")] = "",
    amplitude: Annotated[float, typer.Option(help="Largest swing of the drive over half its range.")] = AMPLITUDE,
    input_: Annotated[str, typer.Option("--input", help="Input to drive; the first if left out.")] = "",
    range_: Annotated[str, typer.Option("--range", help="LOW:HIGH of that input; a surrogate's trained range.")] = "",
    at: Annotated[list[str] | None, typer.Option("--at", help="Constant value of another input, name=value.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Parameter of a named device, name=value.")] = None,
    points: Annotated[int, typer.Option(help="Points of the series.")] = 10_000,
    training: Annotated[int, typer.Option(help="Points that train the readout; the rest tests it.")] = 5000,
    mask: Annotated[str, typer.Option(help=f"Mask: {MASKS}; binary, but gaussian for mackey-glass.")] = "",
    sampling: Annotated[str, typer.Option(help="Reading of a node: start, end, mean or a number; the end.")] = "",
    feedback: Annotated[float, typer.Option(help="Gain of delayed feedback, -1 to 1; not for mackey-glass.")] = 0.0,
    feedback_delay: Annotated[int, typer.Option(help="Its delay in nodes; one more than --nodes.", min=0)] = 0,
    noise: Annotated[bool, typer.Option("--noise", help="Noise of the device; not for mackey-glass.")] = False,
    horizons: Annotated[int, typer.Option(help="mackey-glass: horizons 0, 1, ... that are scored.")] = 80,
    ridge: Annotated[float, typer.Option(help="mackey-glass: penalty of the readout; others search it.")] = 1e-4,
    intercept: Annotated[bool, typer.Option(help="mackey-glass: a free constant in the readout.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the mask.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure of error against horizon.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing figure.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score one device as a reservoir on a task, beside the same readout without the device."""
    from spinode.cli.reservoir_tasks import Options, score_task

    _check(task, plot, force)
    chosen = _choose(device, set_ or [], (input_, range_, node_time), at or [])
    options = Options(
        nodes=nodes, amplitude=amplitude, mask=mask, sampling=sampling, feedback=feedback, noise=noise,
        feedback_delay=feedback_delay, points=points, training=training, seed=seed,
    )  # fmt: skip
    if task == "mackey-glass":
        _mackey_glass(chosen, options, (horizons, ridge, intercept), plot, json_output)
    else:
        score_task(task, chosen, options, plot, json_output)


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
    run = _run(chosen, settings, (options.nodes, options.points, options.seed), options.amplitude)
    _draw(plot, chosen, run)
    sizes = {"nodes": options.nodes, "points": options.points, "seed": options.seed}
    if json_output:
        print_json(_record("mackey-glass", chosen, settings, run) | sizes)
    else:
        _show(chosen, run, options.amplitude)


def _check(task: str, plot: Path | None, force: bool) -> None:
    if task not in TASKS:
        raise ValueError(f"TASK must be one of {', '.join(TASKS)}, got '{task}'")
    if plot is not None:
        check_figure(plot)
        refuse_overwrite(plot, force)


def _draw(plot: Path | None, chosen: Chosen, run: _Run) -> None:
    if plot is not None:
        from spinode.plots import horizon_figure, save_figure

        save_figure(plot, horizon_figure({chosen.device.name: run.result.nrmse, **_named(run.result.controls)}))


def _choose(name: str, settings: list[str], texts: tuple[str, str, str], at: Sequence[str]) -> Chosen:
    """The device of ``--device`` and how it is driven; ``texts`` are ``--input``, ``--range`` and ``--node-time``."""
    from spinode.signals import missing_name

    wanted, range_text, time_text = texts
    known: dict[str, tuple[float, float]] = {}
    sample = None
    if name in DEVICES and not Path(name).exists():
        device = make_device(name, settings)
    else:
        if settings:
            raise ValueError(f"--set goes with the name of a device ({', '.join(DEVICES)}), got '{name}'")
        device, known, sample = _learned(name)
    units = {channel.name: channel.unit for channel in device.inputs}
    if not units:
        raise ValueError(f"--device must have an input to drive, got '{name}', which has none")
    channel = wanted or next(iter(units))
    if channel not in units:
        raise ValueError(f"--input: {missing_name('input', channel, list(units))}")
    others = {other: 0.5 * sum(known[other]) for other in units if other != channel and other in known}
    others |= _constants(at, {other: unit for other, unit in units.items() if other != channel})
    bounds = _range(range_text, units[channel], known.get(channel), channel)
    return Chosen(
        device=device,
        channel=channel,
        unit=units[channel],
        bounds=bounds,
        others=others,
        node_time=_node_time(time_text, sample, device.step),
    )


def _learned(name: str) -> tuple[Device, dict[str, tuple[float, float]], float]:
    """A surrogate file: device, trained range of each input, sample interval."""
    from spinode.surrogate import load_surrogate

    path = Path(name)
    if not path.exists():
        raise ValueError(f"--device must be a surrogate file or one of {', '.join(DEVICES)}, got '{name}'")
    surrogate = load_surrogate(path)
    ranges = {each.name: surrogate.ranges[each.name] for each in surrogate.inputs if each.name in surrogate.ranges}
    return surrogate, {key: (found.low, found.high) for key, found in ranges.items()}, surrogate.dt


def _constants(at: Sequence[str], units: Mapping[str, str]) -> dict[str, float]:
    from spinode.signals import missing_name
    from spinode.units import parse_quantity

    found: dict[str, float] = {}
    for each in at:
        key, equals, text = (part.strip() for part in each.partition("="))
        if not (key and equals and text):
            raise ValueError(f"--at must be name=value, got '{each}'")
        if key not in units:
            raise ValueError(f"--at: {missing_name('other input', key, list(units))}")
        found[key] = parse_quantity(text, units[key])
    return found


def _range(text: str, unit: str, known: tuple[float, float] | None, channel: str) -> tuple[float, float]:
    from spinode.units import parse_quantity

    if not text:
        if known is None:
            raise ValueError(f"--range must be LOW:HIGH of '{channel}' [{unit}] for this device, got none")
        return known
    low, colon, high = (part.strip() for part in text.partition(":"))
    if not (low and colon and high):
        raise ValueError(f"--range must be LOW:HIGH, got '{text}'")
    bounds = parse_quantity(low, unit), parse_quantity(high, unit)
    if not bounds[0] < bounds[1]:
        raise ValueError(f"--range must be LOW:HIGH with LOW below HIGH, got '{text}'")
    if known is not None and (bounds[0] < known[0] or bounds[1] > known[1]):
        raise ValueError(
            f"--range must lie in the trained range {known[0]:.6g} to {known[1]:.6g} {unit}, got '{text}';"
            " a surrogate extrapolates badly"
        )
    return bounds


def _node_time(text: str, sample: float | None, step: float) -> float:
    """Seconds; whole samples of a surrogate, whose step was learned with the device."""
    from spinode.units import parse_quantity

    if not text:
        return 2 * (step if sample is None else sample)
    found = parse_quantity(text, "s")
    if sample is not None and found > 0:
        count = max(1, round(found / sample))
        if abs(found / sample - count) > 1e-6:
            raise ValueError(f"--node-time must be a whole number of samples of {sample:g} s, got '{text}'")
        return count * sample
    return found


def _run(chosen: Chosen, settings: ForecastSettings, sizes: tuple[int, int, int], amplitude: float) -> _Run:
    """Series, mask, device and readout; ``sizes`` are nodes, points and seed."""
    import numpy as np

    from spinode.reservoir import NodeSettings, forecast, gaussian_mask, mackey_glass, node_states, read_in_for
    from spinode.reservoir.nodes import solver_steps

    nodes, points, seed = sizes
    mask = gaussian_mask(nodes, np.random.default_rng(seed))
    series = mackey_glass(points)
    known = series[: settings.washout + settings.training, None]
    read_in = read_in_for(chosen.channel, mask, known, chosen.bounds, amplitude)
    with progress("reservoir") as advance:
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
    steps = points * nodes * solver_steps(chosen.device, chosen.node_time)
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
