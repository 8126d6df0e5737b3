"""One peer of ``learners.py``, in an environment of its own: it imports nothing of spinode.

    python learner_peers.py PEER DATA.npz ANSWER.npz MINUTES SETTING

DATA.npz holds u, y (training), test_u, test_y, dt, held (1: the drive is held between samples). ANSWER.npz gets the
free run over the test, the number of first samples that it was given, the processor seconds, the error by which one
setting is preferred to another, and what was chosen. Every peer is used as its documentation shows, in normalised
units, and chooses on the last fifth of the training.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import importlib.util
import json
import sys
import tempfile
import time
import warnings

import numpy as np

HELD_OUT = 0.2
RATE, ALONE = (1, -1), (0, 0)
"""States of SINDy other than delayed copies: the output and its rate, or the output alone."""
HORIZON = 400
"""Samples of each held-out run by which a closed form is chosen."""
Answer = tuple[np.ndarray, int, float, str]
"""Run, samples given, error by which to choose, what was chosen."""


class Data:
    """The file, with its training cut into an early part and a held-out end."""

    def __init__(self, path: str, minutes: float) -> None:
        with np.load(path) as file:
            self.u, self.y, self.test_u, self.test_y = (file[name] for name in ("u", "y", "test_u", "test_y"))
            self.dt, self.held = float(file["dt"]), bool(file["held"])
        self.cut = round(len(self.y) * (1 - HELD_OUT))
        self.end = time.process_time() + 60 * minutes

    @property
    def over(self) -> bool:
        return time.process_time() > self.end


def deepsi(data: Data, setting: int) -> Answer:
    """SUBNET_CT (Beintema et al. 2022) with its encoder, its own normalisation, its own fit, best validated model."""
    import deepSI
    import torch
    from nonlinear_benchmarks import Input_output_data

    torch.set_num_threads(1)
    torch.manual_seed(0)
    states, past, pace, ahead, batch, rate = ((4, 20, 8.0, 40, 64, 3e-3), (8, 20, 50.0, 50, 256, 1e-3))[setting]

    def record(u: np.ndarray, y: np.ndarray) -> Input_output_data:
        return Input_output_data(u[:, 0].astype(np.float32), y[:, 0].astype(np.float32), sampling_time=1.0)

    early = record(data.u[: data.cut], data.y[: data.cut])
    late = record(data.u[data.cut :], data.y[data.cut :])
    inputs, outputs, norm = deepSI.get_nu_ny_and_auto_norm(early)
    field = norm.f_CT(deepSI.networks.MLP_res_net(input_size=[states, inputs], output_size=states), tau=pace)
    model = deepSI.SUBNET_CT(inputs, outputs, norm, nx=states, nb=past, na=past, f_CT=field)

    def loss(*given: torch.Tensor) -> torch.Tensor:
        if data.over:
            raise KeyboardInterrupt  # how deepSI's fit is stopped early; it keeps its best model
        return deepSI.fitting.compute_NMSE(*given)

    adam = torch.optim.Adam(model.parameters(), lr=rate)
    how = {"T": ahead, "batch_size": batch, "val_freq": 50, "optimizer": adam}
    info = deepSI.fit(model, early, late, n_its=10**7, loss_fun=loss, **how)
    error = float(np.nanmin(info["NRMS_val"]))
    run = model.simulate(record(data.test_u, data.test_y)).y[:, None]
    said = f"{states} states, {past} past samples, tau {pace:g} samples, windows of {ahead}, batches of {batch}"
    return run, past, error, f"{said}; validation NRMS {error:.3g}"


def candidates(data: Data) -> list[tuple[tuple[int, int], int, float]]:
    """(delay, copies), degree and threshold of every SINDy model that is tried: coarse first."""
    quarter = quarter_period(data.y[: data.cut, 0])
    delays = sorted({1, max(1, quarter // 2), quarter})
    states = [RATE, ALONE, *((delay, copies) for copies in (1, 2) for delay in delays)]
    return [(state, degree, level) for degree in (2, 3, 4, 5) for level in (0.0, 1e-4, 1e-3, 1e-2) for state in states]


def quarter_period(values: np.ndarray) -> int:
    """A quarter of the dominant period of the rate of change [samples]."""
    change = np.diff(values)
    power = np.abs(np.fft.rfft(change * np.hanning(len(change)))) ** 2
    return max(1, round(0.25 * len(change) / int(np.argmax(power[1:]) + 1)))


class Sindy:
    """A SINDy model with control on a state that can be had from one output, in continuous or in discrete time.

    The state is the output and its rate, the output alone, or the output with delayed copies; the control is the
    present input. There is no noise, so the rates come from finite differences of fourth order.
    """

    def __init__(self, data: Data, choice: tuple[tuple[int, int], int, float], discrete: bool) -> None:
        import pysindy

        (self.delay, self.copies), degree, threshold = choice
        u, y = data.u[: data.cut], data.y[: data.cut]
        self.mean, self.scale = y.mean(0), y.std(0)
        self.centre, self.width = u.mean(0), u.std(0)
        self.rate = float(np.gradient((y - self.mean) / self.scale, axis=0).std())
        self.reach, self.discrete = max(self.delay * self.copies, 1), discrete
        parts = {
            "feature_library": pysindy.PolynomialLibrary(degree=degree),
            "optimizer": pysindy.STLSQ(threshold=threshold, alpha=1e-6),
        }
        if discrete:
            model = pysindy.DiscreteSINDy(**parts)
        else:
            model = pysindy.SINDy(**parts, differentiation_method=pysindy.FiniteDifference(order=4))
        model.fit(self.states(y), t=1.0, u=self.inputs(u)[self.reach :])
        self.powers, self.coefficients = np.array(model.feature_library.powers_), np.array(model.coefficients())

    def states(self, y: np.ndarray) -> np.ndarray:
        """From sample ``reach`` on."""
        z = (y - self.mean) / self.scale
        if self.copies < 0:
            return np.hstack([z, np.gradient(z, axis=0) / self.rate])[1:]
        columns = [z[self.reach - i * self.delay : len(z) - i * self.delay] for i in range(self.copies + 1)]
        return np.hstack(columns)

    def inputs(self, u: np.ndarray) -> np.ndarray:
        return (u - self.centre) / self.width

    def field(self, x: np.ndarray) -> np.ndarray:
        """What ``model.predict`` computes, without its checks: rows of states and controls (B, S + I)."""
        terms = np.prod(x[:, None, :] ** self.powers[None], axis=2)
        return terms @ self.coefficients.T

    def run(self, first: np.ndarray, u: np.ndarray, held: bool) -> np.ndarray:
        """One step a sample, several runs side by side: first (B, S), u (B, T, I); returns (B, T, S)."""
        u = self.inputs(u)
        path = np.empty((len(first), u.shape[1], first.shape[1]))
        path[:, 0] = x = first
        for i in range(u.shape[1] - 1):
            x = self.step(x, u[:, i], u[:, i] if held else u[:, i + 1])
            path[:, i + 1] = x
        return path

    def step(self, x: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The discrete map, or a Runge-Kutta step through a drive that is held or runs straight to its next sample."""
        k1 = self.field(np.hstack([x, begin]))
        if self.discrete:
            return k1
        middle = 0.5 * (begin + end)
        k2 = self.field(np.hstack([x + 0.5 * k1, middle]))
        k3 = self.field(np.hstack([x + 0.5 * k2, middle]))
        k4 = self.field(np.hstack([x + k3, end]))
        return x + (k1 + 2 * k2 + 2 * k3 + k4) / 6


