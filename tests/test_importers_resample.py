"""Resampling: smooth columns converge, steps stay steps and keep their area, jumps go where the rule says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinode.importers import Column, StepRules, Table, import_traces
from spinode.importers.resample import Grid, choose_grid, resample, smooth_samples
from spinode.importers.steps import find_clock, held_samples, is_stepped, place_jumps
from spinode.signals import FloatArray
from spinode.traces import Parameter

ORDER_MARGIN = 0.15
ROUNDING = 1e-12


def table(time: FloatArray, *columns: FloatArray, solver: bool = True) -> Table:
    named = tuple(Column(name=f"c{n}", unit="", values=np.asarray(c, dtype=float)) for n, c in enumerate(columns))
    return Table(time=time, columns=named, source="table", solver=solver)


def solver_rows(stops: list[float], period: float = 5.0, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """What a program with its own steps writes, and how many runs had ended when each row was written.

    A row at the first step at or after each multiple of the period; each run ends exactly at its stop; an input that
    is raised by one between runs therefore shows the number of runs that ended before the step that wrote the row.
    """
    rng = np.random.default_rng(seed)
    time, value, rows = 0.0, 0, [(0.0, 0.0)]
    count = 1
    for stop in stops:
        while time < stop:
            step = float(rng.uniform(0.01, 0.05))
            time = stop if time + step >= stop else time + step
            if time >= count * period:
                rows.append((time, float(value)))
                count += 1
        value += 1
    array = np.array(rows)
    return array[:, 0], array[:, 1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(2, 12), min_size=4, max_size=8), st.integers(0, 99))
def test_every_jump_between_runs_of_whole_periods_is_found_exactly(lengths: list[int], seed: int) -> None:
    stops = np.cumsum(lengths) * 5.0
    time, value = solver_rows(stops.tolist(), seed=seed)
    clock = find_clock(time)
    assert (clock.period, clock.uniform) == (5.0, False)
    jumps, _ = place_jumps(time, value, clock, StepRules(), solver=True)
    assert jumps == pytest.approx(stops[: len(jumps)], abs=1e-9)
    assert len(jumps) >= len(stops) - 1


def test_the_rule_may_be_told() -> None:
    time, value = solver_rows([52.0, 104.0, 156.0])  # runs that end between multiples of the period
    clock = find_clock(time)

    def placed(jumps: str) -> list[float]:
        return place_jumps(time, value, clock, StepRules(jumps=jumps), solver=True)[0].tolist()

    assert placed("grid:52s") == [52.0, 104.0]
    assert placed("before") == time[np.flatnonzero(np.diff(value))].tolist()
    assert placed("after") == time[np.flatnonzero(np.diff(value)) + 1].tolist()
    with pytest.raises(
        ValueError, match=r"jumps=grid:40s has no multiple between rows \d+ and \d+ .* give a finer grid"
    ):
        placed("grid:40s")


@pytest.mark.parametrize(
    ("jumps", "says"),
    [
        ("never", "jumps must be auto, before, after or grid:PERIOD"),
        ("grid:", "must start with a number"),
        ("grid:5V", "must be a quantity in s"),
        ("grid:0s", "positive period"),
    ],
)
def test_an_unknown_rule_is_refused(jumps: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        StepRules(jumps=jumps)


def test_a_column_cannot_be_held_and_smooth() -> None:
    with pytest.raises(ValueError, match="got both for 'u'"):
        StepRules(holds=("u",), smooths=("u",))


def test_rows_exactly_on_multiples_jump_at_the_last_old_row_in_programs_and_at_the_first_new_row_in_samples() -> None:
    time = np.arange(20) * 5e-12
    value = (np.arange(20) > 9).astype(float)
    for solver, wanted in ((True, time[9]), (False, time[10])):
        jumps, rows = place_jumps(time, value, find_clock(time), StepRules(), solver=solver)
        assert (jumps.tolist(), rows.tolist()) == ([wanted], [9])


def test_rows_at_no_multiples_jump_at_the_last_old_row_in_programs() -> None:
    time = np.array([0.0, 1.3, 1.9, 4.7, 5.2, 9.9])
    jumps, _ = place_jumps(time, np.array([0.0, 0, 0, 1, 1, 1]), find_clock(time), StepRules(), solver=True)
    assert jumps.tolist() == [1.9]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.0, 50.0), min_size=1, max_size=12, unique=True),
    st.floats(0.3, 3.0),
    st.integers(0, 1000),
)
def test_held_samples_keep_the_area_under_the_steps(places: list[float], dt: float, seed: int) -> None:
    jumps = np.sort(np.array(places))
    levels = np.random.default_rng(seed).normal(size=len(jumps) + 1)
    time = np.arange(len(levels), dtype=float)  # one row a plateau: rows only carry the levels
    grid = np.arange(int(60 / dt)) * dt
    held = held_samples(time, levels, grid, jumps, np.arange(len(jumps)))
    ends = np.concatenate(([0.0], jumps, [grid[-1] + dt]))
    area = np.sum(np.diff(ends) * levels)
    assert np.sum(held) * dt == pytest.approx(area, abs=1e-9 + 2e-6 * dt * np.abs(np.diff(levels)).sum())
    assert held.max() <= levels.max() + 1e-12
    assert held.min() >= levels.min() - 1e-12


def test_a_jump_on_a_sample_is_exact_and_single_precision_noise_is_removed() -> None:
    value = np.array([839999.94, 840000.06, 839999.94, 800000.0, 800000.06, 800000.0, 800000.0])
    rows = table(np.arange(7.0), value, solver=False)
    assert is_stepped(value)
    signal = resample(rows, rows.columns, Grid(start=0.0, dt=1.0, count=7), (True,), StepRules())
    assert signal.values[:, 0].tolist() == [839999.94] * 3 + [800000.0] * 4


@pytest.mark.parametrize(
    ("name", "values", "stepped"),
    [
        ("a sine", np.sin(np.arange(100.0)), False),
        ("a constant", np.full(100, 3.0), True),
        ("a square wave", np.repeat(np.arange(10) % 2, 10), True),
        ("steps of five rows", np.repeat(np.random.default_rng(1).normal(size=20), 5), True),
        ("one pulse of one row", (np.arange(100) == 50).astype(float), True),
        ("a trapezoid", np.clip(np.abs(np.arange(100.0) - 50), 20, 30), False),
        ("noise", np.random.default_rng(1).normal(size=100), False),
    ],
)
def test_steps_are_told_from_smooth_columns(name: str, values: FloatArray, stepped: bool) -> None:
    assert is_stepped(np.asarray(values, dtype=float)) is stepped, name


def test_smooth_columns_converge_with_fourth_order_from_uneven_rows() -> None:
    steps, errors = np.array([50, 100, 200, 400]), []
    for count in steps:
        even = np.linspace(0, 10, count + 1)
        time = even + 0.5 * np.sin(2 * np.pi * even / 10)
        grid = Grid(start=0.0, dt=10 / 2999, count=3000)
        error = np.abs(smooth_samples(time, np.sin(time), grid, solver=True) - np.sin(grid.time))
        errors.append(np.max(error[300:-300]))  # the ends need finer rows before they show their order
    assert abs(-np.polyfit(np.log(steps), np.log(errors), 1)[0] - 4) < ORDER_MARGIN


def test_rows_that_are_the_samples_already_are_kept_to_the_bit() -> None:
    time = np.arange(50) * 5e-12
    noise = np.random.default_rng(1).normal(size=50)
    rows = table(time, noise)
    grid = choose_grid(rows, find_clock(time), None)
    assert (grid.dt, grid.count) == (5e-12, 50)
    assert smooth_samples(time, noise, grid, solver=False).tolist() == noise.tolist()


def test_the_sample_interval_is_the_table_period_behind_scattered_rows() -> None:
    time, value = solver_rows([500.0])
    grid = choose_grid(table(time * 1e-12, value), find_clock(time * 1e-12), None)
    assert grid.dt == 5e-12
    assert grid.count in (100, 101)


def test_equal_rows_with_rounded_times_keep_their_own_step() -> None:
    time = np.array([float(f"{n / 3:.6f}") for n in range(300)])
    noise = np.random.default_rng(1).normal(size=300)
    grid = choose_grid(table(time, noise, solver=False), find_clock(time), None)
    assert grid.dt == pytest.approx(1 / 3, rel=1e-5)
    assert smooth_samples(time, noise, grid, solver=False).tolist() == noise.tolist()


@pytest.mark.parametrize("dt", [0.0, -1.0, float("nan"), 30.0, 1e-12])
def test_an_impossible_sample_interval_is_refused(dt: float) -> None:
    rows = table(np.arange(50.0), np.arange(50.0))
    with pytest.raises(ValueError, match="dt must"):
        choose_grid(rows, find_clock(rows.time), dt)


def test_a_coarse_sample_interval_and_a_gap_are_reported() -> None:
    rows = table(np.arange(50.0), np.arange(50.0))
    with pytest.warns(UserWarning, match=r"dt 2 s is coarser than its rows \(1 s\)"):
        choose_grid(rows, find_clock(rows.time), 2.0)
    time = np.concatenate((np.arange(50.0), 90 + np.arange(50.0)))
    with pytest.warns(UserWarning, match="41 s without rows after row 50"):
        choose_grid(table(time, time), find_clock(time), 1.0)


def write(path: Path, rows: int = 20) -> Path:
    lines = [f"{n}\t{int(n > 9)}\t{np.sin(n):.8f}\n" for n in range(rows)]
    path.write_text("# t (s)\tB (mT)\tmx ()\n" + "".join(lines))
    return path


def test_traces_carry_names_units_parameters_and_origin(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.txt"), write(tmp_path / "b.txt", 30)]
    (tmp_path / "sub").mkdir()
    paths.append(write(tmp_path / "sub" / "a.txt"))
    traces = import_traces(paths, ["B"], ["mx"], parameters={"radius": Parameter(value=5e-8, unit="m")})
    assert [(t.name, len(t), t.source) for t in traces] == [
        ("a", 20, "a.txt"),
        ("b", 30, "b.txt"),
        ("a-2", 20, "a.txt"),
    ]
    assert traces["b"].drive.channels[0].unit == "T"
    assert traces["b"].parameters["radius"].value == 5e-8


def test_the_user_may_hold_or_smooth_an_input(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    smooth = import_traces([path], ["B"], ["mx"], rules=StepRules(smooths=("B",)))
    assert smooth.traces[0].drive.holds.tolist() == [False]
    held = import_traces([path], ["mx"], ["mx"], rules=StepRules(holds=("mx",), jumps="after"))
    assert held.traces[0].drive.holds.tolist() == [True]
    assert held.traces[0].drive.values[:, 0] == pytest.approx(held.traces[0].output.values[:, 0], abs=ROUNDING)
    with pytest.raises(ValueError, match=r"held and smooth columns must be inputs \(B\), got 'mx'"):
        import_traces([path], ["B"], ["mx"], rules=StepRules(holds=("mx",)))


def test_no_tables_or_no_outputs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one table"):
        import_traces([], [], ["mx"])
    with pytest.raises(ValueError, match="at least one output"):
        import_traces([write(tmp_path / "a.txt")], ["B"], [])
