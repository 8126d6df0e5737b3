"""What is checked when an object is made or a function is called: one line that names owner, rule and value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from spinode.binding_plots import binding_figure
from spinode.calibration import calibrate
from spinode.design.spec import DesignSpec
from spinode.devices.auto_oscillator import AutoOscillator
from spinode.devices.vortex import VortexOscillator
from spinode.drive_table import DriveTable
from spinode.drives import Sampling, noise, steps
from spinode.integrator import Members
from spinode.networks.binding_designs import groups_of, start
from spinode.networks.binding_study import Study
from spinode.networks.binding_training import Rule
from spinode.networks.circuits import common_current
from spinode.networks.coupling import MatrixCoupling
from spinode.networks.run import Record
from spinode.reservoir.controls import DelayedInputs, MaskedInput
from spinode.reservoir.mask import ReadIn, gaussian_mask, read_in_for
from spinode.reservoir.mask_kinds import maximal_length_mask
from spinode.reservoir.metrics import nrmse, ridge_weights
from spinode.reservoir.nodes import NodeSettings
from spinode.reservoir.rank import RankSettings
from spinode.reservoir.tasks import mackey_glass
from spinode.signals import Channel, signal_of
from spinode.speech.benchmark import Readout
from spinode.speech.formants import Voice
from spinode.speech.protocols import Split, training_sets
from spinode.speech.scores import mcnemar, wilson
from spinode.speech.words import Words
from spinode.surrogate.field import FieldShape
from tests.known_devices import duffing, random_levels

RNG = np.random.default_rng(0)
CURRENT = Channel(name="current", unit="A")
SAMPLING = Sampling(duration=1e-6, dt=1e-8)
READ_IN = ReadIn(channel="u", weights=np.ones((2, 1)), centre=0.0, low=-1.0, high=1.0)
WORDS = Words(
    frames=(np.zeros((3, 2)), np.ones((2, 2))), labels=np.array([0, 1]), speakers=("a", "b"), takes=np.array([0, 0]),
    test=np.array([False, True]),
)  # fmt: skip
SPLIT = Split(name="one", train=np.array([0, 1]), test=np.array([2]), inner=np.array([0, 1]))
VOICE = Voice(pitch=120.0, tract=1.0, tempo=1.0, breath=0.02)
MADE: list[tuple[Callable[[], object], str]] = [
    (lambda: ReadIn(channel="u", weights=np.ones(3), centre=0.0, low=-1.0, high=1.0), "ReadIn.weights must be finite"),
    (lambda: replace(READ_IN, weights=np.array([[np.nan]])), "ReadIn.weights must be finite"),
    (lambda: replace(READ_IN, centre=2.0), "ReadIn"),
    (lambda: replace(READ_IN, low=1.0), "ReadIn"),
    (lambda: gaussian_mask(5, RNG, channels=0), "gaussian_mask.channels must be 1 or more, got 0"),
    (lambda: read_in_for("u", np.ones((2, 1)), np.zeros((5, 1)), (0.0, 1.0), 0.4), "the masked inputs are all zero"),
    (lambda: maximal_length_mask(0, RNG), "maximal_length_mask must have 1 to"),
    (lambda: nrmse(np.zeros((3, 1)), np.zeros((4, 1))), "nrmse needs two arrays of one shape"),
    (lambda: nrmse(np.zeros((1, 1)), np.zeros((1, 1))), "nrmse needs two arrays of one shape"),
    (lambda: ridge_weights(np.ones((3, 1)), np.ones((3, 1)), 0.0), "ridge must be a positive number, got 0.0"),
    (lambda: ridge_weights(np.ones((3, 1)), np.ones((3, 1)), np.inf), "ridge must be a positive number, got inf"),
    (lambda: NodeSettings(node_time=0.0), "NodeSettings.node_time must be a positive number"),
    (lambda: NodeSettings(node_time=1.0, washout=-1), "NodeSettings.washout must be 0 or more"),
    (lambda: RankSettings(streams=0), "RankSettings.streams and length must be 1 or more"),
    (lambda: RankSettings(jitter=-0.1), "RankSettings.jitter must be 0 or more"),
    (lambda: mackey_glass(0), "mackey_glass needs at least 1 point, got 0"),
    (lambda: MaskedInput(cast("Any", None)).fit(np.ones((5, 1))), "MaskedInput.reservoir must be a Reservoir"),
    (lambda: DelayedInputs(0).fit(np.ones((5, 1))), "DelayedInputs.taps must be 1 or more, got 0"),
    (lambda: Readout(segments=0), "Readout.segments must be 1 or more, got 0"),
    (lambda: Readout(penalties=()), "Readout.penalties must hold at least one penalty"),
    (lambda: replace(VOICE, pitch=5.0), "Voice.pitch must be"),
    (lambda: wilson(0.0, 0), "wilson.items must be 1 or more, got 0"),
    (lambda: mcnemar(-1, 0), "mcnemar counts must be 0 or more, got -1 and 0"),
    (lambda: replace(SPLIT, test=np.array([], dtype=int)), "Split.train and test must hold words, got 2 and 0"),
    (lambda: replace(SPLIT, inner=np.array([0, 0])), "Split.inner must name one of two or more parts"),
    (lambda: training_sets(0), "utterances that train must be 1 to 9, got 0"),
    (lambda: training_sets(10), "utterances that train must be 1 to 9, got 10"),
    (lambda: replace(WORDS, frames=()), "Words.frames must hold at least one word"),
    (lambda: replace(WORDS, takes=np.array([0])), "Words.takes must have one entry for each of 2 words"),
    (lambda: replace(WORDS, labels=np.array([-1, 0])), "Words.labels must be 0 or more, got -1"),
    (lambda: replace(WORDS, frames=(np.zeros((3, 2)), np.zeros((3, 1)))), "Words.frames must be finite"),
    (lambda: groups_of(2), "groups_of.oscillators must be at least 3, got 2"),
    (lambda: start(VortexOscillator(), width=0.0), "start.width must be above 0 Hz"),
    (lambda: Study(tests=0), "Study.examples and tests must be at least 1, got 6 and 0"),
    (lambda: Rule(groups=groups_of(3), step=0.0), "Rule"),
    (
        lambda: common_current(
            [AutoOscillator()] * 2, resistance=50.0, load=50.0, arrangement=cast("Any", "ring"), frequency=1e9
        ),
        "common_current.arrangement must be 'series' or 'parallel', got 'ring'",
    ),
    (lambda: Record(window=-1), "Record"),
    (lambda: Record(every=0), "Record"),
    (
        lambda: MatrixCoupling(matrix=np.full((2, 2), np.nan), source={"voltage": 1.0}, target="current"),
        "MatrixCoupling.matrix must have finite entries",
    ),
    (lambda: DesignSpec(bias="none"), "DesignSpec.bias must be individual or series, got 'none'"),
    (lambda: DesignSpec(chain_current=1e-3), "DesignSpec.chain_current must be left out with individual bias"),
    (lambda: signal_of(np.zeros(3), 1.0, CURRENT, start=np.nan), "Signal.start must be a finite number of seconds"),
    (lambda: steps(CURRENT, SAMPLING, [1.0, 2.0], [1e-7, 2e-7]), "steps need one level more than times"),
    (lambda: noise(CURRENT, SAMPLING, 0.0, -1.0, 1e7, RNG), "the deviation of noise must be 0 or above"),
    (lambda: noise(CURRENT, SAMPLING, 0.0, 1.0, 1e3, RNG), "drive 'current'"),
    (
        lambda: Members(parameters=np.zeros((2, 1)), initial=np.zeros((3, 1))),
        "Members must have one row of each kind for every member",
    ),
    (
        lambda: DriveTable(values=np.zeros((1, 1, 1)), holds=np.array([False]), dt=1.0),
        "DriveTable.values must have shape",
    ),
    (lambda: FieldShape(states=2, inputs=1, degree=2, modes=2), "FieldShape.modes must be 0 to 1, got 2"),
    (
        lambda: AutoOscillator.from_vortex(VortexOscillator(polarizer_tilt=np.pi / 2)),
        "threshold current, got one without",
    ),
    (
        lambda: calibrate(VortexOscillator(), duffing(random_levels(20, 1)), cast("Any", "radius")),
        "calibrate.unknown must be a list of names or a mapping, got the text 'radius'",
    ),
    (
        lambda: binding_figure(cast("Any", None), cast("Any", SimpleNamespace(voltages=np.zeros((5, 0)))), ["A"]),
        "binding_figure.response must have voltages, got none",
    ),
]


@pytest.mark.parametrize(("make", "told"), MADE, ids=[told[:40] for _, told in MADE])
def test_what_breaks_a_rule_is_refused_in_one_line(make: Callable[[], object], told: str) -> None:
    with pytest.raises(ValueError) as refusal:
        make()
    line = str(refusal.value)
    assert told in line
    assert "\n" not in line and "got" in line or "must be left out" in line or "all zero" in line


def test_the_objects_that_were_changed_keep_the_rules_themselves() -> None:
    assert len(WORDS) == 2 and READ_IN.nodes == 2 and SPLIT.name == "one" and VOICE.pitch == 120.0
