"""``spinode simulate``: traces of an analytic device."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.device_names import make_device
from spinode.cli.output import print_json, print_table, refuse_overwrite

if TYPE_CHECKING:
    from spinode.drives import Sampling
    from spinode.traces import Trace


def simulate_command(
    device: Annotated[str, typer.Argument(help="Device: vortex or wall.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help="Traces file to make.", show_default=False)],
    set_: Annotated[list[str] | None, typer.Option("--set", help="Parameter of the device, name=value.")] = None,
    drive: Annotated[str, typer.Option(help="Such as 'current=sine(5mA,1mA,2MHz); field=1mT'.")] = "",
    duration: Annotated[str, typer.Option(help="Length of the trace.")] = "1us",
    dt: Annotated[str, typer.Option(help="Sample interval; about five solver steps if left out.")] = "",
    temperature: Annotated[str, typer.Option(help="Add thermal noise at this temperature, such as 300K.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the noise and of random drives.", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Simulate an analytic device and write the trace."""
    import time

    import numpy as np

    from spinode.drive_text import parse_drive
    from spinode.simulate import simulate
    from spinode.storage import write_traces
    from spinode.traces import TraceSet

    settings = list(set_ or ())
    command = _command(device, settings, drive, duration, dt, temperature, seed)
    refuse_overwrite(output, force)
    made = make_device(device, [*settings, *([f"temperature={temperature}"] if temperature else [])])
    sampling = _sampling(duration, dt, made.step)
    drive_rng, noise_rng = np.random.default_rng(seed).spawn(2)
    given = parse_drive(drive, made.inputs, sampling, drive_rng)
    started = time.perf_counter()
    trace = simulate(made, given, rng=noise_rng if temperature else None, name=device)
    seconds = time.perf_counter() - started
    write_traces(output, TraceSet((trace,)), seed=seed, command=command, source=trace.source, force=force)
    _print_result(trace, output, seconds, as_json)


def _sampling(duration: str, dt: str, step: float) -> Sampling:
    from spinode.drives import Sampling, round_below
    from spinode.units import parse_quantity

    interval = parse_quantity(dt, "s") if dt else round_below(5 * step)
    return Sampling(duration=parse_quantity(duration, "s"), dt=interval)


def _command(device: str, settings: list[str], drive: str, duration: str, dt: str, temperature: str, seed: int) -> str:
    """The command that makes this trace again, without the name of its file."""
    words = ["spinode", "simulate", device]
    for setting in settings:
        words += ["--set", setting]
    for option, text in (("--drive", drive), ("--duration", duration), ("--dt", dt), ("--temperature", temperature)):
        words += [option, text] if text else []
    return shlex.join([*words, "--seed", str(seed)])


def _print_result(trace: Trace, path: Path, seconds: float, as_json: bool) -> None:
    from spinode.units import format_quantity

    columns = list(zip(trace.output.channels, trace.output.values.T, strict=True))
    if as_json:
        outputs = {
            channel.name: {"unit": channel.unit, "mean": column.mean(), "min": column.min(), "max": column.max()}
            for channel, column in columns
        }
        record = {"file": path, "samples": len(trace), "dt": trace.dt, "outputs": outputs, "seconds": seconds}
        print_json(record)
        return
    title = f"{path}: {len(trace)} samples every {format_quantity(trace.dt, 's')}, {trace.source}"
    rows = [
        (channel.name, *(format_quantity(value, channel.unit) for value in (column.mean(), column.min(), column.max())))
        for channel, column in columns
    ]
    print_table(("output", "mean", "smallest", "largest"), rows, title)
