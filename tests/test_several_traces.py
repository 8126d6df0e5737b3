"""Several traces in one fit: unequal lengths, other static parameters, weights, traces that only judge, long files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.storage import read_traces, write_traces
from spinode.surrogate import FitSettings, fit
from spinode.surrogate.dataset import make_dataset, window_weights
from spinode.surrogate.embedding import fit_encoder
from spinode.surrogate.training import held_windows
from spinode.trace_file import choose_segments, open_traces
from spinode.traces import TraceSet
from tests.known_devices import DT, FAST, FORCE, duffing, nrmse, random_levels, with_stiffness
from tests.tolerances import LEARNED

QUICK = replace(FAST, degrees=(1,), delay=4 * DT, minutes=1e-9)
"""One stage of the smallest field: what is fitted, not how well."""


def three() -> TraceSet:
    lengths = {"short": 500, "middle": 900, "long": 1600}
    return TraceSet(
        tuple(duffing(random_levels(count, seed), name=name) for seed, (name, count) in enumerate(lengths.items()))
    )


def test_traces_of_unequal_length_and_other_stiffness_are_one_fit() -> None:
    plan = ((0.7, 500), (0.85, 900), (1.0, 500), (1.15, 700), (1.3, 500))
    twin = fit(TraceSet(tuple(with_stiffness(random_levels(n, i), k, f"t{i}") for i, (k, n) in enumerate(plan))), FAST)
    assert nrmse(twin, with_stiffness(random_levels(800, 9, most=0.8), 0.92, "between")) < LEARNED


def test_by_default_every_window_counts_the_same_and_with_trace_weights_every_trace() -> None:
    data = make_dataset(three(), 2, 4 * DT, 0.15)
    starts = data.starts(20, everything=False)
    weights = window_weights(data, starts)
    owner = np.searchsorted([piece.last for piece in data.pieces], starts, side="right")
    totals = np.bincount(owner, weights)
    assert totals == pytest.approx(np.full(3, totals[0]))
    assert weights.mean() == pytest.approx(1.0)
    assert np.ptp(np.bincount(owner)) > 20  # without them a long trace has more to say


def test_trace_weights_pull_the_fit_towards_a_short_trace() -> None:
    """Two devices of different stiffness that claim to be the same: the long record decides, unless told otherwise."""
    long, short = (
        duffing(random_levels(3000, 1), name="long"),
        duffing(random_levels(500, 2), stiffness=1.5, name="short"),
    )
    settings = replace(FAST, degrees=(1,), delay=4 * DT)
    by_length, by_trace = (
        fit(TraceSet((long, short)), replace(settings, weights=weights)) for weights in ("length", "trace")
    )
    test = duffing(random_levels(600, 5), stiffness=1.5)
    assert nrmse(by_trace, test) < 0.9 * nrmse(by_length, test)


def test_weights_of_one_trace_change_nothing() -> None:
    traces = TraceSet((duffing(random_levels(600, 1)),))
    first, second = (fit(traces, replace(QUICK, weights=weights)) for weights in ("length", "trace"))
    assert np.allclose(first.theta, second.theta, rtol=1e-9, atol=1e-12)


# Whole traces that judge


def test_a_held_out_trace_is_never_fitted_but_judges() -> None:
    traces = three()
    data = make_dataset(traces, 2, 4 * DT, 0.15, ("middle",))
    middle = data.pieces[1]
    for everything in (False, True):
        starts = data.starts(20, everything=everything)
        assert not ((starts >= middle.first) & (starts < middle.last)).any()
        assert starts.max() > middle.last + 1500  # nothing of the others is held out
    assert set(data.held_starts(20)) <= set(range(middle.first, middle.last))
    twin = fit(traces, replace(QUICK, hold_out=("middle",)))
    assert twin.record["held_out_traces"] == "middle"
    changed = replace(traces["middle"], output=replace(traces["middle"].output, values=-traces["middle"].output.values))
    other = fit(TraceSet((traces["short"], changed, traces["long"])), replace(QUICK, hold_out=("middle",)))
    assert float(other.record["held_out_nrmse"]) > 2 * float(twin.record["held_out_nrmse"])


def test_held_out_parts_of_unequal_length_are_all_judged() -> None:
    data = make_dataset(three(), 2, 4 * DT, 0.15)
    states = np.zeros((len(data.inputs), 2))
    encoder = fit_encoder(data.embedding, data.record.outputs, data.inputs, states, data.samples(everything=False))
    starts = np.concatenate([windows.starts for windows in held_windows(data, encoder)])
    judged = [((starts >= piece.held) & (starts < piece.last)).sum() for piece in data.pieces]
    assert min(judged) >= 1


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("mittle",), "trace 'mittle' is not there; closest: middle"),
        (("short", "middle", "long"), "must leave a trace"),
    ],
)
def test_a_hold_out_that_cannot_be_is_one_line(names: tuple[str, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        fit(three(), replace(QUICK, hold_out=names))


def test_the_command_line_holds_out_and_weighs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_traces(tmp_path / "t.h5", three())
    words = ["fit", str(tmp_path / "t.h5"), "-o", str(tmp_path / "twin.h5"), "--minutes", "1e-9", "--hidden", "0"]
    assert main([*words, "--delay", "160ps", "--hold-out", "short", "--equal-traces", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_out_traces"] == "short"


# Long files


def test_a_part_of_a_file_is_read_as_it_was_stored(tmp_path: Path) -> None:
    traces = TraceSet(
        (with_stiffness(random_levels(500, 1), 0.7, "a"), with_stiffness(random_levels(300, 2), 0.9, "b"))
    )
    write_traces(tmp_path / "t.h5", traces)
    with open_traces(tmp_path / "t.h5") as file:
        assert [(info.name, info.samples) for info in file.infos] == [("a", 500), ("b", 300)]
        part = file.read("b", 100, 250)
        with pytest.raises(ValueError, match="0 <= first < last <= 300"):
            file.read("b", 100, 301)
        with pytest.raises(ValueError, match="trace 'c' is not there"):
            file.info("c")
    own = traces["b"].samples(100, 250)
    assert np.array_equal(part.output.values, own.output.values)
    assert np.array_equal(part.drive.values, own.drive.values)
    assert (part.output.start, part.drive.channels) == (own.output.start, own.drive.channels)
    assert (part.parameters, part.source) == (own.parameters, own.source)


def test_segments_are_spread_over_the_traces_by_their_length_and_stay_within_the_limit(tmp_path: Path) -> None:
    write_traces(tmp_path / "t.h5", three())
    parts = [("short", 0, 500), ("middle", 0, 900), ("long", 0, 1600)]
    with open_traces(tmp_path / "t.h5") as file:
        whole = choose_segments(file, parts, 3000, 8)
        few = choose_segments(file, parts, 800, 8)
    assert [len(trace) for trace in whole] == [500, 900, 1600]
    assert sum(len(trace) for trace in few) <= 800
    assert [sum(trace.name.startswith(name) for trace in few) for name, *_ in parts] == [1, 2, 4]
    last = few.traces[-1]
    assert last.name == "long[1500:1600]"
    assert np.array_equal(last.output.values, three()["long"].output.values[1500:])


@pytest.mark.filterwarnings("default")
def test_a_fit_of_a_long_file_reads_segments_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_traces(tmp_path / "t.h5", TraceSet((duffing(random_levels(12000, 1)),)))
    words = ["fit", str(tmp_path / "t.h5"), "-o", str(tmp_path / "twin.h5"), "--minutes", "1e-9", "--hidden", "0"]
    assert main([*words, "--delay", "160ps", "--most-samples", "8000", "--json"]) == 0
    shown = capsys.readouterr()
    record = json.loads(shown.out)
    assert (record["traces"], record["samples"]) == (16, 8000)
    assert "t.h5 has 12000 samples: fitted to 8000 of them in 16 segments" in shown.err
    assert read_traces(tmp_path / "t.h5").traces[0].drive.names == (FORCE,)


def test_settings_keep_their_defaults() -> None:
    settings = FitSettings()
    assert (settings.hold_out, settings.weights, settings.keep_events, settings.ensemble) == ((), "length", False, 0)
