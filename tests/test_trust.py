"""Where a prediction may be trusted: the mask, the band, and how they come back from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from spinode.cli import main
from spinode.signals import FloatArray, Signal
from spinode.storage import read_extra, read_traces, write_traces
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.surrogate.prediction import assess
from spinode.surrogate.trust import Bounds, Outside, TrustRegion
from spinode.traces import Trace, TraceSet
from tests.known_devices import FAST, FORCE, POSITION, duffing, made, random_levels, trace_for

WEAK = 0.5
"""Largest force of the training below; the restoring force is cubic, so a stronger one is an extrapolation."""


def noisy(trace: Trace, part: float, seed: int) -> Trace:
    """With measurement noise, a part of the deviation of the output."""
    noise = part * trace.output.values.std() * np.random.default_rng(seed).standard_normal(trace.output.values.shape)
    return replace(trace, output=replace(trace.output, values=trace.output.values + noise))


def errors(twin: Surrogate, trace: Trace) -> FloatArray:
    """Sizes of the errors after the warm-up."""
    error: FloatArray = np.abs(twin.free_run(trace) - trace.output.values)[twin.warm_up :, 0]
    return error


@pytest.fixture(scope="module")
def banded() -> Surrogate:
    """A linear surrogate of a Duffing oscillator, which is stiffer far from rest, with an ensemble."""
    settings = replace(FAST, degrees=(1,), delay=160e-12, ensemble=12)
    return fit(TraceSet((noisy(duffing(random_levels(1500, 1, most=WEAK)), 0.02, 1),)), settings, name="linear")


# The mask


def test_each_reason_is_found_where_it_holds() -> None:
    bounds = Bounds(low=-1.0, high=1.0, slowest=-2.0, fastest=4.0)
    values = np.array([0.0, 1.005, 1.5, 0.5, -1.1, np.nan])
    assert bounds.value_outside(values).tolist() == [False, False, True, False, True, True]
    assert bounds.rate_outside(np.array([0.0, 1.0, 0.9, 0.0, 0.0]), 0.25).tolist() == [False, False, False, True, False]


def test_a_combination_that_never_occurred_is_outside_though_each_value_did() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    region = TrustRegion(drive={}, output={}, points=ring, scale=np.ones(2), limit=0.1)
    states = np.array([[1.0, 0.0], [0.0, 0.0], [0.97, 0.0], [np.inf, 0.0]])
    distance = region.distance(states, np.empty((4, 0)))
    assert (distance > 1.0).tolist() == [False, True, False, True]  # the centre of a ring is no part of it
    assert distance[1] == pytest.approx(10.0, rel=1e-3)


def test_a_drive_like_that_of_the_training_is_inside_and_a_stronger_one_is_not(duffing_twin: Surrogate) -> None:
    like = duffing_twin.predict(duffing(random_levels(1500, 2)))
    assert like.outside is not None and like.outside.share < 0.1
    strong = duffing(np.where(np.arange(1500) < 700, 1.0, 1.6) * random_levels(1500, 3))
    found = assess_quietly(duffing_twin, strong)
    assert found.mask[700:].mean() > 5 * max(found.mask[:700].mean(), 0.02)
    assert found.reasons["drive value"][:700].sum() == 0 < found.reasons["drive value"][700:].sum()


def assess_quietly(twin: Surrogate, trace: Trace) -> Outside:
    with pytest.warns(UserWarning, match="outside the trained range"):
        found = assess(twin, trace).outside
    assert found is not None
    return found


def test_the_error_outside_is_larger_than_inside(banded: Surrogate) -> None:
    """The mask is worth having: a linear model of a stiffening device is wrong where the mask says so."""
    strong = duffing(np.where(np.arange(3000) % 1000 < 700, WEAK, 1.0) * random_levels(3000, 5))
    mask = assess_quietly(banded, strong).mask[banded.warm_up :]
    error = errors_quietly(banded, strong)
    assert 0.1 < mask.mean() < 0.9
    assert np.sqrt(np.mean(error[mask] ** 2)) > 2.0 * np.sqrt(np.mean(error[~mask] ** 2))


def errors_quietly(twin: Surrogate, trace: Trace) -> FloatArray:
    with pytest.warns(UserWarning, match="outside the trained range"):
        return errors(twin, trace)


def test_resonance_within_the_range_of_the_drive_is_seen_by_the_outputs(duffing_twin: Surrogate) -> None:
    beat = duffing(0.95 * np.sign(np.sin(2 * np.pi * np.arange(1500) / 15.7)))
    found = duffing_twin.predict(beat).outside
    assert found is not None
    assert not found.reasons["drive value"].any()
    assert found.share > 0.2
    assert found.first is not None and found.first == pytest.approx(int(np.argmax(found.mask)) * beat.dt)


def test_a_part_of_a_prediction_keeps_its_part_of_the_mask(banded: Surrogate) -> None:
    whole = banded.predict(duffing(random_levels(400, 7, most=WEAK)))
    part = whole.samples(100, 300)
    assert whole.outside is not None and part.outside is not None
    assert whole.half_width is not None and part.half_width is not None
    assert np.array_equal(part.outside.mask, whole.outside.mask[100:300])
    assert np.array_equal(part.half_width, whole.half_width[100:300])
    assert part.outside.start == pytest.approx(part.output.start)


# The band


def test_the_band_covers_what_it_claims_on_unseen_traces(banded: Surrogate) -> None:
    """90 % claimed; 0.85 to 0.97 on other drives of the same strength, with the same noise."""
    shares = []
    for seed in range(20, 26):
        trace = noisy(duffing(random_levels(1500, seed, most=WEAK)), 0.02, seed)
        shares.append(float(assess(banded, trace).coverage(trace.output.values, banded.warm_up)[0]))
    assert 0.84 < np.mean(shares) < 0.97


def test_the_band_is_wider_where_the_error_is_larger(banded: Surrogate) -> None:
    strong = duffing(np.where(np.arange(3000) < 1500, WEAK, 1.0) * random_levels(3000, 5))
    with pytest.warns(UserWarning, match="outside the trained range"):
        width = assess(banded, strong).half_width
    assert width is not None
    assert width[1600:].mean() > 1.1 * width[200:1500].mean()


def test_the_same_seed_gives_the_same_members_and_another_gives_others() -> None:
    traces = TraceSet((duffing(random_levels(600, 1, most=WEAK)),))
    settings = replace(FAST, degrees=(1,), delay=160e-12, ensemble=3)
    first, again, other = (fit(traces, replace(settings, seed=seed)).ensemble for seed in (0, 0, 1))
    assert first is not None and again is not None and other is not None
    assert np.array_equal(first.members, again.members)
    assert not np.array_equal(first.members, other.members)
    assert first.members.std(axis=0).max() > 0


def test_an_ensemble_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="FitSettings.ensemble must be 0, or 2 to 200, got 1"):
        FitSettings(ensemble=1)


# Files and commands


def test_region_and_ensemble_come_back_from_a_file(banded: Surrogate, tmp_path: Path) -> None:
    save_surrogate(tmp_path / "twin.h5", banded)
    back, trace = load_surrogate(tmp_path / "twin.h5"), duffing(random_levels(300, 8, most=WEAK))
    first, second = banded.predict(trace), back.predict(trace)
    assert first.outside is not None and second.outside is not None
    assert first.half_width is not None and second.half_width is not None
    assert np.array_equal(first.outside.mask, second.outside.mask)
    assert np.array_equal(first.half_width, second.half_width)
    assert back.trust is not None and banded.trust is not None
    assert (back.trust.drive, back.trust.output) == (banded.trust.drive, banded.trust.output)


def test_a_surrogate_without_them_predicts_without_them() -> None:
    twin = made()
    found = assess(twin, trace_for(twin))
    assert (found.outside, found.half_width) == (None, None)


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("trust/scale", np.zeros(5), "positive"),
        ("trust/points", np.zeros((5, 2)), "trust/points"),
        ("trust/drive", np.zeros((2, 4)), "trust/drive"),
        ("ensemble/members", np.zeros((3, 1)), "ensemble/members"),
        ("ensemble/factor", np.zeros(1), "positive factors"),
    ],
)
def test_an_edited_region_or_ensemble_is_one_line(
    banded: Surrogate, tmp_path: Path, name: str, values: FloatArray, says: str
) -> None:
    save_surrogate(tmp_path / "twin.h5", banded)
    with h5py.File(tmp_path / "twin.h5", "r+") as file:
        del file[name]
        file[name] = values
    with pytest.raises(ValueError, match=says) as caught:
        load_surrogate(tmp_path / "twin.h5")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("default")
def test_predict_says_writes_and_draws_what_lies_outside(
    banded: Surrogate, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_surrogate(tmp_path / "twin.h5", banded)
    drive = np.where(np.arange(600) < 300, WEAK, 1.0) * random_levels(600, 5)
    write_traces(tmp_path / "t.h5", TraceSet((duffing(drive),)))
    words = ["predict", str(tmp_path / "twin.h5"), str(tmp_path / "t.h5")]
    assert main([*words, "-o", str(tmp_path / "run.h5"), "--plot", str(tmp_path / "run.png")]) == 0
    shown = capsys.readouterr().out
    assert "outside the training: " in shown and "drive value" in shown and "90 % band" in shown
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    with pytest.warns(UserWarning, match="outside the trained range"):
        own = banded.predict(duffing(drive))
    assert own.outside is not None and own.half_width is not None
    assert np.array_equal(read_extra(tmp_path / "run.h5", "duffing", "outside") > 0.5, own.outside.mask)
    assert np.array_equal(read_extra(tmp_path / "run.h5", "duffing", "half_width"), own.half_width)
    assert np.array_equal(read_traces(tmp_path / "run.h5").traces[0].output.values, own.output.values)
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["reports"][0]
    assert report["outside"]["share"] == pytest.approx(own.outside.share)
    assert report["outside"]["first_time"] == pytest.approx(own.outside.first)
    assert set(report["outside"]["reasons"]) == set(own.outside.reasons)
    assert set(report["band"]["coverage"]) == {POSITION}
    assert report["band"]["half_width"][POSITION] > 0


def test_fit_makes_an_ensemble_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_traces(tmp_path / "t.h5", TraceSet((duffing(random_levels(600, 1)),)))
    words = ["fit", str(tmp_path / "t.h5"), "-o", str(tmp_path / "twin.h5"), "--hidden", "0", "--delay", "160ps"]
    assert main([*words, "--ensemble", "4", "--minutes", "0.02"]) == 0
    capsys.readouterr()
    ensemble = load_surrogate(tmp_path / "twin.h5").ensemble
    assert ensemble is not None and len(ensemble.members) == 4


def test_a_drive_column_of_the_region_is_that_of_its_name(duffing_twin: Surrogate) -> None:
    assert duffing_twin.trust is not None
    training: Signal = duffing(random_levels(1500, 1)).drive
    bounds = duffing_twin.trust.drive[FORCE]
    assert (bounds.low, bounds.high) == (training.values.min(), training.values.max())
    assert bounds.fastest == pytest.approx(np.diff(training.values[:, 0]).max() / training.dt)
