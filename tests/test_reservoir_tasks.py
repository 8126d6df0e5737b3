"""Masks, readouts and tasks of the reservoir, on problems whose answer is known, and the commands that run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from sklearn.base import clone

from spinode.cli import main
from spinode.devices import EnvelopeOscillator
from spinode.reservoir import (
    DelayedInputs,
    PseudoInverse,
    Reservoir,
    TaskSettings,
    make_mask,
    maximal_length_mask,
    narma10,
    run_task,
    sine_square,
)
from spinode.reservoir.mask_kinds import KINDS, TAPS, maximal_length_sequence
from spinode.reservoir.tasks import narma10_answer
from tests.tolerances import NOTHING_LEARNED

FED = Reservoir(
    EnvelopeOscillator(), nodes=30, node_time=400e-9, rest=7e-3, swing=2e-3, quantile=1.0, feedback=0.7,
    feedback_delay=31, feedback_unit="nodes",
)  # fmt: skip
SMALL = TaskSettings(washout=200, training=1500, testing=1000)


@pytest.mark.parametrize("order", sorted(TAPS))
def test_a_maximal_length_sequence_has_an_autocorrelation_of_two_values(order: int) -> None:
    """L at shift 0 and -1 at every other: a register that repeats earlier than 2^m - 1 would have a third value."""
    sequence = maximal_length_sequence(order) * 2.0 - 1.0
    power = np.abs(np.fft.rfft(sequence)) ** 2
    correlation = np.round(np.fft.irfft(power, len(sequence)))
    assert correlation[0] == len(sequence) == 2**order - 1
    assert set(correlation[1:]) == {-1.0}


def test_masks_have_their_values_in_equal_parts_and_depend_on_their_generator_alone() -> None:
    for kind, values in {"binary": (-1, 1), "ternary": (-1, 0, 1), "maximal-length": (-1, 1)}.items():
        mask = make_mask(kind, (9000, 2), np.random.default_rng(1))
        found, counts = np.unique(mask, return_counts=True)
        assert tuple(found) == values
        assert np.abs(counts / mask.size - 1 / len(values)).max() < 0.03
    for kind in KINDS:
        first, second = (make_mask(kind, (40, 3), np.random.default_rng(2)) for _ in range(2))
        assert np.array_equal(first, second)
        assert np.linalg.matrix_rank(first) == 3
    assert maximal_length_mask(31, np.random.default_rng(3)).shape == (31, 1)


def test_narma10_is_its_equation_and_a_diverging_series_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    u = np.random.default_rng(7).uniform(0, 0.5, 60)
    y = [0.0]
    for t in range(60):
        old = u[t - 9] if t >= 9 else 0.0
        y.append(0.3 * y[t] + 0.05 * y[t] * sum(y[max(t - 9, 0) : t + 1]) + 1.5 * old * u[t] + 0.1)
    assert narma10_answer(u) == pytest.approx(np.array(y[1:]))
    assert not narma10_answer(np.full(3000, 0.5))[-1] < 10  # the largest input drives it away
    inputs, targets = narma10(3000, np.random.default_rng(8))
    assert 0 <= inputs.min() and inputs.max() <= 0.5 and targets.max() < 1.5
    monkeypatch.setattr("spinode.reservoir.tasks.BOUND", 0.5)
    with pytest.raises(ValueError, match="100 series of 3000 points diverged"):
        narma10(3000, np.random.default_rng(8))


def test_a_shift_register_has_the_narma10_error_of_the_literature() -> None:
    outcome = run_task("narma10", FED, SMALL, np.random.default_rng(9))
    assert outcome.scores["delayed_inputs"] == pytest.approx(0.4, abs=0.05)  # the linear answer
    assert outcome.scores["masked_input"] > 0.75  # sees the present input alone
    assert outcome.scores["static"] > 0.75
    assert outcome.scores["device"] < 0.65


def test_without_memory_seven_eighths_of_sine_and_square_are_right_and_with_it_all() -> None:
    values, classes = sine_square(4000, np.random.default_rng(10))
    assert set(np.round(values[classes == 1], 12)) == {-1.0, 1.0}
    assert np.unique(np.round(values[classes == 0], 12)).size == 5
    outcome = run_task("sine-square", FED, SMALL, np.random.default_rng(11))
    assert outcome.scores["device"] > 0.999
    assert outcome.scores["static"] == pytest.approx(7 / 8, abs=0.03)
    assert outcome.details["device"]["rmse"] < 0.1 < outcome.details["static"]["rmse"]


def test_a_device_of_other_points_scores_nothing() -> None:
    """Narma's targets against states of a series that has nothing to do with them."""
    inputs, targets = narma10(2500, np.random.default_rng(12))
    states = DelayedInputs(20).fit_transform(np.random.default_rng(13).permutation(inputs)[:, None])
    fitted = PseudoInverse().fit(states[:1500], targets[:1500])
    error = fitted.predict(states[1500:]) - targets[1500:]
    assert np.sqrt(np.mean(error**2) / targets[1500:].var()) > NOTHING_LEARNED


