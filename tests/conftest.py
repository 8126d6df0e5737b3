"""Fixtures that many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.limit_cycle_problem import training_trace
from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.traces import TraceSet
from tests.known_devices import FAST, duffing, random_levels


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data (SPINODE_DATA, or ../shared/data beside the repository); a test without it is skipped."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SPINODE_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SPINODE_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def duffing_twin() -> Surrogate:
    """Surrogate of the Duffing oscillator in ``known_devices``; one for all tests, since it takes seconds to fit."""
    return fit(TraceSet((duffing(random_levels(1500, 1)),)), FAST, name="duffing")


@pytest.fixture(scope="session")
def vortex_twin() -> Surrogate:
    """Surrogate of a free-running vortex oscillator from a quarter of a microsecond: one degree, no network."""
    settings = FitSettings(degrees=((5, 1),), hidden=(), minutes=30.0)
    return fit(TraceSet((training_trace(0.25e-6, 1),)), settings, name="vortex")
