"""The benchmark beside reservoirpy still runs, and the figure of the feedback's memory is still drawn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.mark.slow
def test_every_side_is_scored_on_every_task() -> None:
    pytest.importorskip("reservoirpy")
    command = [sys.executable, str(FOLDER / "reservoirs.py"), "--quick", "--nodes", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = {line.split("|")[1].strip(): line for line in done.stdout.splitlines() if line.startswith("| ")}
    for name in ("envelope, feedback", "envelope", "reservoirpy ESN", "static response", "shift register"):
        assert rows[name].count("+-") == 5


@pytest.mark.slow
def test_the_figure_of_the_memory_is_drawn(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "reservoir_memory_figure.py"), "--quick", "-o", "figure.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert imread(tmp_path / "figure.png").std() > 0.01