def test_memory_capacity_and_rank_have_their_controls() -> None:
    for task, taps in (("memory", 29.0), ("capacity", 30.0)):
        outcome = run_task(task, FED, SMALL, np.random.default_rng(14))
        assert outcome.scores["delayed_inputs"] == pytest.approx(taps)
        assert outcome.scores["masked_input"] == pytest.approx(0.0 if task == "memory" else 1.0)
        assert outcome.scores["device"] > outcome.scores["static"] + 5
    ranks = run_task("rank", clone(FED).set_params(feedback=0.0), SMALL, np.random.default_rng(15)).details
    assert ranks["delayed_inputs"]["kernel_rank"] == 30
    assert ranks["device"]["generalisation_rank"] == 1
    assert set(ranks) == {"device", "static", "masked_input", "delayed_inputs"}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: run_task("xor", FED, SMALL, np.random.default_rng(0)), "task must be one of narma10"),
        (lambda: TaskSettings(training=1), "training must be 2 or more"),
        (lambda: TaskSettings(degree=9), "degree must be 1 to 8"),
        (lambda: TaskSettings(delays=0), "delays must be 1 or more"),
        (lambda: narma10(0, np.random.default_rng(0)), "narma10 needs points >= 1"),
        (lambda: sine_square(3, np.random.default_rng(0), 7), "even number of points"),
        (lambda: maximal_length_sequence(40), "order must be 2 to 17"),
    ],
)
def test_bad_input_is_one_line(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)


COMMAND = (
    "reservoir", "TASK", "--device", "envelope", "--range", "5mA:9mA", "--node-time", "400ns", "--nodes", "20",
    "--amplitude", "1", "--points", "1800", "--training", "1000",
)  # fmt: skip


def command(task: str, *more: object) -> list[str]:
    return [task if word == "TASK" else word for word in COMMAND] + [str(word) for word in more]


@pytest.mark.parametrize("task", ["narma10", "sine-square", "memory", "capacity", "rank"])
def test_each_task_is_a_command_with_json_controls_and_a_figure(
    task: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / "figure.png"
    assert main(command(task, "--feedback", "0.7", "--json", "--plot", figure)) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    key = {"narma10": "nrmse", "sine-square": "accuracy", "rank": "kernel_rank"}.get(task, "capacity")
    assert record["metric"] == key
    assert isinstance(record[key], int | float)
    assert set(record["controls"]) == {"static", "masked_input", "delayed_inputs"}
    assert record["feedback_delay"] == 21
    assert imread(figure).std() > 0.01
    assert main(command(task)) == 0
    assert "no device, delayed inputs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("narma10", "--points", "1100"), "--points must be more than 1000 training points"),
        (("narma10", "--feedback", "1.5"), "Reservoir.feedback must be above -1 and below 1, got 1.5"),
        (("memory", "--mask", "random"), "mask must be one of binary"),
        (("memory", "--sampling", "late"), "Reservoir.sampling must be start, end, mean"),
        (("memory", "--amplitude", "2"), "--amplitude must be above 0 and at most 1"),
        (("mackey-glass", "--feedback", "0.5"), "go with other tasks than mackey-glass"),
        (("xor",), "TASK must be one of mackey-glass, narma10"),
    ],
)
def test_a_command_with_bad_input_says_it_in_one_line(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(*words)) == 1
    out, err = capsys.readouterr()
    assert said in err and err.count("\n") == 1 and not out
