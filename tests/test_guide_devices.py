"""The pages of the devices say what the code says, and a reader can add a device as the guide shows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest

from spinode.devices import (
    AutoOscillator,
    DomainWall,
    EnvelopeOscillator,
    NbOxNeuron,
    Synapse,
    VortexOscillator,
    WallNeuron,
)
from spinode.drives import Sampling, constant, join, noise, sine
from spinode.simulate import simulate, simulate_ensemble
from tests.guide_pages import ROOT, blocks_of, tables_of

TABLES: list[tuple[str, Any]] = [
    ("device_vortex", VortexOscillator),
    ("device_auto_oscillator", AutoOscillator),
    ("device_auto_oscillator", EnvelopeOscillator),
    ("device_wall", DomainWall),
    ("device_synapse_and_neuron", Synapse),
    ("device_synapse_and_neuron", WallNeuron),
    ("device_nbox", NbOxNeuron),
]
LINES = 30
RESONANCE = 1e-3  # relative; the solver's step is a sixtieth of a period, 2e-4 was measured
STIFF = 1e-3  # relative; harmonic balance leaves out what the third harmonic does to the first one, of order (b V^2)^2


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "device"), TABLES, ids=lambda value: getattr(value, "__name__", value))
def test_the_page_of_a_device_lists_every_parameter_as_the_code_has_it(name: str, device: Any) -> None:
    rows = [
        [f"`{item.name}`", f"{item.default:.6g}", item.metadata["unit"] or "1", item.metadata["text"]]
        for item in fields(device)
        if "unit" in item.metadata
    ]
    assert [row for row in rows if row not in tables_of(page(name))] == []


@pytest.mark.parametrize(("name", "device"), TABLES, ids=lambda value: getattr(value, "__name__", value))
def test_the_page_of_a_device_names_no_parameter_that_is_not_there(name: str, device: Any) -> None:
    known = {item.name for each, kind in TABLES if each == name for item in fields(kind) if "unit" in item.metadata}
    listed = [row[0].strip("`") for row in tables_of(page(name)) if len(row) == 4 and row[0].startswith("`")]
    assert set(listed) == known


@dataclass(frozen=True)
class Added:
    """The device of the guide, as its first block makes it."""

    make: Any
    code: str


@pytest.fixture(scope="module")
def added() -> Added:
    code = next(block.text for block in blocks_of(page("add_a_device")) if block.kind == "python")
    space: dict[str, Any] = {"__name__": "guide"}
    exec(compile(code, "add_a_device.md", "exec", dont_inherit=True), space)
    return Added(make=space["Resonator"], code=code)


def steady_amplitude(device: Any, current: float, frequency: float) -> float:
    """Of the first harmonic, over the last 20 ns: a whole number of periods."""
    sampling = Sampling(duration=150e-9, dt=0.025e-9)
    trace = simulate(device, sine(device.inputs[0], sampling, 0.0, current, frequency))
    turning = np.exp(-2j * np.pi * frequency * sampling.time[-800:])
    return float(2 * np.abs(np.mean(trace.output.values[-800:, 0] * turning)))


def test_the_device_of_the_guide_has_thirty_lines_below_its_imports(added: Added) -> None:
    lines = [line for line in added.code.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(lines) <= LINES


def test_the_device_of_the_guide_resonates_as_its_equation_says(added: Added) -> None:
    device = added.make(stiffening=0.0)
    for frequency in (0.9e9, 1e9, 1.1e9):
        w, w0, gamma = 2 * np.pi * frequency, 2 * np.pi * device.frequency, device.damping_rate
        exact = device.response * 1e-3 * w0**2 / np.hypot(w0**2 - w**2, gamma * w)
        assert steady_amplitude(device, 1e-3, frequency) == pytest.approx(exact, rel=RESONANCE)


def test_the_device_of_the_guide_stiffens_with_its_amplitude(added: Added) -> None:
    """Harmonic balance at an amplitude A: [w0^2 (1 + 3 b A^2/4) - w^2]^2 A^2 + (gamma w A)^2 = (w0^2 r I)^2."""
    device, amplitude = added.make(), 2e-3
    w, w0 = 2 * np.pi * 0.9e9, 2 * np.pi * device.frequency
    stiff = w0**2 * (1 + 0.75 * device.stiffening * amplitude**2)
    current = amplitude * np.hypot(stiff - w**2, device.damping_rate * w) / (w0**2 * device.response)
    assert steady_amplitude(device, float(current), 0.9e9) == pytest.approx(amplitude, rel=STIFF)


def test_an_ensemble_of_the_device_of_the_guide_is_its_members_one_by_one(added: Added) -> None:
    devices = [added.make(frequency=frequency) for frequency in (0.8e9, 1e9, 1.2e9)]
    drive = noise(devices[0].inputs[0], Sampling(duration=20e-9, dt=0.1e-9), 0.0, 1e-3, 1e9, np.random.default_rng(1))
    together = simulate_ensemble(devices, drive)
    for device, trace in zip(devices, together, strict=True):
        alone = simulate(device, drive, substeps=round(drive.dt / devices[-1].step + 0.5))
        assert np.allclose(trace.output.values, alone.output.values, atol=1e-5)


def test_a_number_that_cannot_be_is_refused_by_the_device_of_the_guide(added: Added) -> None:
    with pytest.raises(ValueError, match=r"Resonator\.frequency must be above 0, got -1e\+09"):
        added.make(frequency=-1e9)


def test_the_device_of_the_guide_rests_without_a_drive(added: Added) -> None:
    device = added.make()
    rest = simulate(device, join(constant(device.inputs[0], Sampling(duration=5e-9, dt=0.1e-9), 0.0)))
    assert (rest.output.values == 0).all()
