"""``spinode simulate``: traces of an analytic device."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES, make_members
from spinode.cli.options import Force, Json, Quiet
from spinode.cli.output import Stopwatch, print_json, print_table, progress, refuse_overwrite

if TYPE_CHECKING:
    import numpy as np

    from spinode.devices import Device
    from spinode.signals import Signal
    from spinode.traces import TraceSet


DeviceOption = Annotated[
    str, typer.Argument(help=f"Device: {', '.join(DEVICES)}.", show_default=False, autocompletion=among(DEVICES))
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Parameter; NAME=VALUE,VALUE makes an ensemble."),
]
DriveFromOption = Annotated[
    Path | None, typer.Option(help="Traces file whose first drive is used, with its length and interval.")
]
AccuracyOption = Annotated[
    float | None, typer.Option(help="Halve the step until outputs change by less than this part of their range.")
]


def simulate_command(
    device: DeviceOption,
    output: Annotated[Path, typer.Option("-o", "--out", "--output", help="Traces file to make.", show_default=False)],
    set_: SetOption = None,
    preset: Annotated[str, typer.Option(help="Published parameter set, such as guslienko_2014_l10.")] = "",
    drive: Annotated[str, typer.Option(help="Such as 'current=sine(5mA,1mA,2MHz); field=1mT'.")] = "",
    drive_from: DriveFromOption = None,
    duration: Annotated[str, typer.Option(help="Length of the trace.")] = "1us",
    dt: Annotated[str, typer.Option(help="Sample interval; about five solver steps if left out.")] = "",
    accuracy: AccuracyOption = None,
    temperature: Annotated[str, typer.Option(help="Add thermal noise at this temperature, such as 300K.")] = "",
    repeats: Annotated[int, typer.Option(help="Members of each kind, with noise of their own.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the noise and of random drives.", min=0)] = 0,
    workers: Annotated[int | None, typer.Option(help="Threads; one a core if left out.", min=1)] = None,
    force: Force = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Simulate an analytic device, or an ensemble over parameters and noise, and write the traces."""
    import time

    from spinode.storage import write_traces

    clock = Stopwatch("simulate", quiet)
    refuse_overwrite(output, force)
    settings = [*(set_ or ()), *([f"temperature={temperature}"] if temperature else [])]
    if repeats > 1 and not temperature:
        raise ValueError("--repeats needs --temperature: without noise all repeats are the same run")
    members = make_members(device, settings, preset, repeats)
    given = _Given(drive=drive, drive_from=drive_from, duration=duration, dt=dt, seed=seed)
    started = time.perf_counter()
    traces = _run(members, given, bool(temperature), (accuracy, workers, quiet))
    seconds = time.perf_counter() - started
    options = {"--preset": preset, "--accuracy": accuracy or "", "--temperature": temperature, "--repeats": repeats}
    command = given.command(device, list(set_ or ()), options)
    write_traces(output, traces, seed=seed, command=command, source=next(iter(traces)).source, force=force)
    _print_result(traces, output, seconds, json_output)
    clock.done(f"{len(traces)} of {device}; {output} is written")


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What the command line says of the drive."""

    drive: str
    drive_from: Path | None
    duration: str
    dt: str
    seed: int

    def signal(self, made: Device, rng: np.random.Generator) -> Signal:
        """The drive of a device; channels of a file first, the others from the text."""
        from spinode.drive_text import parse_drive
        from spinode.drives import Sampling, join, round_below
        from spinode.units import parse_quantity

        if self.drive_from is None:
            interval = parse_quantity(self.dt, "s") if self.dt else round_below(5 * made.step)
            sampling = Sampling(duration=parse_quantity(self.duration, "s"), dt=interval)
            return parse_drive(self.drive, made.inputs, sampling, rng)
        stored = self._stored(made)
        sampling = Sampling(duration=(len(stored) - 1) * stored.dt, dt=stored.dt)
        others = [channel for channel in made.inputs if channel.name not in stored.names]
        more = parse_drive(self.drive, others, sampling, rng)
        return join(stored, replace(more, start=stored.start)) if others else stored

    def _stored(self, made: Device) -> Signal:
        from spinode.signals import missing_name
        from spinode.storage import read_traces

        found = next(iter(read_traces(self.drive_from or Path()))).drive
        names = [channel.name for channel in made.inputs if channel.name in found.names]
        if self.dt:
            raise ValueError(f"--dt must be left out with --drive-from, which has {found.dt:g} s, got '{self.dt}'")
        if not names:
            raise ValueError(f"--drive-from: {missing_name('input', made.inputs[0].name, found.names)}")
        return found.select(names)

    def command(self, device: str, settings: list[str], options: Mapping[str, object]) -> str:
        """The command that makes these traces again, without the name of its file."""
        words = ["spinode", "simulate", device]
        for setting in settings:
            words += ["--set", setting]
        texts = {"--drive": self.drive, "--drive-from": self.drive_from or "", "--dt": self.dt}
        texts |= {} if self.drive_from else {"--duration": self.duration}
        for option, value in {**texts, **options}.items():
            words += [option, str(value)] if value not in ("", 1) else []
        return shlex.join([*words, "--seed", str(self.seed)])


def _run(members: list[Device], given: _Given, noisy: bool, how: tuple[float | None, int | None, bool]) -> TraceSet:
    """The trace of one member, or those of an ensemble with a progress line; ``how`` is accuracy, workers and quiet."""
    import numpy as np

    from spinode.simulate import Execution, simulate, simulate_ensemble, simulate_to
    from spinode.traces import TraceSet

    accuracy, workers, quiet = how
    drive_rng, noise_rng = np.random.default_rng(given.seed).spawn(2)
    finest = min(members, key=lambda member: member.step)
    signal, rng = given.signal(finest, drive_rng), noise_rng if noisy else None
    if accuracy is not None:
        if noisy or len(members) > 1:
            raise ValueError("--accuracy goes with one member without noise; try without --temperature and --repeats")
        return TraceSet((simulate_to(accuracy, members[0], signal, name=members[0].name),))
    if len(members) == 1:
        return TraceSet((simulate(members[0], signal, rng=rng, name=members[0].name),))
    with progress("simulate", quiet) as advance:
        execution = Execution(workers=workers, advance=lambda part: advance(part, ""))
        return simulate_ensemble(members, signal, rng=rng, execution=execution)


def _print_result(traces: TraceSet, path: Path, seconds: float, as_json: bool) -> None:
    from spinode.units import format_quantity

    first = next(iter(traces))
    figures = []
    for c in first.output.channels:
        values = [trace.output.column(c.name) for trace in traces]
        mean = sum(float(column.mean()) for column in values) / len(values)
        figures.append((c, mean, min(column.min() for column in values), max(column.max() for column in values)))
    if as_json:
        outputs = {c.name: {"unit": c.unit, "mean": mean, "min": low, "max": high} for c, mean, low, high in figures}
        record = {"file": path, "members": len(traces), "samples": len(first), "dt": first.dt, "outputs": outputs}
        print_json({**record, "seconds": seconds})
        return
    members = f"{len(traces)} members of " if len(traces) > 1 else ""
    title = f"{path}: {members}{len(first)} samples every {format_quantity(first.dt, 's')}, {first.source}"
    rows = [(c.name, *(format_quantity(value, c.unit) for value in numbers)) for c, *numbers in figures]
    print_table(("output", "mean", "smallest", "largest"), rows, title)
