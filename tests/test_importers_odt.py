"""OOMMF tables of both dialects, checked against ubermagtable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context

from spinode.importers import import_traces, read_table

OLD = """# ODT 1.0
# Table Start
# Title: made for a test
# Columns: {Oxs_RungeKuttaEvolve::Total energy} Oxs_UZeeman::Bz {Oxs_TimeDriver::Simulation time} Oxs_TimeDriver::mx
# Units:   J                                     mT              s                                {}
           -1e-18                                10              1e-12                            0.5
           -2e-18                                10              2e-12                            0.6
           -3e-18                                20              3e-12                            0.7
           -3e-18                                20              4e-12                            0.9
# Table End
"""
NEW = """# ODT 1.0
# Table Start
# Title: "made for a test"
## a comment
# Columns: "Oxs_RungeKuttaEvolve:evolver:Total energy" {Oxs_TimeDriver:driver:Simulation time} \\
#          Oxs_TimeDriver:driver:mx Oxs_UZeeman:zeeman:Bz
# Units: J s {} \\
#        mT
-1e-18 1e-12 0.5 10
-2e-18 2e-12 \\
       0.6 10
-3e-18 3e-12 0.7 20
-3e-18 4e-12 0.9 20
# Table End
"""


@pytest.mark.parametrize("text", [OLD, NEW], ids=["old", "new"])
def test_both_dialects_give_names_units_and_numbers(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.odt").write_text(text)
    table = read_table(tmp_path / "a.odt")
    assert table.time.tolist() == [1e-12, 2e-12, 3e-12, 4e-12]
    assert sorted(name.split(":")[-1] for name in table.names) == ["Bz", "Total energy", "mx"]
    assert table.column("Bz").values.tolist() == [0.01, 0.01, 0.02, 0.02]
    assert table.column("Bz").unit == "T"
    assert table.column("mx").values.tolist() == [0.5, 0.6, 0.7, 0.9]


def test_an_input_of_a_stage_acts_from_the_end_of_the_stage_before(tmp_path: Path) -> None:
    (tmp_path / "a.odt").write_text(OLD)
    drive = import_traces([tmp_path / "a.odt"], ["Bz"], ["mx"]).traces[0].drive
    assert drive.holds.tolist() == [True]
    assert drive.values[:, 0].tolist() == [0.01, 0.02, 0.02, 0.02]


def test_several_tables_in_one_file_are_one_run(tmp_path: Path) -> None:
    later = OLD.replace("e-12", "e-11").replace("# ODT 1.0\n", "")
    (tmp_path / "a.odt").write_text(OLD + later)
    table = read_table(tmp_path / "a.odt")
    assert table.time.tolist() == [1e-12, 2e-12, 3e-12, 4e-12, 1e-11, 2e-11, 3e-11, 4e-11]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# ODT 1.0\n1 2 3\n", "must come after a '# Columns:' line"),
        ("# ODT 1.0\n# Table Start\n", "must have '# Columns:'"),
        (OLD.replace("{}\n", "\n"), "as many units, got 4 and 3"),
        (OLD + OLD.replace("Bz", "By"), "must name the columns of the first table"),
        (OLD.replace("Simulation time", "Iteration"), "must have a time column"),
        (OLD.replace(" s  ", " V  "), "must have a unit of time, got 'V'"),
    ],
)
def test_a_broken_file_is_refused_with_the_rule(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.odt").write_text(text)
    with pytest.raises(ValueError, match=says):
        read_table(tmp_path / "a.odt")


def test_every_sample_of_ubermagtable_reads_as_ubermagtable_reads_it() -> None:
    with rc_context():  # its import sets the style of all figures of the process
        peer = pytest.importorskip("ubermagtable")
    samples = Path(peer.__file__).parent / "tests" / "test_sample"
    if not samples.is_dir():
        pytest.skip("this ubermagtable comes without its sample files")
    compared = 0
    for path in [*sorted(samples.glob("*.odt")), *sorted(samples.glob("*.txt"))]:
        theirs = peer.Table.fromfile(str(path), rename=False)
        try:
            ours = read_table(path)
        except ValueError as error:
            assert "time column" in str(error) or "at least 2 rows" in str(error), path.name
            continue
        compared += 1
        names = [name for name in theirs.data.columns if name != "t" and not name.endswith("Simulation time")]
        for name, column in zip(names, ours.columns, strict=True):
            if theirs.units[name] in ("", "J", "A/m", "T", "s", "m/s", "J/s"):
                assert np.array_equal(column.values, theirs.data[name].to_numpy(dtype=float)), (path.name, name)
    assert compared >= 8
