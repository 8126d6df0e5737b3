"""``spinode info``: what is in a file, or what a device is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES
from spinode.cli.options import Json
from spinode.cli.output import print_json, print_table

if TYPE_CHECKING:
    from spinode.cli.device_names import Described
    from spinode.signals import Channel
    from spinode.storage import FileInfo, TraceInfo
    from spinode.traces import Parameter


TargetOption = Annotated[
    str,
    typer.Argument(help="A traces or surrogate file, or the name of a device.", autocompletion=among(DEVICES)),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Parameter or operating point of a device: current=5mA."),
]


def info_command(
    target: TargetOption,
    settings: SettingsOption = None,
    preset: Annotated[str, typer.Option(help="Published parameter set of a device, such as guslienko_2014_l10.")] = "",
    json_output: Json = False,
) -> None:
    """Show what is in a file, or the datasheet of a device: what it does at an operating point, and why."""
    path = Path(target)
    if target in DEVICES and not path.exists():
        _show_device(target, settings or [], preset, json_output)
        return
    if settings or preset:
        raise ValueError(f"--set and --preset go with the name of a device ({', '.join(DEVICES)}), got '{target}'")
    _show_file(path, json_output)


def _show_file(path: Path, json_output: bool) -> None:
    from spinode.storage import peek

    info = peek(path)
    if json_output:
        print_json(_as_json(path, info))
    else:
        _print_info(path, info)


def _show_device(name: str, settings: list[str], preset: str, json_output: bool) -> None:
    from spinode.cli.device_names import describe_device, preset_names
    from spinode.devices.fields import derived_of, parameters_of

    described = describe_device(name, settings, preset)
    known = {**parameters_of(described.device), **derived_of(described.device)}
    if json_output:
        print_json(_device_json(name, known, described))
        return
    rows = [(key.replace("_", " "), _quantity(entry.value, entry.unit)) for key, entry in known.items()]
    print_table(("quantity", "value"), rows, title=f"device {name}{', ' if preset else ''}{preset}")
    others = [(key, text) for key, text in preset_names(name) if key != preset]
    if others:
        print_table(("preset", "what it is"), others)
    if described.datasheet is not None:
        lines = [(row.name, _quantity(row.value, row.unit), row.formula) for row in described.datasheet.rows]
        given = ", ".join(
            f"{key} {_quantity(value, described.units[key])}" for key, value in described.operating.items()
        )
        print_table(("datasheet", "value", "formula and source"), lines, title=f"at {given or 'rest'}")
        print(described.datasheet.verdict)


def _device_json(name: str, known: dict[str, Parameter], described: Described) -> dict[str, object]:
    listed = [{"name": key, "value": entry.value, "unit": entry.unit} for key, entry in known.items()]
    record: dict[str, object] = {"device": name, "rows": listed, "operating": dict(described.operating)}
    if described.datasheet is not None:
        record["datasheet"] = [
            {"name": row.name, "value": row.value, "unit": row.unit, "formula": row.formula}
            for row in described.datasheet.rows
        ]
        record["verdict"] = described.datasheet.verdict
    return record


def _quantity(value: float, unit: str) -> str:
    from spinode.units import format_quantity

    return format_quantity(float(f"{value:.5g}"), unit)


def _as_json(path: Path, info: FileInfo) -> dict[str, object]:
    return {
        "file": str(path),
        "kind": info.kind,
        "schema": info.schema,
        "version": info.version,
        "attributes": dict(info.attributes),
        "traces": [_trace_json(trace) for trace in info.traces],
        "datasets": {name: list(shape) for name, shape in info.datasets.items()},
    }


def _trace_json(trace: TraceInfo) -> dict[str, object]:
    return {
        "name": trace.name,
        "source": trace.source,
        "samples": trace.samples,
        "dt": trace.dt,
        "start": trace.start,
        "drive": [_channel_json(channel) for channel in trace.drive],
        "output": [_channel_json(channel) for channel in trace.output],
        "parameters": {name: {"value": p.value, "unit": p.unit} for name, p in trace.parameters.items()},
    }


def _channel_json(channel: Channel) -> dict[str, object]:
    return {"name": channel.name, "unit": channel.unit, "hold": channel.hold}


def _print_info(path: Path, info: FileInfo) -> None:
    print(f"{path}: {info.schema} by spinode {info.version}" if info.schema else f"{path}: HDF5, not made by spinode")
    for name, value in info.attributes.items():
        if not name.startswith("spinode_") and value != "":
            print(f"{name}: {value}")
    if info.traces:
        rows = [_trace_row(trace) for trace in info.traces]
        print_table(("trace", "samples", "dt", "inputs", "outputs", "parameters"), rows)
    else:
        shapes = [(name, " x ".join(map(str, shape)) or "one value") for name, shape in info.datasets.items()]
        print_table(("dataset", "shape"), shapes)


def _trace_row(trace: TraceInfo) -> tuple[str, int, str, str, str, str]:
    from spinode.units import format_quantity

    constants = [f"{name} {format_quantity(p.value, p.unit)}" for name, p in trace.parameters.items()]
    return (
        trace.name,
        trace.samples,
        format_quantity(trace.dt, "s"),
        "; ".join(map(_channel_text, trace.drive)) or "none",
        "; ".join(map(_channel_text, trace.output)),
        ", ".join(constants) or "none",
    )


def _channel_text(channel: Channel) -> str:
    unit = f" [{channel.unit}]" if channel.unit else ""
    return f"{channel.name}{unit}{', held' if channel.hold else ''}"
