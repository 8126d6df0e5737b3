"""The analytic devices against the bundled micromagnetic traces: what is asked of them, and that a wrong one fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "against_micromagnetics.py"


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], dict[str, float]]:
    done = subprocess.run([sys.executable, str(SCRIPT), "--json"], capture_output=True, text=True, check=True)
    return {(row["trace"], row["quantity"]): row for row in json.loads(done.stdout)["rows"]}


def errors(rows: dict[tuple[str, str], dict[str, float]], trace: str, quantity: str) -> list[float]:
    return [abs(row["error"]) for key, row in rows.items() if key[0].startswith(trace) and key[1] == quantity]


def test_the_frequency_of_the_vortex_is_right_at_every_current(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    found = errors(rows, "growth", "frequency")
    assert len(found) >= 4 and max(found) < 0.02


def test_the_growth_rate_calibrated_without_current_is_right_at_the_other_currents(
    rows: dict[tuple[str, str], dict[str, float]],
) -> None:
    found = errors(rows, "growth", "growth rate")
    assert len(found) >= 4 and max(found) < 0.10


def test_the_wall_moves_at_the_right_velocity_and_comes_free_at_the_right_current(
    rows: dict[tuple[str, str], dict[str, float]],
) -> None:
    found = errors(rows, "velocity", "velocity")
    assert len(found) >= 3 and max(found) < 0.10
    assert errors(rows, "depinning", "depinning current") == [pytest.approx(0, abs=0.10)]


def test_a_wall_of_the_wrong_torque_would_be_found_out(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    """The limits are worth something: a spin Hall angle 30 % off breaks the velocity at the lowest current."""
    sys.path.insert(0, str(SCRIPT.parent))
    try:
        import against_micromagnetics
    finally:
        sys.path.pop(0)
    from dataclasses import replace

    from spinode.bundled import bundled_data
    from spinode.storage import read_traces

    traces = read_traces(bundled_data("domain_wall.h5"))
    wall = against_micromagnetics.wall_of(next(iter(traces)))
    weak = replace(wall, spin_hall_angle=0.7 * wall.spin_hall_angle)
    row = rows["velocity_0.5e11", "velocity"]
    assert abs(weak.steady_motion(current_density=0.5e11).velocity / row["measured"] - 1) > 0.10
