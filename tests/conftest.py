"""Fixtures that many tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.limit_cycle_problem import training_trace
from spinode.design.text import make_spec
from spinode.design_page.server import PageServer, make_server
from spinode.surrogate import FitSettings, Surrogate, fit
from spinode.traces import TraceSet
from tests.known_devices import FAST, duffing, random_levels
from tests.page_client import SEED


@pytest.fixture(autouse=True)
def untried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were edited by hand are not tried in a process of their own, which takes half a second each time."""
    if "tried" not in request.fixturenames:
        monkeypatch.setattr("spinode.hdf5.survives", lambda path: True)


@pytest.fixture
def tried() -> None:
    """For a test in which they are."""


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


@pytest.fixture(scope="session")
def page_server() -> Iterator[PageServer]:
    """The page of the array calculator, answering at a free port."""
    with make_server(make_spec({"draws": 20}), SEED, 0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
