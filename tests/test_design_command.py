"""``spinode design``: what it prints and writes, and what it says of a specification that cannot be."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from spinode.cli import main
from spinode.design import DesignSpec
from spinode.design.text import make_spec, read_toml, spec_to_toml

QUICK = ["--set", "number=5", "--set", "spacing=2MHz", "--set", "draws=20"]


def run(*words: str) -> int:
    return main(["design", *words])


def test_the_json_has_rows_oscillators_limits_and_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*QUICK, "--json", "--verify", "--workers", "1") == 0
    found = json.loads(capsys.readouterr().out)
    assert {"rows", "oscillators", "limits", "verdict", "verification", "seed"} == set(found)
    assert all(set(row) == {"name", "value", "unit", "formula", "source"} for row in found["rows"])
    assert all(row["formula"] and row["source"] for row in found["rows"])
    assert len({row["name"] for row in found["rows"]}) == len(found["rows"])
    assert len(found["oscillators"]) == 5
    lines = [each["frequency"] for each in found["oscillators"]]
    np.testing.assert_allclose(np.diff(lines), 2e6, rtol=1e-5)
    assert found["verification"]["right"] == found["verification"]["tones"] == 5


def test_the_table_ends_with_the_limits_and_one_line_of_the_verification(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*QUICK, "--verify", "--workers", "1") == 0
    out = capsys.readouterr().out
    for text in (
        "locking half-width",
        "Slavin and Tiberkevich",
        "lithography grid without trims",
        "5 of 5 oscillators",
    ):
        assert text in out
    assert "5 of 5 tones are followed by exactly the right oscillator" in out.splitlines()[-1]


def test_files_are_written_and_the_spec_comes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--csv", str(tmp_path / "a.csv"), "--plot", str(tmp_path / "a.png"), "-o", str(tmp_path / "a.toml")]
    words = [*QUICK, "--set", "damping=0.008", "--set", "gap=301nm"]
    assert run(*words, *files) == 0
    first = capsys.readouterr().out
    table = list(csv.reader((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
    assert len(table) == 6 and len({len(line) for line in table}) == 1
    assert table[0][:3] == ["number", "radius (m)", "thickness (m)"]
    assert imread(tmp_path / "a.png").std() > 0.01
    assert run("--spec", str(tmp_path / "a.toml")) == 0
    assert capsys.readouterr().out == first
    assert run(*words, *files) == 1  # nothing is overwritten unasked
    assert "--force" in capsys.readouterr().err


def test_a_spec_survives_its_text() -> None:
    spec = make_spec({"spacing": "1.7 MHz", "rf_field": 7.123456789e-6, "smallest_radius": "81.3nm", "damping": 0.0123})
    assert make_spec(read_toml(spec_to_toml(spec), "text")) == spec
    assert make_spec({"spacing": "none"}, spec).spacing is None
    assert make_spec({}) == DesignSpec()


def test_a_setting_wins_over_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "spec.toml"
    file.write_text('number = 7\nspacing = "2MHz"\n[device]\ndamping = 0.01\n', encoding="utf-8")
    assert run("--spec", str(file), "--set", "number=3", "--set", "draws=5", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["oscillators"]) == 3


IMPOSSIBLE = (
    ("highest_frequency=900MHz", "must be at most 716.9 MHz"),
    ("lowest_frequency=320MHz", "must be at least 386.8 MHz"),
    ("lowest_frequency=100MHz", "must be at least 386.8 MHz"),
    ("largest_current=1mA", "must be at least 2.984 mA"),
    ("smallest_current=10mA", "must be at most 6.065 mA"),
    ("supercriticality=5", "the core passes 320 m/s"),
    ("supercriticality=5 critical_velocity=10km/s", "the core is expelled"),
    ("supercriticality=0.9", "must be above 1"),
    ("rf_field=10uT locking_half_width=200kHz", "needs a wider orbit"),
    ("spacing=0.5MHz", "at least 800 kHz apart"),
    ("spacing=0.5MHz rf_field=10uT", "at least 800 kHz apart"),
    ("number=1000", "at least 800 kHz apart"),
    ("number=1000 spacing=1MHz", "must be at most 331"),
    ("spacing=1GHz", "must be at most the span"),
    ("spacing=1MHz supercriticality=1.2", "twice the locking half-width"),
    ("locking_half_width=1Hz", "must be at most 10000"),
    ("largest_radius=75nm", "one radius is one frequency"),
    ("smallest_radius=5nm", "above the core radius"),
    ("bias=series chain_current=1mA", "chain_current must be between"),
    ("bias=series smallest_thickness=8nm largest_thickness=12nm chain_current=1mA", "chain_current must be between"),
    ("lowest_frequency=800MHz highest_frequency=700MHz", "must be at most highest_frequency"),
    ("polarizer_tilt=90deg", "no current lets overcome"),
)


@pytest.mark.parametrize(("asked", "reason"), IMPOSSIBLE, ids=[asked for asked, _ in IMPOSSIBLE])
def test_what_cannot_be_is_one_line_with_a_limit_and_a_change_that_works(
    asked: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for setting in asked.split() for word in ("--set", setting)]
    assert run(*words) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert reason in captured.err
    assert "; try " in captured.err
    offers = re.findall(r"(\w+)=(\S+?)(?=[\s,;]|$)", captured.err.split("; try ")[1])
    if asked.startswith("lowest_frequency=800MHz"):
        return  # the order of the two is mended; that no pillar is so fast is the next line
    values: dict[str, object] = dict(setting.split("=") for setting in asked.split())
    for name, value in offers:
        assert_can_be({**values, name: value} | ({"number": 5} if "at most 10000" in reason else {}))


def test_a_name_that_no_design_has_is_answered_with_the_closest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--set", "spacng=1MHz") == 1
    told = capsys.readouterr().err
    assert (
        told.startswith("spinode: design parameter 'spacng' is not there; closest: spacing") and told.count("\n") == 1
    )


def assert_can_be(values: dict[str, object]) -> None:
    from spinode.design.comb import make_comb

    assert len(make_comb(make_spec(values)).orbits) >= 2


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--set", "spacng=1MHz"], "closest: spacing"),
        (["--set", "spacing=1mA"], "must be a quantity in Hz"),
        (["--set", "spacing"], "must be name=value"),
        (["--set", "radius=100nm"], "try smallest_radius"),
        (["--set", "bias=both"], "individual or series"),
        (["--set", "number=2.5"], "whole number"),
        (["--set", "spacing=-1MHz"], "must be above 0"),
        (["--spec", "absent.toml"], "absent.toml"),
        (["--plot", "figure.xyz"], "must end in"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_setting_is_one_line(words: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


@pytest.mark.parametrize("text", ["spacing = ", "a = [1]", "device = 3", "[spacing]\nx = 1", "spacing = true"])
def test_a_file_that_is_no_spec_is_one_line(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    assert run("--spec", str(tmp_path / "bad.toml")) == 1
    assert capsys.readouterr().err.count("\n") == 1
