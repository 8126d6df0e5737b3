"""``spinode bind``: how well a small network of one device tells ordered sequences of events apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from spinode.cli.completion import among
from spinode.cli.device_names import DEVICES, make_device
from spinode.cli.options import Force, Json, Preset, Quiet, Settings
from spinode.cli.output import Stopwatch, check_outputs, print_json, print_table, progress

if TYPE_CHECKING:
    import numpy as np

    from spinode.cli.output import Advance
    from spinode.networks.binding import Binding
    from spinode.networks.binding_decision import Score
    from spinode.networks.binding_designs import Analytic
    from spinode.networks.binding_study import Scores, Study

OSCILLATORS = ("vortex", "auto-oscillator")
STEP = 0.12
"""Largest move of a current while it trains, over the threshold; assumed."""
ROUNDS = 12
"""Most rounds of training."""
SHOWN = (0, 1, 2)
"""Events of the figure."""


DeviceOption = Annotated[
    str,
    typer.Option(
        help=f"Surrogate file, or {', '.join(OSCILLATORS)}.", show_default=False, autocompletion=among(OSCILLATORS)
    ),
]


def bind_command(
    device: DeviceOption,
    oscillators: Annotated[int, typer.Option("--oscillators", help="Oscillators, at least 3.")] = 3,
    temperature: Annotated[str, typer.Option(help="Of a named device; 0 for no noise.")] = "300K",
    hold: Annotated[float, typer.Option(help="What stays on of an event's current in the next window.")] = 0.25,
    width: Annotated[str, typer.Option(help="Detuning up to which a pair locks.")] = "",
    window: Annotated[str, typer.Option(help="Duration of an event.")] = "1us",
    tests: Annotated[int, typer.Option(help="Showings of each sequence that are decided.")] = 10,
    set_: Settings = None,
    preset: Preset = "",
    seed: Annotated[int, typer.Option(help="Seed of phases and noise.", min=0)] = 0,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure: spectrogram and locking over time.")] = None,
    force: Force = False,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Train currents of three events, then name all ordered pairs and triples from the voltages alone."""
    import numpy as np

    from spinode.networks.binding_designs import groups_of
    from spinode.networks.binding_study import Study
    from spinode.networks.binding_training import Rule, train

    clock = Stopwatch("bind", quiet)
    check_outputs(plot, (), force)
    begin, threshold = _begin(device, (set_ or [], preset, temperature), (oscillators, hold), (width, window))
    noisy, rng = getattr(begin.device, "temperature", 0.0) > 0, np.random.default_rng(seed)
    rule = Rule(groups=groups_of(oscillators), step=STEP * threshold, noisy=noisy, rounds=ROUNDS)
    with progress("bind", quiet) as advance:
        trained = train(begin, rule, rng)
        advance(0.2, "trained")
        settings = Study(examples=min(6, tests + 1), tests=tests, noisy=noisy)
        scores, failed = _scores(trained.binding, settings, rng, advance)
    _draw(plot, trained.binding, noisy, rng)
    record = _record(trained.binding, scores) | {"device": begin.device.name, "seed": seed, "failed": failed}
    record |= {"mistakes": trained.mistakes, "temperature": getattr(begin.device, "temperature", None)}
    if json_output:
        print_json(record)
    else:
        _show(trained.binding, scores, failed)
    clock.done(f"{record['items']} sequences, {100 * cast('float', record['accuracy']):.1f} % named rightly")


