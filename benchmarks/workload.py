"""What the benchmarks share: the traces they run on, clocks, and one line about the machine."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from spinode.bundled import bundled_data
from spinode.importers import import_traces
from spinode.signals import Signal
from spinode.storage import read_traces
from spinode.traces import Trace, TraceSet

SAMPLE = 5e-12
"""Sample interval of the traces [s]."""
TRAINING = (1000, 11000)
"""Training samples, those of Chen et al., Nat. Commun. 13, 1016 (2022)."""
STEPS = 12_800
"""Steps of the timed free run: the length of the shared test table."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Training traces, a test trace of ``STEPS`` steps, and where they come from."""

    training: TraceSet
    test: Trace
    origin: str


def load() -> Workload:
    """The MuMax3 tables where SPINODE_DATA or ../shared/data has them, else the data that comes with spinode."""
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(os.environ.get("SPINODE_DATA", beside)) / "mumax3_skyrmion"
    tables = [folder / "train_ku_dmi.txt", folder / "test_dmi_steps.txt"]
    if all(table.is_file() for table in tables):
        train, test = import_traces(tables, ["Ku1.region100", "Dind.region100"], ["mz"], dt=SAMPLE)
        origin = "MuMax3 skyrmion tables"
    else:
        bundled = read_traces(bundled_data("skyrmion_vcma.h5"))
        train, test = (replace(bundled[name], parameters={}) for name in ("train", "test"))
        origin = "bundled skyrmion traces, the test trace repeated"
    return Workload(training=TraceSet((train.samples(*TRAINING),)), test=_of_length(test, STEPS + 1), origin=origin)


def _of_length(trace: Trace, samples: int) -> Trace:
    """The trace cut or repeated to this many samples."""
    rows = np.arange(samples) % len(trace)

    def chosen(signal: Signal) -> Signal:
        return replace(signal, values=signal.values[rows])

    return replace(trace, drive=chosen(trace.drive), output=chosen(trace.output))


def clocks() -> np.ndarray:
    """Wall time and processor time of this process [s], shape (2,)."""
    return np.array([time.perf_counter(), time.process_time()])


def machine() -> str:
    """Cores, load and versions, in one line."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "torch", "torchdiffeq"))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}, {packages}"
