"""``spinode calibrate``: static parameters of a device, learned or analytic, from a trace."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES
from spinode.cli.options import Force, Json, Samples
from spinode.cli.output import check_outputs, print_json, print_table

if TYPE_CHECKING:
    from spinode.calibration import Calibration
    from spinode.devices import Device
    from spinode.surrogate import Surrogate
    from spinode.traces import Parameter, Trace, TraceSet

    Ranges = dict[str, tuple[float, float] | None]


TargetOption = Annotated[
    str, typer.Argument(help=f"Surrogate file, or device: {', '.join(DEVICES)}.", autocompletion=among(DEVICES))
]
UnknownOption = Annotated[
    list[str] | None, typer.Option("--unknown", help="Parameter to find, name or name=low:high; repeat for more.")
]
CheckOption = Annotated[
    Path | None, typer.Option("--check", help="Traces with known parameters, for the systematic error.")
]


def calibrate_command(
    target: TargetOption,
    file: Annotated[Path, typer.Argument(help="Traces file: the drive, and what the device answered.")],
    unknown: UnknownOption = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Known parameter.")] = None,
    preset: Annotated[str, typer.Option(help="Published parameter set of a device, for the known values.")] = "",
    trace: Annotated[str, typer.Option("--trace", help="Trace to use, where the file holds several.")] = "",
    samples: Samples = None,
    check: CheckOption = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Surrogate file with the values found.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure of the fit: .png, .svg or .pdf.")] = None,
    force: Force = False,
    json_output: Json = False,
) -> None:
    """Hidden parameters of a new device from a short trace, with 95 % intervals."""
    from spinode.calibration import calibrate
    from spinode.storage import read_traces

    learned = _is_file(target)
    _check_targets(out, plot, learned, force)
    device, known = _learned(target, set_, preset) if learned else (_analytic(target, set_, preset), {})
    chosen = _chosen(file, trace, samples)
    if known:
        chosen = replace(chosen, parameters={**chosen.parameters, **known})
    ranges = _unknowns(unknown or [], device) or _remaining(device, known)
    found = calibrate(device, chosen, ranges, checks=None if check is None else read_traces(check))
    others = [] if learned else _contradictions(device, chosen, ranges)
    if plot is not None:
        _draw(plot, found, chosen)
    if out is not None:
        _write(out, found, force)
    if json_output:
        print_json({**found.as_dict(), "notes": [*found.notes, *others], "set": _settings(found)})
        return
    _show(found, others)


def _is_file(target: str) -> bool:
    """Whether the target is a surrogate file; a name that is neither a device nor a file is told so."""
    from spinode.signals import missing_name

    if target in DEVICES and not Path(target).exists():
        return False
    if not Path(target).suffix and not Path(target).exists():
        raise ValueError(missing_name("device or surrogate file", target, list(DEVICES)))
    return True


def _check_targets(out: Path | None, plot: Path | None, learned: bool, force: bool) -> None:
    if out is not None and not learned:
        raise ValueError(
            f"-o writes a surrogate and goes with a surrogate file, got '{out}'; a device is made by --set"
        )
    check_outputs(plot, (out,), force)


def _analytic(name: str, settings: list[str] | None, preset: str) -> Device:
    from spinode.cli.device_names import make_device

    return make_device(name, settings or [], preset)


def _learned(path: str, settings: list[str] | None, preset: str) -> tuple[Surrogate, dict[str, Parameter]]:
    """The surrogate and the static parameters that ``--set`` knows."""
    from spinode.cli.device_names import parse_settings
    from spinode.surrogate import load_surrogate
    from spinode.traces import Parameter

    if preset:
        raise ValueError(f"--preset goes with the name of a device ({', '.join(DEVICES)}), got '{path}'")
    surrogate = load_surrogate(path)
    units = {name: entry.unit for name, entry in surrogate.parameters.items()}
    if not units and settings:
        raise ValueError(f"--set needs a static parameter, and surrogate '{surrogate.name}' has none")
    known: dict[str, Parameter] = {}
    for name, values in parse_settings(settings or [], surrogate.name, units).items():
        if len(values) > 1:
            raise ValueError(f"--set {name} must be one value here, got {len(values)}")
        known[name] = Parameter(value=values[0], unit=units[name])
    return surrogate, known


def _chosen(file: Path, name: str, samples: str | None) -> Trace:
    """One trace of the file, cut to ``--samples``."""
    from spinode.cli.judging import read_selected

    traces: TraceSet = read_selected(file, [name] if name else None, samples)
    if len(traces) > 1:
        names = ", ".join(each.name for each in traces.traces[:8])
        raise ValueError(f"{file} holds {len(traces)} traces ({names}); choose one with --trace NAME")
    return traces.traces[0]


def _unknowns(words: list[str], device: Device) -> Ranges:
    """Names and search ranges of ``--unknown``."""
    from spinode.devices.fields import parameters_of
    from spinode.signals import missing_name
    from spinode.units import parse_quantity

    own = parameters_of(device)
    found: Ranges = {}
    for word in words:
        name, equals, text = (part.strip() for part in word.partition("="))
        if not own:
            return {}  # a surrogate without static parameters, which ``calibrate`` refuses with the reason
        if name not in own:
            raise ValueError(missing_name(f"parameter of {device.name}", name, list(own)))
        if name in found:
            raise ValueError(f"--unknown {name} must be given once, got it twice")
        if not equals:
            found[name] = None
            continue
        ends = text.split(":")
        if len(ends) != 2:
            raise ValueError(f"--unknown {name} must be name=low:high, got '{word}'")
        try:
            low, high = (parse_quantity(end.strip(), own[name].unit) for end in ends)
        except ValueError as error:
            raise ValueError(f"--unknown {name}: {error}") from None
        found[name] = (low, high)
    return found


def _remaining(device: Device, known: dict[str, Parameter]) -> Ranges:
    """Static parameters of a surrogate that ``--set`` does not know; none for an analytic device."""
    names: list[str] = sorted(getattr(device, "parameters", {}))
    if names and all(name in known for name in names):
        raise ValueError(f"--set must leave a static parameter of {', '.join(names)} to find, got all of them")
    return {name: None for name in names if name not in known}


def _contradictions(device: Device, trace: Trace, ranges: Ranges) -> list[str]:
    """Known numbers of the device that the trace has otherwise."""
    from spinode.devices.fields import parameters_of
    from spinode.units import format_quantity

    lines = []
    for name, own in parameters_of(device).items():
        given = trace.parameters.get(name)
        if given is None or name in ranges or given.unit != own.unit or name == "temperature":
            continue
        if abs(given.value - own.value) > 1e-6 * abs(own.value):
            said, used = (format_quantity(entry.value, entry.unit) for entry in (given, own))
            lines.append(f"the trace says {name} {said}, but {used} was used; give --set {name}={given.value:g}")
    return lines


def _settings(found: Calibration) -> dict[str, float]:
    """What ``--set`` needs to make the device that was found."""
    return {one.name: one.value for one in found.estimates} if found.calibrated is not None else {}


def _draw(path: Path, found: Calibration, trace: Trace) -> None:
    from spinode.plots import free_run_figure, save_figure

    output = trace.output.select([one.name for one in found.residuals])
    curves = {f"{found.device}, calibrated": found.fitted}
    save_figure(path, free_run_figure(replace(trace, output=output), curves, output.names[0], 0))


def _write(path: Path, found: Calibration, force: bool) -> None:
    from spinode.surrogate import Surrogate, save_surrogate

    if not isinstance(found.calibrated, Surrogate):
        raise ValueError(f"-o needs a value for every unknown: {found.notes[0]}")
    save_surrogate(path, found.calibrated, command=shlex.join(["spinode", *sys.argv[1:]]), force=force)


def _show(found: Calibration, others: list[str]) -> None:
    from spinode.calibration.result import HEADER
    from spinode.units import format_quantity

    runs = f"{found.windows} runs of {format_quantity(found.duration, 's')}" if found.windows > 1 else "one run"
    title = f"{found.device} on trace {found.trace}: {found.verdict}; {runs} over {found.samples} samples"
    print_table([name.replace("_", " ") for name in HEADER], found.table(), title=title)
    rows = [
        (one.name, format_quantity(float(f"{one.rms:.4g}"), one.unit), one.nrmse, one.structured)
        for one in found.residuals
    ]
    print_table(("output", "error left", "in deviations", "structured"), rows)
    if len(found.estimates) > 1 and found.calibrated is not None:
        names = [one.name for one in found.estimates]
        lines = [(name, *map(float, row)) for name, row in zip(names, found.correlation, strict=True)]
        print_table(("correlation", *names), lines)
    for note in (*found.notes, *others):
        print(f"note: {note}")
