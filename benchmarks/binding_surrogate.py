"""A learned vortex oscillator in place of the analytic one: locking to a tone and to a twin, and binding.

Both are run with the same currents, coupling and windows, without noise. Prints the widths, the synchronization map of
three oscillators with an event on, and the part of sequences named rightly.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from spinode.devices.base import Device
from spinode.devices.vortex import VortexOscillator
from spinode.drives import Sampling, constant, join, random_holds
from spinode.networks.binding import Binding, present
from spinode.networks.binding_designs import CENTRE, groups_of, start
from spinode.networks.binding_study import Study, study, together
from spinode.networks.binding_training import Rule, train
from spinode.networks.coupling import MatrixCoupling, Tone
from spinode.networks.locking import LockingRange, Sweep, locking_range
from spinode.networks.network import Network
from spinode.signals import FloatArray
from spinode.simulate import simulate
from spinode.surrogate import FitSettings, Surrogate, fit, load_surrogate, save_surrogate
from spinode.traces import TraceSet

DEVICE = VortexOscillator(temperature=0.0)
THRESHOLD = DEVICE.threshold_current
TRAINED = (0.8, 2.02)
"""Range of the current in training, over the threshold: all that binding uses."""
DT = 0.1e-9
FIELD = 0.5e-3
"""Largest microwave field in training [T]."""
TONE = 20e-6
"""Microwave field that a single oscillator locks to [T]."""
GAIN = 0.1
"""Coupling of the pair over that of binding: a width far below the relaxation rate, where there is no hysteresis."""


def training(seed: int) -> TraceSet:
    """One microsecond of random levels of current and field."""
    rng, sampling = np.random.default_rng(seed), Sampling(duration=1e-6, dt=DT)
    current, field = DEVICE.inputs
    low, high = (ratio * THRESHOLD for ratio in TRAINED)
    levels = random_holds(current, sampling, low, high, 20e-9, rng)
    return TraceSet(
        (simulate(DEVICE, join(levels, random_holds(field, sampling, -FIELD, FIELD, 0.8e-9, rng)), initial=(0.3, 0.0)),)
    )


def learned(path: str | None) -> Surrogate:
    """The surrogate in a file, or a new one."""
    try:
        return load_surrogate(path or "")
    except FileNotFoundError:
        begin = time.process_time()
        twin = fit(TraceSet(training(1).traces), FitSettings(degrees=((5, 2),), hidden=()), name="vortex")
        print(f"fit: {time.process_time() - begin:.0f} s of processor time")
        if path:
            save_surrogate(path, twin)
        return twin


def window(device: Device, duration: float) -> Sweep:
    """Windows without any drive but the biases."""
    sampling = Sampling(duration=duration, dt=DT)
    drive = join(*(constant(channel, sampling, 0.0) for channel in device.inputs))
    return Sweep(window=drive, tolerance=0.0005)


def started(device: Device, count: int) -> FloatArray:
    """Oscillators with some amplitude and little difference."""
    return np.array([[0.5 + 0.02 * number, *np.zeros(len(device.states) - 1)] for number in range(count)])


def tone_range(device: Device) -> LockingRange:
    """Currents, in parts of the threshold from the middle, at which one oscillator follows a tone."""
    middle = CENTRE * THRESHOLD
    tone = Tone(target="field", frequency=DEVICE.frequency_at(middle), amplitude=TONE)

    def at(detuning: float) -> Network:
        return Network(devices=[device], tones=[tone], bias={"current": middle + 0.1 * detuning * THRESHOLD})

    sweep = replace(window(device, 2e-6), pair=(0, None), reference=DEVICE.frequency_at(middle))
    return locking_range(at, -1.0, 1.0, sweep, initial=started(device, 1))


def twin_range(device: Device, gain: float) -> LockingRange:
    """Differences of two currents, in parts of the threshold, at which two oscillators lock."""
    link = MatrixCoupling(matrix=np.full((2, 2), GAIN * gain), source={"voltage": 1.0}, target="field")

    def at(detuning: float) -> Network:
        split = 0.05 * detuning * THRESHOLD * np.array([1.0, -1.0])
        return Network(devices=[device] * 2, couplings=[link], bias={"current": CENTRE * THRESHOLD + split})

    return locking_range(at, -1.0, 1.0, window(device, 4e-6), initial=started(device, 2))


def beside(name: str, twin: Surrogate, run: Callable[[Device], LockingRange]) -> None:
    """One line with both widths."""
    begin = time.perf_counter()
    device, own = run(DEVICE).width, run(twin).width
    seconds = time.perf_counter() - begin
    print(
        f"{name}: device {0.1 * device:.5f}, surrogate {0.1 * own:.5f} of the threshold,"
        f" {100 * (own / device - 1):+.2f} % ({seconds:.0f} s)",
        flush=True,
    )


def show_map(name: str, binding: Binding) -> None:
    """Phase-locking of the pairs in the window of each event."""
    found = present(binding, [[0], [1], [2]], np.random.default_rng(5)).locking[:, 0]
    rows = "; ".join(
        f"{event}: " + ", ".join(f"{value:.2f}" for value in row) for event, row in zip("ABC", found, strict=True)
    )
    print(f"phase locking of pairs {binding.pairs}, {name}: {rows}", flush=True)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--surrogate", help="use this file if it is there, else write the fit to it")
    parser.add_argument("--tests", type=int, default=3, help="showings of each sequence that are decided")
    options = parser.parse_args(words)
    twin = learned(options.surrogate)
    print(f"coefficients {twin.shape.size}, held-out NRMSE {twin.record['held_out_nrmse']}")
    begin = replace(start(DEVICE, width=16e6), dt=DT)
    beside(f"tone of {1e6 * TONE:g} uT", twin, tone_range)
    beside("twin", twin, lambda device: twin_range(device, begin.gain))
    rule = Rule(groups=groups_of(3), step=0.12 * THRESHOLD, rounds=12, showings=1)
    binding = train(begin, rule, np.random.default_rng(0)).binding
    for name, device in (("device", DEVICE), ("surrogate", twin)):
        each = replace(binding, device=device)
        show_map(name, each)
        scores = study(each, Study(examples=2, tests=options.tests), np.random.default_rng(1))
        for reading in ("locking", "last-spectrum"):
            score = together(scores, reading)
            low, high = score.interval
            print(
                f"  {reading}: {100 * score.accuracy:.1f} % ({100 * low:.1f} to {100 * high:.1f}, {score.items} items)"
            )


if __name__ == "__main__":
    main()
