"""Can a surrogate foretell a skyrmion under a drive that it has not seen?

The bundled traces are micromagnetic: a voltage changes the anisotropy of an 80 nm disk, and the skyrmion in it
breathes. The surrogate learns from one trace. It then runs freely along another one: it is given the drive and the
first few samples of mz, and nothing after them. The printed NRMSE is its root mean square error over the deviation of
the truth (0: perfect, 1: no better than the mean).

    python examples/learn_a_skyrmion.py             about four minutes
    python examples/learn_a_skyrmion.py --quick     seconds: a short record, a small polynomial, a poorer surrogate
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spinode import Trace, TraceSet
from spinode.bundled import bundled_data
from spinode.plots import free_run_figure, save_figure
from spinode.storage import read_traces
from spinode.surrogate import FitSettings, fit
from spinode.surrogate.metrics import score_free_run

SETTINGS = FitSettings(minutes=3.5)
QUICK = FitSettings(minutes=0.2, degrees=(2,), hidden=())
QUICK_SAMPLES = 3000


def answer(quick: bool, figure: Path) -> float:
    """Learn, run freely, draw; returns the NRMSE."""
    traces = read_traces(bundled_data("skyrmion_vcma.h5"))
    known, unseen = traces["train"], traces["test"]
    if quick:
        known, unseen = known.samples(0, QUICK_SAMPLES), unseen.samples(0, QUICK_SAMPLES)
    surrogate = fit(TraceSet((known,)), QUICK if quick else SETTINGS, name="skyrmion")
    prediction = surrogate.predict(unseen)
    save_figure(figure, free_run_figure(unseen, {"surrogate": prediction.output.values}, "mz", surrogate.warm_up))
    return error(unseen, prediction, surrogate.warm_up)


def error(truth: Trace, prediction: Trace, warm_up: int) -> float:
    """NRMSE of mz after the samples that the surrogate was given."""
    true, predicted = truth.output.column("mz")[warm_up:], prediction.output.column("mz")[warm_up:]
    return score_free_run(true, predicted, truth.dt).nrmse


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short record and a small polynomial")
    parser.add_argument("-o", dest="figure", type=Path, default=Path("learn_a_skyrmion.png"), help="figure to write")
    options = parser.parse_args(words)
    print(f"NRMSE of the free run under the unseen drive: {answer(options.quick, options.figure):.4f}")


if __name__ == "__main__":
    main()
