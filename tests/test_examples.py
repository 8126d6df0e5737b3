"""The examples: each asks one question, and answers it with one figure and one number."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
LARGEST = {
    "array_design": 0.05,  # of the locking half-width; 0.02 was measured, the law is to first order in the field
    "learn_a_skyrmion": 0.5,  # NRMSE; 0.38 was measured when the time was over at once, 0.005 when it was not
    "vortex_threshold": 1e-5,  # of the disk's radius; 1.2e-6 was measured
    "wall_walker": 1e-4,  # of the largest velocity; 1.5e-5 was measured
    "neuron_bursts": 1e-6,  # relative; 8.3e-8 was measured
    "wall_synapse": 0.03,  # of the step between levels; 0.006 was measured
    "kuramoto_transition": 0.012,  # of the order parameter; 4e-3 was measured
    "binding_events": 0.2,  # part of triples; 0.125 is the end of the interval when none of 27 is wrong
    "wall_neuron": 0.03,  # relative; 0.016 was measured
    "spoken_digits": 0.5,  # of the words of the smoke test; 0.30 was measured with 20 nodes, chance is 0.9
    "sweep_on_all_cores": 1e-5,  # of the disk's radius; 1.8e-6 was measured
    "sine_or_square": 0.1,  # of classes 0 and 1; 0.037 was measured, and 0.3 without memory
}
"""The number that an example prints is an error; what it must stay below."""
LINES = 80
SECONDS = 300
"""An example that hangs is ended after this; it takes seconds."""

_NUMBER = re.compile(r": (\d[\d.]*(?:e[-+]\d+)?)\n")

each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


@each_example
def test_an_example_is_short_and_begins_with_a_question(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    words = ast.get_docstring(ast.parse(text)) or ""
    assert words.splitlines()[0].endswith("?")
    assert len(text.splitlines()) < LINES


def check(path: Path, folder: Path, out: str, err: str) -> None:
    """One figure that shows something, one line that ends in a small number, and nothing else."""
    assert err == ""
    assert [file.name for file in folder.iterdir()] == ["figure.png"]
    assert imread(folder / "figure.png").std() > 0.01  # something is drawn
    printed = _NUMBER.findall(out)
    assert out.count("\n") == len(printed) == 1
    assert 0 < float(printed[0]) < LARGEST[path.stem]


@each_example
def test_an_example_writes_one_figure_and_prints_one_small_number(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which has loaded and compiled everything once for all of them; a warning is an error here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path), "--quick", "-o", "figure.png"])
    runpy.run_path(str(path), run_name="__main__")
    check(path, tmp_path, *capsys.readouterr())


def test_an_example_is_a_program_that_stands_alone(tmp_path: Path) -> None:
    path = FOLDER / "wall_walker.py"
    command = [sys.executable, "-W", "error", str(path), "--quick", "-o", "figure.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0
    check(path, tmp_path, done.stdout, done.stderr)


@each_example
def test_an_example_imports_only_what_is_installed_with_spinode(path: Path) -> None:
    """Nothing from tests or benchmarks, which this process could find and a user's could not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    names |= {alias.name for each in ast.walk(tree) if isinstance(each, ast.Import) for alias in each.names}
    assert {name.split(".")[0] for name in names} & {"tests", "benchmarks", "examples", ""} == set()
