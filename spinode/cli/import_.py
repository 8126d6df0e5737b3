"""``spinode import``: tables of simulators and instruments become a traces file."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spinode.cli.options import Force, Json
from spinode.cli.output import print_json, print_table, refuse_overwrite

if TYPE_CHECKING:
    from spinode.signals import Signal
    from spinode.surrogate.events import Event
    from spinode.traces import Parameter, Trace


ParamOption = Annotated[
    list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="Constant of the device: radius=50nm.")
]
JumpsOption = Annotated[
    str, typer.Option("--jumps", help="Where a step lies between two rows: auto, before, after or grid:1ns.")
]


def import_command(
    tables: Annotated[list[Path], typer.Argument(help="MuMax3 table.txt, OOMMF .odt, CSV or .mat; one trace a file.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Traces file to write (HDF5).")],
    output: Annotated[list[str], typer.Option("--output", help="Column that answers; repeat for more.")],
    inputs: Annotated[list[str] | None, typer.Option("--input", help="Column that drives; repeat for more.")] = None,
    dt: Annotated[str | None, typer.Option("--dt", help="Sample interval such as 5ps [default: the table's].")] = None,
    param: ParamOption = None,
    jumps: JumpsOption = "auto",
    hold: Annotated[list[str] | None, typer.Option("--hold", help="Input that steps, whatever it looks like.")] = None,
    smooth: Annotated[list[str] | None, typer.Option("--smooth", help="Input that is smooth all the same.")] = None,
    force: Force = False,
    json_output: Json = False,
) -> None:
    """Turn tables into traces: outputs are resampled smoothly, inputs that step stay steps."""
    from spinode.importers import StepRules, import_traces
    from spinode.storage import write_traces
    from spinode.surrogate.events import find_event
    from spinode.units import parse_quantity

    refuse_overwrite(out, force)
    traces = import_traces(
        tables,
        inputs or [],
        output,
        dt=None if dt is None else parse_quantity(dt, "s"),
        rules=StepRules(jumps=jumps, holds=tuple(hold or ()), smooths=tuple(smooth or ())),
        parameters=parse_parameters(param or []),
    )
    events = {trace.name: find_event(trace) for trace in traces}
    command = shlex.join(["spinode", *sys.argv[1:]])
    write_traces(out, traces, command=command, source=", ".join(path.name for path in tables), force=force)
    if json_output:
        print_json({"file": str(out), "traces": [_trace_json(trace, events[trace.name]) for trace in traces]})
    else:
        for trace in traces:
            _print_trace(trace)
            event = events[trace.name]
            if event is not None:
                print(f"note: {event.line()}; all samples are kept, 'spinode fit' will use the first {event.before}")


def parse_parameters(texts: list[str]) -> dict[str, Parameter]:
    """'radius=50nm' texts as named numbers in SI.

    Raises
    ------
    ValueError
        If a text is not name=quantity, or a name comes twice.
    """
    from spinode.traces import Parameter
    from spinode.units import in_brief, split_quantity

    result: dict[str, Parameter] = {}
    for text in texts:
        name, sign, quantity = text.partition("=")
        if not sign or not name.strip():
            raise ValueError(f"--param must be name=value such as radius=50nm, got '{in_brief(text)}'")
        if name.strip() in result:
            raise ValueError(f"--param must name each parameter once, got '{in_brief(name)}' twice")
        value, unit = split_quantity(quantity)
        result[name.strip()] = Parameter(value=value, unit=unit)
    return result


def _trace_json(trace: Trace, event: Event | None) -> dict[str, object]:
    return {
        "event": None if event is None else {"time": event.time, "sample": event.sample, "kind": event.kind},
        "name": trace.name,
        "source": trace.source,
        "samples": len(trace),
        "dt": trace.dt,
        "start": trace.output.start,
        "drive": _channels_json(trace.drive),
        "output": _channels_json(trace.output),
        "parameters": {name: {"value": p.value, "unit": p.unit} for name, p in trace.parameters.items()},
    }


def _channels_json(signal: Signal) -> list[dict[str, object]]:
    low, high = signal.values.min(axis=0), signal.values.max(axis=0)
    return [
        {"name": c.name, "unit": c.unit, "hold": c.hold, "minimum": float(a), "maximum": float(b)}
        for c, a, b in zip(signal.channels, low, high, strict=True)
    ]


def _print_trace(trace: Trace) -> None:
    from spinode.units import format_quantity

    rows = []
    for role, signal in (("input", trace.drive), ("output", trace.output)):
        for channel, values in zip(signal.channels, signal.values.T, strict=True):
            ends = [format_quantity(float(value), channel.unit) for value in (values.min(), values.max())]
            rows.append((channel.name, role, *ends, "held" if channel.hold else "smooth"))
    title = f"trace {trace.name}: {len(trace)} samples, dt {format_quantity(trace.dt, 's')}"
    print_table(("channel", "role", "from", "to", "between samples"), rows, title=title)
