"""Assemble skyrmion_vcma.h5 from the tables of skyrmion_vcma.py; runs where spinode is installed, without magnum.np.

python build_skyrmion_vcma.py train.txt test.txt --out skyrmion_vcma.h5
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from spinode.signals import Channel, signal_of
from spinode.storage import read_traces, write_traces
from spinode.traces import Parameter, Trace, TraceSet

COLUMNS = "# t (s)\tmx ()\tmy ()\tmz ()\tKu1 (J/m3)"
UNITS = {
    "diameter": "m",
    "thickness": "m",
    "cell": "m",
    "saturation": "A/m",
    "exchange": "J/m",
    "anisotropy": "J/m3",
    "dmi": "J/m2",
}


def read_table(path: Path, interval: float) -> np.ndarray:
    """Return the columns of one table after checking its header and that time is exactly i * interval."""
    with path.open() as file:
        header = file.readline().rstrip("\n")
    if header != COLUMNS:
        raise SystemExit(f"{path}: the header must be {COLUMNS!r}, got {header!r}")
    table = np.loadtxt(path)
    if np.abs(table[:, 0] - np.arange(len(table)) * interval).max() > 1e-6 * interval:
        raise SystemExit(f"{path}: the time column must be i * {interval} s")
    return table


def table_trace(path: Path) -> Trace:
    """Return the trace of one table: drive Ku1, output mz; mx and my are rounding noise by symmetry and left out."""
    plan = json.loads(path.with_name(path.name + ".json").read_text())["plan"]
    table = read_table(path, plan["sample"])
    parameters = {name: Parameter(value=plan["disk"][name], unit=unit) for name, unit in UNITS.items()}
    parameters["alpha"] = Parameter(value=plan["alpha"])
    drive = plan["drive"]
    return Trace(
        drive=signal_of(table[:, 4], plan["sample"], Channel(name="Ku1", unit="J/m3")),
        output=signal_of(table[:, 3], plan["sample"], Channel(name="mz")),
        parameters=parameters,
        name=path.stem,
        source=f"magnum.np 2.2.0, skyrmion_vcma.py --part {path.stem}: Ku1 = {drive['centre']:g}"
        f" + {drive['amplitude']:g} r_i sin(2 pi {drive['frequency']:g} t) J/m3, r_i from seed {drive['seed']}",
    )


def main() -> None:
    """Read the tables, write the file and read it back."""
    parser = argparse.ArgumentParser(description="Tables of skyrmion_vcma.py to one spinode HDF5 file.")
    parser.add_argument("tables", nargs="+", type=Path, help="TABLE.txt with TABLE.txt.json beside it")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    traces = TraceSet(tuple(table_trace(path) for path in options.tables))
    command = "skyrmion_vcma.py --part train; --part test; build_skyrmion_vcma.py"
    source = "magnum.np 2.2.0: Neel skyrmion in an 80 nm disk driven by its anisotropy"
    write_traces(options.out, traces, command=command, source=source, force=True)
    for trace in read_traces(options.out):
        mz = trace.output.column("mz")
        print(f"{trace.name}: {len(trace)} samples of {trace.dt:g} s, mz {mz.min():.4f} to {mz.max():.4f}")
    print(f"{options.out}: {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
