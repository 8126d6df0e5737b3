"""The benchmark of oscillator steps still runs, and compares programs that solve one problem."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "oscillators.py"


def test_every_installed_peer_solves_the_same_oscillators_as_accurately_as_we_do() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--quick"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr  # it stops with a message where an error is larger than ours
    assert done.stdout.count("spinode Heun, noise") == 4
    assert done.stdout.count("spinode Runge-Kutta 8") == 2
    assert done.stdout.count("numpy") >= 4
