"""MuMax3 tables: what the program writes, what a crash leaves, and where an input jumped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.importers import StepRules, import_traces, read_table
from spinode.importers.steps import find_clock, place_jumps

HEADER = "# t (s)\tmx ()\tKu1.region100 (J/m3)\tgain (?)\n"
ON_A_NANOSECOND = 1e-9  # in nanoseconds: rounding of the times themselves


def rows(times: list[float], value: float = 8e5) -> str:
    return "".join(f"{t!r}\t{np.sin(1e9 * t):.7g}\t{value}\t1\n" for t in times)


def write(folder: Path, text: str) -> Path:
    path = folder / "table.txt"
    path.write_text(text)
    return path


def test_names_and_units_come_from_the_header(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, HEADER + rows([0, 1e-12, 2e-12])))
    assert [(c.name, c.unit) for c in table.columns] == [("mx", ""), ("Ku1.region100", "J/m3"), ("gain", "")]
    assert table.time.tolist() == [0, 1e-12, 2e-12]
    assert table.solver


def test_a_last_line_cut_in_half_is_left_out_with_a_warning(tmp_path: Path) -> None:
    text = HEADER + rows([0, 1e-12, 2e-12, 3e-12])
    for cut in (2, 8, 20):
        with pytest.warns(UserWarning, match=r"the last line \(5\) was cut and is left out"):
            assert len(read_table(write(tmp_path, text[:-cut])).time) == 3


def test_after_a_restart_the_later_block_replaces_what_it_repeats(tmp_path: Path) -> None:
    text = HEADER + rows([0, 1e-12, 2e-12, 3e-12]) + HEADER + rows([2e-12, 3e-12, 4e-12], 9e5)
    with pytest.warns(UserWarning, match="starts in line 6 replaces 2 earlier rows"):
        table = read_table(write(tmp_path, text))
    assert table.time.tolist() == [0, 1e-12, 2e-12, 3e-12, 4e-12]
    assert table.column("Ku1.region100").values.tolist() == [8e5, 8e5, 9e5, 9e5, 9e5]


def test_a_restart_that_goes_straight_on_is_silent(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, HEADER + rows([0, 1e-12]) + HEADER + rows([1e-12, 2e-12])))
    assert table.time.tolist() == [0, 1e-12, 2e-12]


def test_a_row_saved_twice_at_one_time_is_read_once(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, HEADER + rows([0, 1e-12, 1e-12, 2e-12])))
    assert table.time.tolist() == [0, 1e-12, 2e-12]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADER + rows([0, 2e-12, 1e-12]), "time goes back in row 3"),
        (HEADER + rows([0]), "at least 2 rows of numbers, got 1"),
        (HEADER, "at least 2 rows of numbers, got 0"),
        (HEADER + rows([0]) + "1e-12\tabc\t1\t1\n" + rows([2e-12]), "line 3 of table.txt must hold numbers, got 'abc'"),
        (HEADER + rows([0]) + "1e-12\t1\n" + rows([2e-12]), "line 3 of table.txt must have 4 numbers, got 2"),
        (HEADER + rows([0]) + "# t (s)\tmy ()\n" + rows([2e-12]), "line 3 of table.txt must repeat the first header"),
        ("# t (s)\tmx ()\nnan\t1\n1\t2\n", "finite times, got nan in row 1"),
    ],
)
def test_a_broken_table_is_refused_in_one_line_that_says_where(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        read_table(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_value_that_is_not_a_number_matters_only_in_a_column_that_is_used(tmp_path: Path) -> None:
    path = write(tmp_path, "# t (s)\tmx ()\tE (J)\n0\t1\t1\n1e-12\t2\tNaN\n2e-12\t3\t1\n3e-12\t3\t1\n")
    assert len(import_traces([path], [], ["mx"]).traces[0]) == 4
    with pytest.raises(ValueError, match=r"column 'E' of table.txt must be finite, got nan in row 2 \(1 such rows\)"):
        import_traces([path], [], ["E"])


def test_a_column_that_is_not_there_is_answered_with_the_closest_names(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + rows([0, 1e-12, 2e-12]))
    with pytest.raises(ValueError, match=r"column 'Ku1' is not there; closest: Ku1.region100 \(in table.txt\)"):
        import_traces([path], ["Ku1"], ["mx"])


def test_a_missing_an_empty_and_a_binary_file_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_table(tmp_path / "none.txt")
    with pytest.raises(ValueError, match="is empty"):
        read_table(write(tmp_path, " \n"))
    (tmp_path / "b.txt").write_bytes(b"\x7fELF\0\0\0")
    with pytest.raises(ValueError, match="other binary data"):
        read_table(tmp_path / "b.txt")
    with pytest.raises(ValueError, match="must be a file"):
        read_table(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=120), st.sampled_from([b"", HEADER.encode(), b"# ODT 1.0\n", b"t,V\n0,1\n", b"MATLAB 5.0"]))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_content_is_a_table_or_a_one_line_error(tmp_path: Path, content: bytes, start: bytes) -> None:
    path = tmp_path / "any.txt"
    path.write_bytes(start + content)
    try:
        read_table(path)
    except ValueError as error:
        assert "\n" not in str(error).strip("\n")


@pytest.mark.parametrize(("name", "count"), [("Ku1.region100", 31), ("Dind.region100", 15)])
def test_every_jump_of_the_real_table_falls_on_a_whole_nanosecond(shared_data: Path, name: str, count: int) -> None:
    # The script raises Ku for 1 ns at the start of each 4 ns step of D (data README), all on whole nanoseconds.
    table = read_table(shared_data / "mumax3_skyrmion" / "test_dmi_steps.txt")
    clock = find_clock(table.time)
    assert (clock.period, clock.uniform) == (5e-12, False)
    jumps, before = place_jumps(table.time, table.column(name).values, clock, StepRules(), solver=True)
    assert len(jumps) == count
    assert np.max(np.abs(jumps * 1e9 - np.rint(jumps * 1e9))) < ON_A_NANOSECOND
    if count == 31:
        assert before[:2].tolist() == [199, 799]
        assert jumps[:2] == pytest.approx([2e-9, 5e-9])
        assert jumps[before == 7400] == pytest.approx([38e-9])  # this run ended on a row of its own


def test_the_real_test_drive_becomes_steps_and_the_training_drive_stays_smooth(shared_data: Path) -> None:
    folder = shared_data / "mumax3_skyrmion"
    inputs = ["Ku1.region100", "Dind.region100"]
    traces = import_traces([folder / "test_dmi_steps.txt", folder / "train_ku_dmi.txt"], inputs, ["mz"], dt=5e-12)
    steps, smooth = traces.traces
    assert (len(steps), len(smooth)) == (12801, 30001)
    assert steps.drive.holds.tolist() == [True, True]
    assert smooth.drive.holds.tolist() == [False, False]
    assert len(np.unique(steps.drive.column("Ku1.region100"))) == 2
    assert len(np.unique(steps.drive.column("Dind.region100"))) == 16
    time = steps.output.time * 1e9
    high = (time > 1 - 1e-6) & ((time - 1) % 4 < 1 - 1e-6) | (np.abs((time - 1) % 4 - 4) < 1e-6)
    assert np.array_equal(steps.drive.column("Ku1.region100") > 8.2e5, high & (time < 65 - 1e-6))
