"""The domain-wall synapse: its levels, how they are written, and whether they last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spinode.devices import DomainWall
from spinode.devices.constants import BOLTZMANN
from spinode.devices.synapse import Synapse
from spinode.devices.wall_gates import comb_energy, strain_anisotropy
from spinode.signals import FloatArray
from spinode.simulate import simulate_ensemble
from tests.tolerances import SOLVED

HEAT = BOLTZMANN * 300
SYNAPSE = Synapse()
UP = 1.0
"""Gate voltage that lowers the default synapse's notches to 28 %, so that a pulse moves the wall [V]."""
NARROW = replace(SYNAPSE, wall=replace(SYNAPSE.wall, width=50e-9, notch_energy=20 * HEAT))
SPREAD = 0.15
"""A standard deviation from 60 members (9 %), in a well that is not quite harmonic."""


def final_levels(synapse: Synapse, gates: FloatArray, count: int = 1) -> list[int]:
    """Level after writing from level 0 at each gate voltage, without noise."""
    drives = [synapse.write(gate, count) for gate in gates]
    traces = simulate_ensemble([synapse.wall] * len(gates), drives, initials=synapse.start(0, len(gates)))
    return [int(level) for level in synapse.level_of([t.output.column("conductance")[-1] for t in traces])]


def test_levels_are_notches_and_rise_evenly_in_conductance() -> None:
    assert len(SYNAPSE.positions) == 11
    steps = np.diff(SYNAPSE.conductances)
    wall = SYNAPSE.wall
    even = (wall.conductance_parallel - wall.conductance_antiparallel) * wall.notch_period / wall.length
    np.testing.assert_allclose(steps[1:-1], even, rtol=SOLVED**0.5)
    assert list(SYNAPSE.level_of(SYNAPSE.conductances)) == list(range(11))


def test_each_pulse_with_the_gate_moves_the_wall_by_one_level_and_back() -> None:
    """A pulse without gate moves nothing: other synapses on the same current line keep their weight."""
    there = SYNAPSE.write(UP, 5)
    back = SYNAPSE.write(UP, 5, current_density=-SYNAPSE.current_density)
    for drive, start, way in ((there, 0, 1), (back, 5, -1), (SYNAPSE.write(0.0, 5), 3, 0)):
        (trace,) = simulate_ensemble([SYNAPSE.wall], drive, initials=SYNAPSE.start(start))
        every = (len(drive) - 1) // 5
        seen = SYNAPSE.level_of(trace.output.column("conductance")[::every])
        assert list(seen) == [start + way * number for number in range(6)]


def test_at_room_temperature_every_level_is_written_right() -> None:
    members = 60
    for level in (1, 4):
        rng = np.random.default_rng(level)
        drive, starts = SYNAPSE.write(UP, level), SYNAPSE.start(0, members)
        written = SYNAPSE.judge(
            level, tuple(simulate_ensemble([SYNAPSE.wall] * members, drive, initials=starts, rng=rng))
        )
        assert written.wrong == 0
        assert abs(written.error) < 0.2 * SYNAPSE.levels()[level].margin
        assert written.spread == pytest.approx(SYNAPSE.levels()[level].spread, rel=2 * SPREAD)


def test_the_gate_voltage_of_a_comb_chooses_the_distance_at_one_current() -> None:
    """Same current and time, other voltage, other weight: with a gate on the pinning the contrast is whole levels."""
    long = replace(SYNAPSE, pulse_time=3e-9, current_density=1.8e11)
    gates = np.array([0.0, 0.6, 0.8, 1.2])
    assert final_levels(long, gates) == [0, 1, 2, 3]
    no_gate = replace(long, wall=replace(long.wall, notch_efficiency=0.0))
    assert final_levels(no_gate, gates) == [0] * 4