def _begin(
    name: str, device: tuple[list[str], str, str], sizes: tuple[int, float], texts: tuple[str, str]
) -> tuple[Binding, float]:
    """The untrained network and the threshold current; a surrogate starts from the currents of the vortex."""
    from dataclasses import replace

    from spinode.devices.vortex import VortexOscillator
    from spinode.networks.binding_designs import CAUTIOUS, WIDTH, start
    from spinode.surrogate import load_surrogate
    from spinode.units import parse_quantity

    settings, preset, temperature = device
    count, hold = sizes
    usual = WIDTH if name == "auto-oscillator" else CAUTIOUS
    width = parse_quantity(texts[0], "Hz") if texts[0] else 2 * usual / max(2, count - 1)
    learned = None
    if name in OSCILLATORS and not Path(name).exists():
        analytic = replace(
            cast("Analytic", make_device(name, settings, preset)), temperature=parse_quantity(temperature, "K")
        )
    elif not Path(name).exists():
        kind = "has no microwave input" if name in DEVICES else "is neither"
        raise ValueError(
            f"--device must be a surrogate file or one of {', '.join(OSCILLATORS)}, got '{name}', which {kind}"
        )
    elif settings or preset:
        given = "--set" if settings else "--preset"
        raise ValueError(f"{given} goes with the name of a device ({', '.join(OSCILLATORS)}), got '{name}'")
    else:
        analytic, learned = VortexOscillator(temperature=0.0), load_surrogate(Path(name))
        units = [channel.unit for channel in learned.inputs]
        if units != ["A", "T"]:
            raise ValueError(f"--device must have a current [A] and a field [T] as inputs, got {units} of '{name}'")
    begin = start(analytic, oscillators=count, width=width, hold=hold)
    begin = replace(begin, window=parse_quantity(texts[1], "s"))
    if learned is not None:
        begin = replace(begin, device=learned, dt=learned.dt)
    return begin, analytic.threshold_current


def _scores(
    binding: Binding, settings: Study, rng: np.random.Generator, advance: Advance
) -> tuple[dict[str, Scores], dict[str, str]]:
    """The network as it is, each ablation, without noise where there is some; and why an ablation came to no score."""
    from dataclasses import replace

    from spinode.networks.binding_study import ablations, study
    from spinode.simulate import DivergedError

    found, failed = {"": study(binding, settings, rng)}, {}
    others = ablations(binding)
    for number, (name, each) in enumerate(others.items()):
        try:
            found[name] = study(each, settings, rng)
        except DivergedError as error:  # what is taken away may be what held an oscillator in its range
            failed[name] = str(error)
        advance(0.3 + 0.6 * (number + 1) / len(others), name)
    if settings.noisy:
        found["no_noise"] = study(binding, replace(settings, noisy=False), rng)
    return found, failed


def _entry(score: Score) -> dict[str, object]:
    return {"accuracy": score.accuracy, "interval": score.interval, "items": score.items}


def _readings(scores: Scores) -> dict[str, object]:
    names = {2: "pairs", 3: "triples"}
    return {
        names[length]: {reading: _entry(score) | {"chance": 1 / score.classes} for reading, score in each.items()}
        for length, each in scores.items()
    }


def _record(binding: Binding, scores: Mapping[str, Scores]) -> dict[str, object]:
    """Contract: ``accuracy``, ``interval``, ``items``, ``ablations`` {name: the same}; pairs and triples together."""
    from spinode.networks.binding_study import together

    whole = scores[""]
    return {
        **_entry(together(whole)),
        "reading": "locking",
        "ablations": {
            name: _entry(together(each)) | {"readings": _readings(each)} for name, each in scores.items() if name
        },
        "readings": _readings(whole),
        "oscillators": len(binding.bias),
        "hold": binding.hold,
        "window": binding.window,
        "bias": binding.bias,
        "events": binding.events,
        "gain": binding.gain,
    }


def _show(binding: Binding, scores: Mapping[str, Scores], failed: Mapping[str, str]) -> None:
    from spinode.networks.binding_decision import READINGS

    count, hold = len(binding.bias), f"{binding.hold:g} of an event's current stays on"
    print(f"{count} oscillators ({binding.device.name}), 3 events of {binding.window * 1e6:g} us, {hold}")
    rows = [
        (name or "whole", "pairs" if length == 2 else "triples", *(_text(each[reading]) for reading in READINGS))
        for name, found in scores.items()
        for length, each in found.items()
    ]
    print_table(("network", "of", *READINGS), rows, title="sequences named rightly, % (95 % interval)")
    for name, why in failed.items():
        print(f"{name}: {why}")


def _text(score: Score) -> str:
    low, high = score.interval
    return f"{100 * score.accuracy:.1f} ({100 * low:.0f} to {100 * high:.0f})"


def _draw(plot: Path | None, binding: Binding, noisy: bool, rng: np.random.Generator) -> None:
    if plot is not None:
        from spinode.binding_plots import binding_figure
        from spinode.networks.binding import present
        from spinode.plots import save_figure

        response = present(binding, [SHOWN], rng, noisy=noisy, keep=True)
        save_figure(plot, binding_figure(binding, response, ["ABC"[number] for number in SHOWN]))
