"""The domain-wall neuron: it integrates, leaks, fires at its threshold and resets itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices import DomainWall, Observed
from spinode.devices.wall_neuron import WallNeuron
from spinode.drive_text import parse_drive
from spinode.drives import Sampling
from spinode.signals import FloatArray
from spinode.simulate import simulate, simulate_ensemble
from spinode.traces import Trace
from tests.tolerances import ROUNDING, SOLVED

NEURON = WallNeuron()
QUICK = replace(NEURON, response_time=5e-12)
CYCLE = 0.015
"""The closed cycle leaves out the buffer, which takes some response times to turn at each end: 0.7 % was measured."""
FOLD = 4e-3
"""Places of the folds found by a slow sweep, in track lengths: the wall moves that far while the buffer turns."""


def fired(neuron: WallNeuron, drive: str, duration: float) -> Trace:
    return simulate(neuron, parse_drive(drive, neuron.inputs, Sampling(duration=duration, dt=20e-12)))


def spikes(neuron: WallNeuron, drive: str, duration: float) -> FloatArray:
    return neuron.spike_times(fired(neuron, drive, duration).output)


@pytest.mark.parametrize("density", [5e10, 1e11, 2e11])
def test_the_rate_is_that_of_the_steady_velocities_and_the_inertia_of_the_wall(density: float) -> None:
    times = spikes(QUICK, f"current_density={density}", 100e-9)
    assert np.diff(times)[-1] * QUICK.rate(density) == pytest.approx(1, abs=CYCLE)


def test_without_inertia_the_rate_would_be_wrong_by_a_sixth() -> None:
    """The control of the test above: the wall coasts on while its angle turns round."""
    up = QUICK.time_between(QUICK.release, QUICK.threshold, 1e11)
    down = QUICK.time_between(QUICK.threshold, QUICK.release, 1e11 + QUICK.reset_density)
    assert (up + down) * QUICK.rate(1e11) < 0.93


def test_a_current_below_the_leak_never_fires() -> None:
    assert spikes(NEURON, "current_density=10GA/m2", 100e-9).size == 0
    assert NEURON.rate(1e10) == 0
    assert "stays silent" in NEURON.datasheet(1e10).verdict
    without = replace(NEURON, wall=replace(NEURON.wall, anisotropy_gradient=0.0))
    assert without.rate(1e10) > 0


def test_pulses_close_together_fire_and_pulses_far_apart_leak_away() -> None:
    """Leaky integration: the same pulses of 4 ns, every 8 ns or every 60 ns."""
    close = spikes(NEURON, "current_density=pulses(0,100GA/m2,4ns,8ns)", 100e-9)
    apart = spikes(NEURON, "current_density=pulses(0,100GA/m2,4ns,60ns)", 300e-9)
    assert close.size >= 1 and apart.size == 0


def test_the_buffer_turns_where_threshold_and_release_say() -> None:
    slow = replace(NEURON, reset_density=0.0, wall=replace(NEURON.wall, anisotropy_gradient=0.0))
    drive = "current_density=steps(12GA/m2,120ns,-12GA/m2)"
    given = parse_drive(drive, slow.inputs, Sampling(duration=260e-9, dt=50e-12))
    output = simulate(Observed(device=slow), given).output
    high, q = output.column("buffer") > 0.5, output.column("q")
    up, down = (int(np.flatnonzero(high[1:] & ~high[:-1])[0]), int(np.flatnonzero(~high[1:] & high[:-1])[0]))
    assert q[up] == pytest.approx(slow.threshold, abs=FOLD * slow.wall.length)
    assert q[down] == pytest.approx(slow.release, abs=FOLD * slow.wall.length)
    assert np.flatnonzero(high[1:] != high[:-1]).size == 2


def test_the_output_swings_from_rail_to_rail_and_the_divider_is_what_it_says() -> None:
    trace = fired(NEURON, "current_density=100GA/m2", 60e-9)
    voltage = trace.output.column("voltage")
    assert voltage.min() == pytest.approx(0, abs=1e-3) and voltage.max() == pytest.approx(NEURON.supply, abs=1e-3)
    wall = NEURON.wall
    resistance = 1 / np.sqrt(wall.conductance_parallel * wall.conductance_antiparallel)
    assert NEURON.reference_resistance == pytest.approx(resistance, rel=ROUNDING)
    middle = replace(NEURON, threshold=wall.length / 2)
    ratio = (wall.conductance_parallel + wall.conductance_antiparallel) / 2 * resistance
    assert middle.threshold_voltage == pytest.approx(NEURON.supply * ratio / (1 + ratio), rel=SOLVED)


@pytest.mark.parametrize(
    ("change", "tolerance"),
    [
        ({"spin_hall_angle": -0.1, "dmi": -0.6e-3}, SOLVED),
        ({"charge": -1.0}, CYCLE),  # the divider is a little steeper at the other end
    ],
)
def test_a_mirrored_wall_fires_at_the_same_times(change: dict[str, float], tolerance: float) -> None:
    mirrored = replace(NEURON, wall=replace(NEURON.wall, **change))  # type: ignore[arg-type]
    drive = "current_density=100GA/m2"
    np.testing.assert_allclose(spikes(mirrored, drive, 50e-9), spikes(NEURON, drive, 50e-9), rtol=tolerance)


def test_heat_makes_the_intervals_irregular() -> None:
    members = [NEURON] * 20
    given = parse_drive("current_density=50GA/m2", NEURON.inputs, Sampling(duration=60e-9, dt=50e-12))
    traces = simulate_ensemble(members, given, rng=np.random.default_rng(2))
    first = np.array([NEURON.spike_times(trace.output)[0] for trace in traces])
    quiet = spikes(NEURON, "current_density=50GA/m2", 60e-9)[0]
    # sqrt(2 D t)/v with D = 3.1e-7 m2/s, t = 32 ns and v = 14 m/s is about 10 ns, less what the leak holds back
    assert 2e-9 < first.std() < 20e-9
    assert first.mean() == pytest.approx(quiet, rel=0.25)


def test_notches_in_the_track_are_felt_by_the_neuron() -> None:
    pinned = replace(NEURON, wall=replace(NEURON.wall, notch_energy=2e-19))
    assert pinned.wall.depinning_field() > pinned.wall.drive_field(1e11)
    assert spikes(pinned, "current_density=100GA/m2", 40e-9).size == 0
    assert spikes(NEURON, "current_density=100GA/m2", 40e-9).size >= 1


def test_the_datasheet_says_how_fast_it_fires() -> None:
    sheet = NEURON.datasheet(1e11)
    values = {row.name: row.value for row in sheet.rows}
    assert values["rate"] == pytest.approx(NEURON.rate(1e11), rel=ROUNDING)
    assert values["time to threshold"] + values["time of the reset"] == pytest.approx(1 / values["rate"], rel=ROUNDING)
    assert sheet.verdict.startswith("The neuron fires every 18.5 ns at 1e+11 A/m2")
    assert "fires once" in replace(NEURON, reset_density=-5e10).datasheet(1e11).verdict


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"threshold": 700e-9}, "WallNeuron.threshold must be above release 5e-08 .* got 7e-07"),
        ({"release": 500e-9}, "WallNeuron.threshold must be above release 5e-07 .* got 4.5e-07"),
        ({"steepness": 0.1}, "WallNeuron.steepness must be at most an eighth of the swing .* 0.0149 V, got 0.1"),
        ({"supply": 0.0}, "WallNeuron.supply must be above 0, got 0"),
        ({"response_time": -1.0}, "WallNeuron.response_time must be above 0, got -1"),
    ],
)
def test_a_neuron_that_cannot_be_is_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(NEURON, **setting)  # type: ignore[arg-type]


def test_a_readout_without_contrast_cannot_fire() -> None:
    with pytest.raises(ValueError, match="at most an eighth of the swing between release and threshold, 0 V"):
        replace(NEURON, wall=DomainWall(magnetoresistance=0.0))