def sindy(data: Data, setting: int) -> Answer:
    """PySINDy with control: state, degree and threshold by free runs over held-out time, then the test."""
    best: tuple[float, Sindy | None, str] = (np.inf, None, "none")
    tried, kind = 0, ("continuous", "discrete")[setting]
    for choice in candidates(data):
        if data.over:
            break
        with np.errstate(all="ignore"):
            model = Sindy(data, choice, discrete=kind == "discrete")
            error = held_out_error(data, model)
        tried += 1
        if error < best[0]:
            (delay, copies), degree, threshold = choice
            copied = f"output and {copies} copies {delay} samples apart" if copies > 0 else "output alone"
            state = "output and rate" if copies < 0 else copied
            best = error, model, f"{kind}, {state}, degree {degree}, threshold {threshold:g}"
    error, chosen, text = best
    if chosen is None:
        raise SystemExit("every SINDy model diverged on held-out time")
    reach = chosen.reach
    first = chosen.states(data.test_y[: reach + 3])[:1]
    run = data.test_y.copy()
    with np.errstate(all="ignore"):
        run[reach:] = chosen.mean + chosen.scale * chosen.run(first, data.test_u[None, reach:], data.held)[0, :, :1]
    return run, reach + 1, error, f"{text}; held-out {error:.3g}; {tried} models tried"


