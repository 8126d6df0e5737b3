"""The simulated array: the right pillar follows each tone, and a wrong array is found out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from spinode.design import ArrayDesign, DesignSpec, design
from spinode.design.verify import _Built, built_pillars, verify
from spinode.devices import Observed
from spinode.drives import Sampling, constant, join, sine
from spinode.simulate import DriveTable, integrate, simulate_ensemble

FOLDED = 1e-9
"""The same steps with the current in the drive or in the parameters."""


@cache
def small() -> ArrayDesign:
    return design(DesignSpec(number=10, spacing=1e6, lowest_frequency=400e6))


def test_each_tone_is_followed_by_exactly_its_own_pillar() -> None:
    found = verify(small(), workers=1)
    assert found.drawn  # on the grid, with trimmed currents
    assert found.right == len(found.tones) == 10
    assert found.agreement == 1.0
    assert found.edges_right == found.edges == 32
    np.testing.assert_array_equal(found.simulated, np.eye(10, dtype=bool))


def test_an_array_without_its_trims_is_found_wrong_and_the_closed_form_says_so_too() -> None:
    bare = tuple(replace(oscillator, current_trim=0.0) for oscillator in small().oscillators)
    found = verify(replace(small(), oscillators=bare), lines=range(0, 10, 3), workers=1)
    assert found.right < len(found.tones)
    assert found.agreement > 0.9
    assert not np.array_equal(found.predicted, np.eye(10, dtype=bool)[::3])


def test_a_polarity_of_minus_one_is_verified_too() -> None:
    device = replace(small().spec.device, polarity=-1.0, chirality=-1.0)
    made = design(replace(small().spec, device=device, number=3))
    found = verify(made, workers=1)
    assert (found.right, found.edges_right) == (3, found.edges)


def test_the_folded_current_gives_the_motion_of_the_ensemble() -> None:
    pillars = built_pillars(small())[0][:3]
    built, tone = _Built.of(pillars), 403e6
    sampling = Sampling(duration=400 / tone, dt=1 / (10 * tone))
    drives = []
    for orbit in pillars:
        current, field = orbit.device.inputs
        wave = sine(field, sampling, 0.0, small().comb.rf_field, tone)
        drives.append(join(constant(current, sampling, orbit.current), wave))
    devices = [Observed(device=orbit.device) for orbit in pillars]
    traces = simulate_ensemble(devices, drives, initials=built.members.initial)
    last = np.array([trace.output.values[-1] for trace in traces])
    values = np.stack([np.ones(sampling.count), drives[0].column("field")], axis=1)[:, None]
    table = DriveTable(values=values, holds=np.array([True, False]), dt=sampling.dt, order=8)
    _, state = integrate(built.kernel, built.members, table, 2)
    np.testing.assert_allclose(state, last, atol=FOLDED)


@pytest.mark.slow
def test_two_hundred_oscillators_answer_one_tone_each() -> None:
    found = verify(design(DesignSpec(number=200, spacing=1e6)))
    assert (found.right, found.agreement, found.edges_right) == (200, 1.0, found.edges)
