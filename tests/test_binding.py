"""Binding of events: what a width means, what training reaches, and what is left when a part is taken away."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from spinode.cli import main
from spinode.cli.bind import _scores
from spinode.devices import AutoOscillator, VortexOscillator
from spinode.networks.binding import Binding, present
from spinode.networks.binding_decision import (
    BOUND,
    Templates,
    features,
    ordered,
    pooled,
    wilson_interval,
)  # fmt: skip
from spinode.networks.binding_designs import (
    CAUTIOUS,
    currents_for,
    gain_for,
    groups_of,
    hysteretic,
    start,
    without_nonlinearity,
)
from spinode.networks.binding_study import Scores, Study, ablations, study, together
from spinode.networks.binding_training import Rule, Trained, targets, train
from spinode.simulate import DivergedError
from tests.tolerances import ROUNDING

DEVICE = AutoOscillator(readout_angle=np.pi / 2, temperature=300.0)
THRESHOLD = DEVICE.threshold_current


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@cache
def trained() -> Trained:
    rule = Rule(groups=groups_of(3), step=0.12 * THRESHOLD, rounds=12, showings=1)
    return train(start(DEVICE), rule, rng())


def test_the_interval_of_wilson_is_that_of_the_literature() -> None:
    # Newcombe, Stat. Med. 17, 857 (1998), table I, method 3: 81 of 263, and 0 of 20
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    with pytest.raises(ValueError, match="right must be 0 to items"):
        wilson_interval(3, 2)


def test_currents_of_events_fade_from_window_to_window() -> None:
    binding = replace(start(DEVICE, hold=0.5), events=np.diag([1.0, 2.0, 4.0]))
    added = binding.currents([[0, 2, -1]])[0] - binding.bias
    np.testing.assert_allclose(added, [[1, 0, 0], [0.5, 0, 4], [0.25, 0, 2]], atol=ROUNDING)


def pair(device: AutoOscillator | VortexOscillator, width: float, apart: float) -> float:
    """Phase locking of two oscillators that are ``apart`` widths from each other."""
    middle = device.frequency_at(1.5 * device.threshold_current)
    bias = currents_for(device, middle + width * apart * np.array([-0.5, 0.5]))
    binding = Binding(
        device=device, bias=bias, events=np.zeros((1, 2)), gain=gain_for(device, width), window=8e-6
    )  # fmt: skip
    return float(present(binding, [[-1]], rng()).locking[0, 0, 0])


@pytest.mark.parametrize("device", [DEVICE, VortexOscillator()], ids=["auto-oscillator", "vortex"])
def test_a_pair_locks_within_the_width_that_its_gain_was_made_for(
    device: AutoOscillator | VortexOscillator,
) -> None:
    assert pair(device, 1e6, 0.9) > 0.99
    assert pair(device, 1e6, 1.15) < 0.95  # it slips: 8 us are several beats


def test_training_moves_currents_until_each_event_binds_its_group_and_leaves_others_apart() -> None:
    result, wanted = trained(), targets(start(DEVICE), groups_of(3))
    assert result.mistakes[0] > 0.3
    assert result.mistakes.min() == 0.0
    found = present(result.binding, [[0], [1], [2]], rng(8)).locking[:, 0] >= BOUND
    np.testing.assert_array_equal(found, wanted)
    assert not (present(start(DEVICE), [[0], [1], [2]], rng(8)).locking >= BOUND).any()


def test_all_ordered_pairs_and_triples_are_told_apart_without_noise_and_none_of_it_without_coupling() -> None:
    settings = Study(examples=2, tests=3)
    scores = study(trained().binding, settings, rng(3))
    assert [each["locking"].classes for each in scores.values()] == [9, 27]
    assert together(scores).accuracy >= 0.99
    alone = study(ablations(trained().binding)["no_coupling"], settings, rng(3))
    assert together(alone).accuracy < 0.6


def test_the_last_window_tells_the_event_before_only_while_inputs_stay_on() -> None:
    settings = Study(examples=2, tests=3)
    held = study(trained().binding, settings, rng(4))[2]["last-spectrum"]
    forgetful = study(ablations(trained().binding)["no_memory"], settings, rng(4))[2]["last-spectrum"]
    assert held.accuracy > 0.9
    assert forgetful.interval[0] < 1 / 3 < 0.7  # the last event alone is known: one of three guesses
    assert forgetful.accuracy < 0.65


def told(binding: Binding, length: int, showings: int, forget: bool) -> float:
    """Part of the orders of different events that the last window tells."""
    binding, shown = replace(binding, forget=forget), np.tile(ordered(3, length, repeats=False), (showings, 1))
    known, asked = (features(present(binding, shown, rng(n)), "last-spectrum") for n in (0, 1))
    return Templates.learned(known, shown).score(asked, shown).accuracy


def test_locking_with_hysteresis_remembers_the_event_before_while_all_currents_are_those_of_the_last() -> None:
    binding = hysteretic(DEVICE)
    currents = binding.currents([[0, 1], [2, 1]])
    np.testing.assert_array_equal(currents[0, -1], currents[1, -1])
    last = present(binding, np.tile([[0, 1], [2, 1]], (4, 1)), rng()).locking[:, -1]
    assert last[::2].min() > 0.9  # B after A: all three in step
    assert last[1::2, [0, 2]].max() < 0.5 < 0.9 < last[1::2, 1].min()  # B after C: 1 and 3 without 2
    assert told(binding, 2, 8, forget=False) > 0.8
    assert told(binding, 2, 8, forget=True) < 0.7  # the last event is known: one of two guesses


def test_names_that_were_shuffled_are_not_learned() -> None:
    shown = np.tile(ordered(3, 2), (6, 1))
    known, asked = (features(present(trained().binding, shown, rng(n)), "locking") for n in (5, 6))
    assert Templates.learned(known, shown).score(asked, shown).accuracy > 0.99
    mixed = rng(7).permutation(shown)
    assert Templates.learned(known, mixed).score(asked, shown).accuracy < 0.4


def test_without_nonlinearity_the_frequencies_are_the_same_and_nothing_locks() -> None:
    plain = without_nonlinearity(trained().binding)
    assert isinstance(plain.device, AutoOscillator)
    for ratio in (1.1, 1.5, 1.9):
        assert plain.device.frequency_at(ratio * THRESHOLD) == pytest.approx(DEVICE.frequency_at(ratio * THRESHOLD))
    assert plain.device.oscillation(1.5 * THRESHOLD).nonlinearity == 0
    # equal currents have equal frequencies, which is no locking: so look at groups that training left slightly apart
    split = replace(plain, bias=currents_for(DEVICE, 537e6 + 4e6 * np.array([-1.0, 0.0, 1.0])), window=4e-6)
    assert present(split, [[-1]], rng(2)).locking.max() < 0.5
    assert present(replace(split, device=DEVICE), [[-1]], rng(2)).locking.min() > 0.95


def test_a_vortex_without_nonlinearity_keeps_the_spacings_of_its_frequencies_and_does_not_lock() -> None:
    vortex = VortexOscillator(temperature=0.0)
    begin = start(vortex, width=CAUTIOUS)
    spread = currents_for(
        vortex, vortex.frequency_at(1.5 * vortex.threshold_current) + 4e6 * np.array([-1.0, 0.0, 1.0])
    )
    whole = replace(begin, bias=spread, window=2e-6, dt=0.4e-9)
    plain = without_nonlinearity(whole)
    assert isinstance(plain.device, VortexOscillator)
    spacings = np.diff([plain.device.frequency_at(each) for each in plain.bias])
    np.testing.assert_allclose(spacings, 4e6, rtol=1e-3)
    centre = plain.device.current_for_radius(vortex.orbit(1.5 * vortex.threshold_current).radius)
    assert abs(plain.device.orbit(centre).nonlinearity) < 1e-6 < 1 < abs(vortex.orbit(centre).nonlinearity)
    assert present(plain, [[-1]], rng(2)).locking.max() < 0.6
    assert present(whole, [[-1]], rng(2)).locking.min() > 0.95


@pytest.mark.slow
def test_at_room_temperature_at_least_nine_of_ten_sequences_are_told_apart() -> None:
    scores = study(trained().binding, Study(noisy=True), rng(9))
    assert pooled([each["locking"] for each in scores.values()]).interval[0] > 0.9


def test_bad_input_is_answered_with_the_rule() -> None:
    binding = start(DEVICE)
    with pytest.raises(ValueError, match="currents_for.frequencies must lie between .* try fewer oscillators"):
        start(DEVICE, oscillators=20)
    with pytest.raises(ValueError, match="hold must be 0 or above and below 1"):
        replace(binding, hold=1.0)
    with pytest.raises(ValueError, match="events must have a column for each"):
        replace(binding, events=np.zeros((3, 2)))
    with pytest.raises(ValueError, match="window must be at least 160 samples"):
        replace(binding, window=1e-8)
    with pytest.raises(ValueError, match="rows of event numbers -1 to 2"):
        present(binding, [[3]], rng())
    with pytest.raises(ValueError, match="must be one for each of 3 events"):
        train(binding, Rule(groups=((0, 1),), step=1e-4), rng())
    with pytest.raises(ValueError, match="must have vortices, or auto-oscillators"):
        without_nonlinearity(replace(binding, device=replace(DEVICE, torque_saturation=0.1)))


def test_the_command_gives_the_keys_of_its_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "bind.png"
    words = [
        "bind",
        "--device",
        "auto-oscillator",
        "--temperature",
        "0K",
        "--tests",
        "1",
        "--window",
        "0.5us",
        "--json",
    ]
    assert main([*words, "--plot", str(figure)]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["items"] == 36
    assert record["interval"][0] <= record["accuracy"] <= record["interval"][1]
    assert set(record["ablations"]) == {"no_coupling", "nu=0", "no_memory", "state_only"}
    assert all({"accuracy", "interval", "items"} <= set(each) for each in record["ablations"].values())
    assert figure.stat().st_size > 10_000


def test_an_ablation_that_diverges_is_named_and_loses_no_other_score(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(binding: Binding, settings: Study, source: np.random.Generator) -> Scores:
        if binding.gain == 0:
            raise DivergedError("oscillator 1 left the disk", 1, 0.0, np.zeros(2))
        return {}

    monkeypatch.setattr("spinode.networks.binding_study.study", broken)
    found, failed = _scores(trained().binding, Study(), rng(), lambda part, note="": None)
    assert failed == {"no_coupling": "oscillator 1 left the disk"}
    assert set(found) == {"", "no_memory", "state_only", "nu=0"}


def test_the_command_says_which_devices_can_bind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bind", "--device", "wall"]) == 1
    assert "one of vortex, auto-oscillator, got 'wall', which has no microwave input" in capsys.readouterr().err