def held_out_error(data: Data, model: Sindy) -> float:
    """Root mean square error of runs of ``HORIZON`` samples over the held-out end, in deviations."""
    reach = model.reach
    states = model.states(data.y[data.cut :])
    length = min(HORIZON, len(states) // 2)
    starts = np.arange(0, len(states) - length, length)
    u = np.stack([data.u[data.cut + reach + s : data.cut + reach + s + length] for s in starts])
    path = model.run(states[starts], u, data.held)
    truth = np.stack([states[s : s + length, 0] for s in starts])
    error = float(np.sqrt(np.mean((path[:, :, 0] - truth) ** 2)))
    return error if np.isfinite(error) else np.inf


def nodefit(data: Data, setting: int) -> Answer:
    """NODEFit, which knows no inputs: dx/dt = net(t, x) fitted to the start of the training, then run from the test's.

    State: the output and one a quarter period before. Time is an input of its network, normalised to the fitted span.
    """
    import torch
    from nodefit.neural_ode import NeuralODE
    from torch import nn
    from torchdiffeq import odeint

    torch.set_num_threads(1)
    torch.manual_seed(0)
    span = 200
    delay = max(1, quarter_period(data.y[: data.cut, 0]))
    mean, scale = data.y[: data.cut].mean(), data.y[: data.cut].std()

    def states(y: np.ndarray) -> np.ndarray:
        z = (y[:, 0] - mean) / scale
        return np.column_stack([z[delay:], z[:-delay]])

    known, pace = states(data.y)[:span], 1.0 / (4 * delay)
    net = nn.Sequential(nn.Linear(3, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2)).double()
    model = NeuralODE(net, pace * np.arange(span), known)
    sys.stdout = sys.stderr
    while not data.over:
        model.train(10, print_every=10**9)
    begin = torch.tensor(states(data.test_y[: delay + 1])[0])
    with torch.no_grad():
        error = float(model.loss()) ** 0.5
        times = torch.tensor(pace * np.arange(len(data.test_y) - delay))
        try:
            path = odeint(model.predict, begin, times).numpy()[:, :1]
        except AssertionError:  # the step became too small: it diverged
            path = np.full((len(times), 1), np.inf)
    run = np.vstack([data.test_y[:delay], mean + scale * path])
    return run, delay + 1, error, f"first {span} samples; root mean square error on them {error:.3g}"


PEERS = {"deepSI SUBNET_CT": deepsi, "PySINDy": sindy, "NODEFit": nodefit}
MODULES = {"deepSI SUBNET_CT": "deepSI", "PySINDy": "pysindy", "NODEFit": "nodefit"}
SETTINGS = {"deepSI SUBNET_CT": 2, "PySINDy": 2, "NODEFit": 1}
"""How many settings each peer is given, each with the whole time."""


def main() -> None:
    peer, source, target, minutes, setting = sys.argv[1:]
    if importlib.util.find_spec(MODULES[peer]) is None:
        raise SystemExit(f"{MODULES[peer]} is not installed here")
    warnings.simplefilter("ignore")
    os.environ["HOME"] = tempfile.mkdtemp()  # deepSI writes its checkpoints there
    data = Data(source, float(minutes))
    begun = time.process_time()
    run, given, error, text = PEERS[peer](data, int(setting))
    seconds = time.process_time() - begun
    np.savez(target, run=run, given=given, seconds=seconds, error=error, text=json.dumps(text))


if __name__ == "__main__":
    main()
