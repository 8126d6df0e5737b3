"""Does a fit of a 2 GB traces file stay within 4 GB of memory? Makes the file, fits and predicts, prints the peaks.

Run it with the Python that spinode is installed in: python benchmarks/memory.py [--gigabytes 2] [--minutes 1]
The file holds one Duffing oscillator, x'' = -x - x^3/2 - 0.1 x' + 0.6 f with a held random f; it goes afterwards.
Every command is a process of its own; its peak is the largest resident set that the system has counted for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from numba import njit

from spinode import __version__
from spinode.signals import FloatArray

DT = 4e-11
BLOCK = 1 << 20  # samples that are made and written at once


@njit(cache=True)
def duffing(force: FloatArray, state: FloatArray, result: FloatArray) -> None:
    """x at each sample of a held force, four Runge-Kutta steps a sample of 0.4; ``state`` is carried on."""
    h = 0.1
    x, v = state[0], state[1]
    for i in range(force.size):
        result[i, 0] = x
        for _ in range(4):
            a1 = -x - 0.5 * x**3 - 0.1 * v + 0.6 * force[i]
            x2, v2 = x + 0.5 * h * v, v + 0.5 * h * a1
            a2 = -x2 - 0.5 * x2**3 - 0.1 * v2 + 0.6 * force[i]
            x3, v3 = x + 0.5 * h * v2, v + 0.5 * h * a2
            a3 = -x3 - 0.5 * x3**3 - 0.1 * v3 + 0.6 * force[i]
            x4, v4 = x + h * v3, v + h * a3
            a4 = -x4 - 0.5 * x4**3 - 0.1 * v4 + 0.6 * force[i]
            x += h / 6 * (v + 2 * v2 + 2 * v3 + v4)
            v += h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
    state[0], state[1] = x, v


def dataset(group: h5py.Group, name: str, columns: int, samples: int) -> h5py.Dataset:
    """An empty dataset in the layout of ``spinode.storage``, without compression, so that 2 GB are 2 GB on the disk."""
    shape = (samples, columns) if columns else (samples,)
    return group.create_dataset(name, shape=shape, dtype="<f8", chunks=(1 << 15, *shape[1:]), track_times=False)


def make_file(path: Path, samples: int) -> None:
    """Write a traces file of one trace, a block at a time."""
    rng, state, text = np.random.default_rng(1), np.array([0.1, 0.0]), h5py.string_dtype()
    with h5py.File(path, "w") as file:
        names = {"spinode_schema": "traces/1", "spinode_version": __version__, "source": "", "seed": 1, "command": ""}
        file.attrs.update(names)
        group = file.create_group("trace0000")
        group.attrs.update({"name": "long", "source": "benchmarks/memory.py"})
        for part, kind in (("names", text), ("values", np.float64), ("units", text)):
            group.attrs.create(f"parameter_{part}", [], dtype=kind)
        group["dt"], group["start"] = np.float64(DT), np.float64(0.0)
        columns = {
            name: dataset(group, name, width, samples) for name, width in (("time", 0), ("drive", 1), ("output", 1))
        }
        for name, channel, unit in (("drive", "force", "A"), ("output", "position", "m")):
            group.create_dataset(f"{name}_channel", data=[channel], dtype=text)
            columns[name].attrs.create("units", [unit], dtype=text)
            columns[name].attrs["hold"] = np.array([name == "drive"], dtype=np.uint8)
        for first in range(0, samples, BLOCK):
            count = min(BLOCK, samples - first)
            force = np.repeat(rng.uniform(-1, 1, count // 8 + 1), 8)[:count]
            answer = np.empty((count, 1))
            duffing(force, state, answer)
            part = slice(first, first + count)
            columns["time"][part] = np.arange(first, first + count) * DT
            columns["drive"][part], columns["output"][part] = force[:, None], answer


def peak(words: list[str]) -> tuple[float, float, str]:
    """Peak resident memory [GB], seconds and output of one command of spinode."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        process = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "spinode", *words],
            dict(os.environ),
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        _, status, usage = os.wait4(process, 0)
        out.seek(0)
        text = out.read().decode()
    if status != 0:
        raise SystemExit(f"spinode {' '.join(words)} failed")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return usage.ru_maxrss * unit / 1e9, time.perf_counter() - begun, text


def main() -> None:
    """Print the size of the file and the peak memory of fit and predict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    samples = int(options.gigabytes * 1e9 / 24)
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < 2e9 * options.gigabytes:
            raise SystemExit(f"{folder} needs twice the size of the file free")
        data, twin = Path(folder) / "long.h5", Path(folder) / "twin.h5"
        make_file(data, samples)
        print(f"traces file: {data.stat().st_size / 1e9:.2f} GB, {samples} samples")
        minutes = ["--minutes", str(options.minutes), "--hidden", "0"]
        gigabytes, seconds, _ = peak(["fit", str(data), "-o", str(twin), *minutes])
        print(f"spinode fit: peak {gigabytes:.2f} GB, {seconds:.0f} s")
        end = f"{samples - 20000}:{samples}"
        gigabytes, seconds, text = peak(["predict", str(twin), str(data), "--samples", end, "--json"])
        print(f"spinode predict of the last 20000 samples: peak {gigabytes:.2f} GB, {seconds:.0f} s,"
              f" NRMSE {json.loads(text)['nrmse']}")  # fmt: skip


if __name__ == "__main__":
    main()
