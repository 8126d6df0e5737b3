"""CSV files and oscilloscope exports; the samples follow the layouts of the makers, numbers and names are ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spinode.importers import import_traces, read_table

VOLTS = [0.1, 0.3, 0.2, 0.5]
TEKTRONIX = """Model,MSO64\r
Firmware Version,1.2\r
\r
Waveform Type,ANALOG\r
Horizontal Units,s\r
Sample Interval,4e-10\r
Record Length,4\r
\r
\r
TIME,CH1\r
-8.0e-10,0.1\r
-4.0e-10,0.3\r
0,0.2\r
4.0e-10,0.5\r
"""
OLD_TEKTRONIX = """Record Length,4,Points,-8.0e-10,0.1
Sample Interval,4e-10,s,-4.0e-10,0.3
Source,CH2,,0.0,0.2
Vertical Units,V,,4.0e-10,0.5
"""
KEYSIGHT = """x-axis,1
second,Volt
-8.0E-10,+0.1
-4.0E-10,+0.3
0,+0.2
+4.0E-10,+0.5
"""
LECROY = """LECROYWS64,1234,Waveform
Segments,1,SegmentSize,4
Segment,TrigTime,TimeSinceSegment1
#1,01-Jan-2024 10:00:00,0
Time,Ampl
-8e-10,0.1
-4e-10,0.3
0,0.2
4e-10,0.5
"""
RIGOL = """X,CH1,Start,Increment,
Sequence,Volt,-8e-10,4e-10,
0,0.1,,
1,0.3,,
2,0.2,,
3,0.5,,
"""
SIGLENT = """Record Length,Analog:4
Sample Interval,Analog:4e-10
Vertical Units,V
Source,CH1
Second,Value
-8e-10,0.1
-4e-10,0.3
0,0.2
4e-10,0.5
"""
DECIMAL_COMMA = "\ufeffZeit (ns);Spannung (mV)\n-0,8;100\n-0,4;300\n0,0;200\n0,4;500\n"
TABS = "# t [ns]\tV [mV]\n-0.8\t100\n-0.4\t300\n0\t200\n0.4\t500\n"
SPACES = "# t (ns)  V (mV)\n -0.8 100\n -0.4 300\n  0 200\n 0.4 500\n"
QUOTED = '"t";"V"\n"ns";"mV"\n"-0.8";"100"\n"-0.4";"300"\n"0";"200"\n"0.4";"500"\n'
INTERVAL_ONLY = "dt = 400 ps\nV (mV)\n100\n300\n200\n500\n"
LAYOUTS = {
    "Tektronix": TEKTRONIX,
    "older Tektronix": OLD_TEKTRONIX,
    "Keysight": KEYSIGHT,
    "LeCroy": LECROY,
    "Rigol": RIGOL,
    "Siglent": SIGLENT,
    "decimal comma": DECIMAL_COMMA,
    "tabs": TABS,
    "spaces": SPACES,
    "quotes and a row of units": QUOTED,
    "a sample interval alone": INTERVAL_ONLY,
}


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "scope.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_times_and_volts(tmp_path: Path, name: str) -> None:
    table = read_table(write(tmp_path, LAYOUTS[name]))
    assert len(table.columns) == 1
    assert table.columns[0].values == pytest.approx(VOLTS)
    assert np.diff(table.time) == pytest.approx([4e-10] * 3)
    if name != "a sample interval alone":
        assert table.time[0] == pytest.approx(-8e-10)
    if name not in ("Tektronix", "LeCroy", "Siglent"):
        assert table.columns[0].unit == "V"


def test_names_units_and_several_columns_are_kept(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "time,I_dc,V_out,note\nns,mA,uV,?\n0,1,2,3\n1,1,3,3\n2,2,4,3\n"))
    assert [(c.name, c.unit) for c in table.columns] == [("I_dc", "A"), ("V_out", "V"), ("note", "")]
    assert table.column("V_out").values == pytest.approx([2e-6, 3e-6, 4e-6])


def test_utf_16_and_latin_1_files_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-16", "latin-1"):
        table = read_table(write(tmp_path, "t (µs),V\n0,1\n1,2\n2,4\n", encoding))
        assert table.time.tolist() == [0, 1e-6, 2e-6]


def test_a_stated_interval_repairs_times_that_were_rounded(tmp_path: Path) -> None:
    rows = "".join(f"{n * 4e-10:.2e},{n}\n" for n in range(400))
    table = read_table(write(tmp_path, "Sample Interval,4e-10\nTIME,CH1\n" + rows))
    assert np.max(np.abs(table.time - np.arange(400) * 4e-10)) < 1e-18


def test_a_stated_interval_that_does_not_fit_is_reported_and_not_used(tmp_path: Path) -> None:
    path = write(tmp_path, TEKTRONIX.replace("4e-10\r\nRecord", "5e-10\r\nRecord"))
    with pytest.warns(UserWarning, match="does not fit the time column"):
        assert read_table(path).time[-1] == pytest.approx(4e-10)


def test_a_measured_input_holds_from_its_own_row_on(tmp_path: Path) -> None:
    rows = "".join(f"{n},{int(n >= 12)},{n % 3}\n" for n in range(20))
    drive = import_traces([write(tmp_path, "t (ns),I (mA),V\n" + rows)], ["I"], ["V"]).traces[0].drive
    assert drive.holds.tolist() == [True]
    assert drive.values[:, 0].tolist() == [0.0] * 12 + [1e-3] * 8


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("t (V),I\n0,1\n1,2\n2,3\n", "time column 't' of scope.csv must have a unit of time, got 'V'"),
        ("t,I\n0,1\n1,2\n1,3\n", "time stands still in row 3"),
        ("t,I\n0,1\n2,2\n1,3\n", "time goes back in row 3"),
        ("t,I\n0,1\n1,2\n2,abc\n3,4\n", "line 4 of scope.csv must hold numbers, got 'abc'"),
        ("t,I\n0,1\n1,2\n2\n3,4\n", "line 4 of scope.csv must have 2 numbers, got 1"),
        ("t,I\n0,1\n1,2\n2,3,4\n3,4\n", "line 4 of scope.csv must have 2 numbers, got 3"),
        ("a,b\n0,1\n1,2\n2,3\n", "must have a time column such as 't' or 'time', got: a, b"),
        ("just a sentence\n", "at least 2 rows of numbers, got 0"),
        ("t,I\n0,1\n", "at least 2 rows of numbers, got 1"),
    ],
)
def test_a_broken_file_is_refused_with_line_and_rule(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        read_table(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_an_empty_cell_is_an_error_only_in_a_column_that_is_used(tmp_path: Path) -> None:
    path = write(tmp_path, "t,I,V\n0,1,5\n1,,5\n2,3,6\n3,3,7\n")
    assert import_traces([path], [], ["V"]).traces[0].output.values[:, 0].tolist() == [5, 5, 6, 7]
    with pytest.raises(ValueError, match="column 'I' of scope.csv must be finite, got nan in row 2"):
        import_traces([path], ["I"], ["V"])


def test_a_last_line_cut_in_half_is_left_out_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, "t,I,V\n0,1,5\n1,2,5\n2,3,6\n3,3")
    with pytest.warns(UserWarning, match=r"the last line \(5\) has no line end"):
        assert len(read_table(path).time) == 3


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=3, max_size=20),
    st.sampled_from([",", ";", "\t"]),
    st.booleans(),
)
def test_what_is_written_is_read(tmp_path: Path, rows: list[tuple[float, float]], separator: str, comma: bool) -> None:
    comma = comma and separator != ","
    lines = [separator.join(map(repr, (float(n), *row))) for n, row in enumerate(rows)]
    text = "\n".join(line.replace(".", ",") if comma else line for line in lines)
    table = read_table(write(tmp_path, separator.join(("t", "a", "b")) + "\n" + text + "\n"))
    assert [(a, b) for a, b in zip(*(c.values.tolist() for c in table.columns), strict=True)] == rows
