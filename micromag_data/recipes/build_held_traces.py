"""Assemble vortex_stno.h5 or domain_wall.h5 from the tables of its recipe; runs where spinode is installed.

python build_held_traces.py vortex train test growth_0mA --folder vortex --out vortex_stno.h5
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spinode.signals import Channel, signal_of
from spinode.storage import read_traces, write_traces
from spinode.traces import Parameter, Trace, TraceSet


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Columns of a recipe's table, and the static parameters with their units."""

    recipe: str
    about: str
    header: str
    outputs: dict[str, str]  # name -> unit
    drives: dict[str, str]
    parameters: dict[str, str]  # of the recipe's plan
    signs: tuple[str, ...]  # parameters that are +1 by construction


FILM = {
    "thickness": "m",
    "cell": "m",
    "saturation_magnetization": "A/m",
    "exchange_stiffness": "J/m",
    "damping": "",
}
LAYOUTS = {
    "vortex": Layout(
        recipe="vortex_stno.py",
        about="vortex core of a permalloy disk under spin torque and Oersted field",
        header="# t (s)\tmx ()\tmy ()\tmz ()\tcore_x (m)\tcore_y (m)\tcore_mz ()\tcurrent (A)",
        outputs={"mx": "", "my": "", "core_x": "m", "core_y": "m"},
        drives={"current": "A"},
        parameters={"radius": "m", "polarization": "", **FILM},
        signs=("polarity", "chirality"),
    ),
    "wall": Layout(
        recipe="domain_wall.py",
        about="domain wall in a perpendicular strip under spin-orbit torque, with a gated anisotropy step",
        header="# t (s)\tmx ()\tmy ()\tmz ()\tq (m)\tphi (rad)\tcurrent_density (A/m2)\tgate (J/m3)",
        outputs={"mz": "", "q": "m", "phi": "rad"},
        drives={"current_density": "A/m2", "gate": "J/m3"},
        parameters={
            "length": "m",
            "width": "m",
            "anisotropy": "J/m3",
            "dmi": "J/m2",
            "spin_hall_angle": "",
            "step_position": "m",
            "step_width": "m",
            **FILM,
        },
        signs=("charge",),
    ),
}


def table_trace(path: Path, layout: Layout) -> Trace:
    """Return the trace of one table after checking its header and that time is exactly i * sample."""
    summary = json.loads(path.with_name(path.name + ".json").read_text())
    plan = summary["plan"]
    settings, interval = plan["settings"], plan["sample"]
    with path.open() as file:
        header = file.readline().rstrip("\n")
    if header != layout.header:
        raise SystemExit(f"{path}: the header must be {layout.header!r}, got {header!r}")
    names = [word.split(" ")[0] for word in header.removeprefix("# ").split("\t")]
    table = dict(zip(names, np.loadtxt(path).T, strict=True))
    if np.abs(table["t"] - np.arange(table["t"].size) * interval).max() > 1e-6 * interval:
        raise SystemExit(f"{path}: the time column must be i * {interval} s")
    parameters = {name: Parameter(value=settings[name], unit=unit) for name, unit in layout.parameters.items()}
    parameters |= {name: Parameter(value=1.0) for name in layout.signs}
    outputs = [Channel(name=name, unit=unit) for name, unit in layout.outputs.items()]
    drives = [Channel(name=name, unit=unit, hold=True) for name, unit in layout.drives.items()]
    own = {name: value for name, value in settings.items() if name not in layout.parameters}
    return Trace(
        drive=signal_of(np.column_stack([table[name] for name in layout.drives]), interval, *drives),
        output=signal_of(np.column_stack([table[name] for name in layout.outputs]), interval, *outputs),
        parameters=parameters,
        name=path.stem,
        source=f"magnum.np 2.2.0, {layout.recipe} {path.stem}: {json.dumps(own)}",
    )


def main() -> None:
    """Read the tables, write the file and read it back."""
    parser = argparse.ArgumentParser(description="Tables of vortex_stno.py or domain_wall.py to one HDF5 file.")
    parser.add_argument("kind", choices=sorted(LAYOUTS))
    parser.add_argument("names", nargs="+", help="NAME.txt with NAME.txt.json beside it")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    layout = LAYOUTS[options.kind]
    traces = TraceSet(tuple(table_trace(options.folder / f"{name}.txt", layout) for name in options.names))
    command = f"{layout.recipe} {' '.join(options.names)}; build_held_traces.py"
    write_traces(options.out, traces, command=command, source=f"magnum.np 2.2.0: {layout.about}", force=True)
    for trace in read_traces(options.out):
        print(f"{trace.name}: {len(trace)} samples of {trace.dt:g} s")
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