def test_uniform_strain_without_pinning_changes_the_distance_by_a_tenth_only() -> None:
    """The control of the test above: 80 MPa of strain in a smooth wire, at low current and at saturation."""
    strain = strain_anisotropy(250e-6, 80e6)
    smooth = DomainWall(damping=0.03, polarization=0.0, shape_weight=0.0, strain_efficiency=strain, length=4e-6)
    gates, contrast = (-1.0, 0.0, 1.0), []
    for density, time in ((5e10, 20e-9), (3.5e11, 10e-9)):
        synapse = replace(SYNAPSE, wall=replace(smooth, notch_energy=1e-30), current_density=density, pulse_time=time)
        drives = [synapse.write(gate) for gate in gates]
        traces = simulate_ensemble([synapse.wall] * 3, drives, initials=synapse.start(0, 3))
        ends = np.array([trace.output.column("mz")[-1] for trace in traces])
        far = (ends + 1) * smooth.length / 2
        contrast.append((far[0] - far[2]) / far[1])
    assert contrast == pytest.approx([0.105, 0.004], abs=0.03)
    assert abs(contrast[1]) < 0.03


def test_the_thermal_spread_of_a_level_is_that_of_its_well() -> None:
    members = 60
    drive = replace(NARROW, pulse_time=1e-9, settle_time=2e-9).write(0.0, current_density=0.0)
    traces = simulate_ensemble(
        [NARROW.wall] * members, drive, initials=NARROW.start(4, members), rng=np.random.default_rng(8)
    )
    late = np.array([trace.output.column("conductance")[-10:] for trace in traces])
    assert late.std() == pytest.approx(NARROW.levels()[4].spread, rel=SPREAD)


def test_levels_that_are_not_held_are_named() -> None:
    assert SYNAPSE.surviving(300) == 11
    assert "All 11 levels are held for 10 years at 300 K" in SYNAPSE.verdict()
    assert NARROW.surviving(300) == 0
    assert NARROW.surviving(100) == 11
    verdict = NARROW.verdict()
    assert verdict.startswith("0 of 11 levels are held for 10 years at 300 K; NOT held: 0, 1, 2")
    assert "20.0 kB T" in verdict and "ms" in verdict
    for_a_millisecond = replace(NARROW, retention=1e-3)
    assert for_a_millisecond.surviving(300) == 11


def test_a_leak_loses_every_level_but_the_one_at_its_end() -> None:
    still = replace(SYNAPSE, wall=replace(SYNAPSE.wall, notch_energy=42 * HEAT))
    assert still.surviving(300) == 11
    levels = replace(still, wall=replace(still.wall, anisotropy_gradient=5e10)).levels()
    barriers = [level.barrier for level in levels[1:]]
    assert 38 < min(barriers) < max(barriers) < 39
    assert not any(level.held for level in levels[1:])
    assert levels[0].held  # the end of the track holds it from one side


def test_finer_notches_of_the_same_depth_hold_fewer_levels() -> None:
    """Why three to five states: a comb of a given anisotropy pins a wall of given width less the finer it is."""
    track = replace(SYNAPSE.wall, width=100e-9)
    counts = []
    for period in (200e-9, 120e-9, 60e-9, 30e-9):
        depth = comb_energy(8e4, track.section, period, track.wall_width)
        synapse = Synapse(wall=replace(track, notch_period=period, notch_energy=depth))
        counts.append((len(synapse.positions), synapse.surviving(300)))
    assert counts == [(4, 4), (6, 6), (11, 0), (21, 0)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Synapse(wall=DomainWall()), "DomainWall.notch_energy must be above 0, got 0"),
        (lambda: replace(SYNAPSE, pulse_time=0.0), "Synapse.pulse_time must be above 0, got 0"),
        (lambda: replace(SYNAPSE, retention=-1.0), "Synapse.retention must be above 0, got -1"),
        (
            lambda: replace(SYNAPSE, wall=replace(SYNAPSE.wall, notch_period=1e-6)),
            "Synapse.wall must have two notches under the readout, got notch_period 1e-06 .*try a period of 6e-08 m",
        ),
        (lambda: SYNAPSE.write(0.0, 0), "Synapse.write needs a count of at least 1, got 0"),
        (lambda: SYNAPSE.start(11), "Synapse.start needs a level from 0 to 10, got 11"),
    ],
)
def test_a_synapse_that_cannot_be_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
