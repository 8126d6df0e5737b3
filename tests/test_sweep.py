"""A sweep's grid from text, the seeds of its rows, its journal and its table."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spinode.sweep import Axis, Plan, Row, columns_of, parse_axis, read_sweep, write_sweep
from spinode.sweep.journal import journal, read_journal

PLAN = Plan(
    words=("simulate", "vortex", "--set", "radius={radius}", "--drive", "current={current}"),
    axes=(parse_axis("radius=150nm,250nm"), parse_axis("current=2mA:8mA:4")),
)


@pytest.mark.parametrize(
    ("text", "texts", "values", "unit"),
    [
        ("radius=150nm,250nm", ("150nm", "250nm"), (1.5e-7, 2.5e-7), "m"),
        ("current=2mA:8mA:13", None, tuple(round(0.002 + 0.0005 * n, 10) for n in range(13)), "A"),
        ("rate=1kHz:1MHz:4:log", ("1000Hz", "10000Hz", "100000Hz", "1000000Hz"), (1e3, 1e4, 1e5, 1e6), "Hz"),
        ("nodes=50,100", ("50", "100"), (50.0, 100.0), ""),
        ("nodes=50:150:3", ("50", "100", "150"), (50.0, 100.0, 150.0), ""),
        ("device=vortex,envelope", ("vortex", "envelope"), None, ""),
        ("drive=sine(5mA,1mA,2MHz),6mA", ("sine(5mA,1mA,2MHz)", "6mA"), None, ""),
        ("hidden=12|16,16", ("12", "16,16"), None, ""),
        ("range=4mA:10mA,5mA:9mA", ("4mA:10mA", "5mA:9mA"), None, ""),
        ("mixed=1mA,1mT", ("1mA", "1mT"), None, ""),
        ("node-time = 1ns , 2ns", ("1ns", "2ns"), (1e-9, 2e-9), "s"),
    ],
)
def test_values_are_listed_or_counted(
    text: str, texts: tuple[str, ...] | None, values: tuple[float, ...] | None, unit: str
) -> None:
    found = parse_axis(text)
    assert (found.values, found.unit) == (values, unit)
    assert texts is None or found.texts == texts


@pytest.mark.parametrize(
    "text",
    [
        "", "radius", "=1", "radius=", "1radius=1", "r=1,,2", "r=1nm,1nm", "c=1mA:2mA:1", "c=1mA:2mA:x",
        "c=1mA:2mA:2.5", "c=1mA:2mT:3", "c=1mA:1mA:3", "c=-1:1:3:log", "c=0:1:3:log", "c=1:2:3:cubic",
        "c=1:2:9999999999",
    ],
)  # fmt: skip
def test_an_axis_of_another_form_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^--over[^\n]*$"):
        parse_axis(text)


@settings(max_examples=60)
@given(st.text(max_size=30))
def test_any_text_is_an_axis_or_one_line(text: str) -> None:
    try:
        found = parse_axis(text)
    except ValueError as error:
        assert str(error).startswith("--over")
    else:
        assert len(found.texts) == len(set(found.texts)) > 0


@given(st.floats(1e-12, 1e12), st.floats(1.01, 1e3), st.integers(2, 50))
def test_the_text_of_a_value_is_its_value(first: float, ratio: float, count: int) -> None:
    found = parse_axis(f"x={first!r}:{first * ratio!r}:{count}")
    assert found.values is not None
    assert [float(text) for text in found.texts] == list(found.values)
    np.testing.assert_allclose(found.values, np.linspace(first, first * ratio, count), rtol=1e-13)


def test_the_last_axis_varies_fastest_and_its_value_stands_at_its_place() -> None:
    assert PLAN.rows == 8
    assert [PLAN.place(row)[:2] for row in range(8)] == [(r, c) for r in range(2) for c in range(4)]
    expected = ("simulate", "vortex", "--set", "radius=250nm", "--drive", "current=0.004A")
    assert PLAN.command(5) == expected


def test_a_star_has_every_value_of_every_axis() -> None:
    found = [PLAN.texts(row) for row in PLAN.star()]
    assert len(found) == 1 + 1 + 3
    for axis in PLAN.axes:
        assert {each[axis.name] for each in found} == set(axis.texts)


def test_the_seed_of_a_row_is_that_of_numpys_spawned_sequence() -> None:
    plan = Plan(words=("simulate", "vortex", "--seed", "{seed}"), axes=(), draws=5, seed=11)
    spawned = np.random.SeedSequence(11).spawn(5)
    expected = [int(each.generate_state(1, np.uint64)[0]) >> 11 for each in spawned]
    assert [plan.row_seed(row) for row in range(5)] == expected
    assert [plan.command(row)[-1] for row in range(5)] == [str(seed) for seed in expected]
    assert len(set(expected)) == 5
    assert all(int(float(seed)) == seed for seed in expected)


@pytest.mark.parametrize(
    ("words", "axes", "draws", "line"),
    [
        (("a",), (), 0, "something that varies"),
        (("a", "{x}"), ("x=1,2", "x=3,4"), 0, "--over x must be given once"),
        (("a", "{y}", "{x}"), ("x=1,2",), 0, "{y} in the command must be one of --over, got x"),
        (("a",), ("x=1,2",), 0, "--over x has no place in the command"),
        (("a", "{seed}"), ("seed=1,2",), 3, "must be left out with --draws"),
        (("a", "{x}", "{y}"), ("x=1:2:100000", "y=1:2:100000"), 0, "at most 10000000 rows, got 10000000000"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(words: tuple[str, ...], axes: tuple[str, ...], draws: int, line: str) -> None:
    with pytest.raises(ValueError, match=line.replace("{", r"\{").replace("}", r"\}")):
        Plan(words=words, axes=tuple(parse_axis(text) for text in axes), draws=draws)


def rows_of(*numbers: int) -> dict[int, Row]:
    """Rows with nested results, units, a list of named values, and one that failed."""
    found = {}
    for number in numbers:
        record: dict[str, object] = {
            "outputs": {"voltage": {"unit": "V", "mean": 0.1 * number, "max": None}},
            "controls": {"static": 0.5},
            "interval": [0.1, 0.2],
            "rows": [{"name": "frequency", "value": 1e9, "unit": "Hz"}, {"name": "odd"}],
            "device": "vortex",
            "current": 7,
            "seconds": 1.5,
        }
        failed = number == 2
        found[number] = Row(number=number, record={} if failed else record, error="no µ" if failed else "", seconds=0.1)
    return found


def test_results_become_columns_with_units_and_nothing_is_lost() -> None:
    found = {column.name: column for column in columns_of(PLAN, list(rows_of(0, 1, 2).values()))}
    assert found["radius"].cells == (1.5e-7, 1.5e-7, 1.5e-7)
    assert found["current"].cells == (0.002, 0.004, 0.006)
    assert (found["outputs.voltage.mean"].cells, found["outputs.voltage.mean"].unit) == ((0.0, 0.1, None), "V")
    assert (found["rows.frequency"].cells, found["rows.frequency"].unit) == ((1e9, 1e9, None), "Hz")
    assert found["controls.static"].cells == (0.5, 0.5, None)
    assert found["device"].cells == ("vortex", "vortex", None)
    assert found["result.current"].cells == (7.0, 7.0, None)
    assert found["seconds"].unit == "s"
    assert "interval" not in found


def test_a_table_is_read_back_as_it_was(tmp_path: Path) -> None:
    path, rows = tmp_path / "sweep.h5", rows_of(0, 1, 2, 7)
    write_sweep(path, PLAN, list(rows.values()))
    assert read_sweep(path, PLAN) == rows


def test_a_table_opens_in_xarray_and_pandas(tmp_path: Path) -> None:
    import xarray

    path = tmp_path / "sweep.h5"
    write_sweep(path, PLAN, list(rows_of(*range(8)).values()))
    with xarray.open_dataset(path, engine="h5netcdf") as table:
        assert table["current"].attrs["units"] == "A"
        assert dict(table.sizes) == {"row": 8}
        frame = table.to_dataframe()
    assert frame["current"].tolist()[4:] == [0.002, 0.004, 0.006, 0.008]
    assert frame["error"].tolist() == ["", "", "no µ", *[""] * 5]
    assert json.loads(frame["json"][1])["interval"] == [0.1, 0.2]
    assert np.isnan(frame["outputs.voltage.mean"][2])


def test_a_table_of_another_sweep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.h5"
    write_sweep(path, PLAN, list(rows_of(0).values()))
    other = Plan(words=PLAN.words, axes=(parse_axis("radius=150nm,251nm"), PLAN.axes[1]))
    with pytest.raises(ValueError, match="must hold rows of the same sweep to go on, got another 'over'"):
        read_sweep(path, other)


def test_a_table_without_its_parts_is_one_line(tmp_path: Path) -> None:
    for gone in ("json", "error", "notes", "row", "row_seconds", "plan"):
        path = tmp_path / f"without_{gone}.h5"
        write_sweep(path, PLAN, list(rows_of(0).values()))
        with h5py.File(path, "r") as whole, h5py.File(tmp_path / "part.h5", "w") as part:
            for name in whole:
                if name != gone:
                    whole.copy(name, part)
            part.attrs.update(whole.attrs)
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            read_sweep(tmp_path / "part.h5", PLAN)


def test_a_journal_gives_back_its_rows_and_the_last_of_one_number(tmp_path: Path) -> None:
    path, rows = tmp_path / "sweep.h5.rows", rows_of(0, 2)
    with journal(path, PLAN.header()) as kept:
        kept.append(Row(number=0, record={}, error="the first time"))
        for row in rows.values():
            kept.append(row)
    assert read_journal(path, PLAN.header(), PLAN.rows) == rows


def test_a_journal_cut_anywhere_gives_whole_rows_and_goes_on(tmp_path: Path) -> None:
    path, rows = tmp_path / "sweep.h5.rows", rows_of(0, 1, 2)
    with journal(path, PLAN.header()) as kept:
        for row in rows.values():
            kept.append(row)
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for length in {*range(0, len(whole), 11), *(end + near for end in ends for near in (-1, 0, 1)), 5, ends[1] + 7}:
        path.write_bytes(whole[:length])
        finished = max(0, sum(end < length for end in ends) - 1)
        assert list(read_journal(path, PLAN.header(), PLAN.rows)) == list(range(finished))
        if length in (0, 5, ends[0], ends[0] + 1, ends[1] + 7):
            with journal(path, PLAN.header()) as kept:
                kept.append(rows[2])
            assert list(read_journal(path, PLAN.header(), PLAN.rows)) == [*range(finished), 2]


@given(st.binary(max_size=60))
def test_a_journal_of_any_bytes_is_rows_or_one_line(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.rows"
    header = json.dumps(PLAN.header()).encode()
    for content in (junk, header + b"\n" + junk + b"\n"):
        path.write_bytes(content)
        try:
            read_journal(path, PLAN.header(), PLAN.rows)
        except ValueError as error:
            assert "\n" not in str(error)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.h5.rows"
    with journal(path, PLAN.header()), pytest.raises(ValueError, match="must have one writer"), journal(path, {}):
        pass


def test_an_axis_of_words_has_no_unit() -> None:
    axis = Axis(name="device", texts=("vortex", "envelope"), values=None, unit="")
    plan = Plan(words=("simulate", "{device}"), axes=(axis,))
    (column, *_) = columns_of(plan, [Row(number=1, record={})])
    assert (column.cells, column.numeric, column.unit) == (("envelope",), False, "")
