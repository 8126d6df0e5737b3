"""``spinode info``: what is in a file, or what a device is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.output import print_json, print_table

if TYPE_CHECKING:
    from spinode.signals import Channel
    from spinode.storage import FileInfo, TraceInfo


def info_command(
    target: Annotated[str, typer.Argument(help="A traces or surrogate file, or the name of a device.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="Parameter of a device: radius=150nm.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the channels, lengths, parameters and origin of a file, or the parameters and closed forms of a device."""
    from spinode.cli.device_names import DEVICES

    path = Path(target)
    if target in DEVICES and not path.exists():
        _show_device(target, settings or [], json_output)
        return
    if settings:
        raise ValueError(f"--set goes with the name of a device ({', '.join(DEVICES)}), got '{target}'")
    _show_file(path, json_output)


def _show_file(path: Path, json_output: bool) -> None:
    from spinode.storage import peek

    info = peek(path)
    if json_output:
        print_json(_as_json(path, info))
    else:
        _print_info(path, info)


def _show_device(name: str, settings: list[str], json_output: bool) -> None:
    from spinode.cli.device_names import describe_device
    from spinode.units import format_quantity

    rows = describe_device(name, settings)
    if json_output:
        listed = [{"name": key, "value": value, "unit": unit} for key, value, unit in rows]
        print_json({"device": name, "rows": listed})
    else:
        shown = [(key.replace("_", " "), format_quantity(float(f"{value:.6g}"), unit)) for key, value, unit in rows]
        print_table(("quantity", "value"), shown, title=f"device {name}")


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
