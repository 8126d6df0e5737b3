"""Runs walls in cmtj (GPL-2.0-only): a program of its own, started by ``against_cmtj.py`` with a Python that has cmtj.

Reads a list of cases as JSON from stdin and writes what cmtj made of each as JSON to stdout. It needs cmtj and what
comes with it, and nothing of spinode.

cmtj's charge of the electron and its Bohr magneton are negative: its spin Hall field has the sign of -theta_SH J, its
spin transfer that of P J. ``SIGN_HALL`` and ``SIGN_TRANSFER`` make both positive.
"""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from importlib.metadata import version

import numpy as np
from cmtj.models.domain_dynamics import DomainWallDynamics, DWRelax, MultilayerWallDynamics
from cmtj.utils import VectorObj, bohr_magneton, echarge, gyromagnetic_ratio, hbar, mu0
from scipy.integrate import solve_ivp

RUNS = 5
SIGN_HALL, SIGN_TRANSFER = math.copysign(1.0, echarge), math.copysign(1.0, bohr_magneton * echarge)
Case = dict[str, float]


def model(case: Case) -> MultilayerWallDynamics:
    """The wall of a case; H_K comes from Kp where the moving field is 'inplane', and from Ku otherwise."""
    wall = DomainWallDynamics(
        H=VectorObj(0.0, 0.0, case["field"]),
        alpha=case["damping"],
        Ms=case["saturation_magnetization"],
        thickness=case["thickness"],
        SHE_angle=SIGN_HALL * case["spin_hall_angle"],
        D=case["dmi"],
        Ku=case["anisotropy"],
        Kp=case["shape_constant"],
        A=case["exchange_stiffness"],
        beta=case["nonadiabaticity"],
        p=SIGN_TRANSFER * case["polarization"],
        V0_pin=0.0,
        V0_edge=0.0,
        Lx=1.0,
        Ly=case["width"],
        Lz=case["thickness"],
        moving_field="inplane",
        relax_dw=DWRelax.NO_RELAX,
    )
    wall.set_current_function(lambda t: current(case, t))
    return MultilayerWallDynamics([wall])


def current(case: Case, t: float) -> float:
    """Current density [A/m2] at a time: a cosine, or constant where the frequency is 0."""
    return case["current_density"] * math.cos(2 * math.pi * case["frequency"] * t)


def divisions(case: Case, system: MultilayerWallDynamics, start: list[float]) -> float:
    """How often the slopes are divided by 1 + alpha^2: they are once in the equations."""
    wall, (_, phi, width) = system.layers[0], start
    density = current(case, 0.0)
    torque = -0.5 * wall.Hk * math.sin(2 * phi) + math.pi / 2 * wall.get_Hdmi(width) * math.sin(phi)
    push = case["field"] + math.pi / 2 * wall.Hshe * density * math.cos(phi)
    a = gyromagnetic_ratio * torque + wall.bj * density / width
    b = gyromagnetic_ratio * push + case["nonadiabaticity"] * wall.bj * density / width
    slope = system.multilayer_dw_llg(0.0, start)[1]
    return math.log((b - case["damping"] * a) / slope) / math.log(1 + case["damping"] ** 2)


def answer(case: Case) -> dict[str, object]:
    """Path of the wall, the seconds it took, and the error of its end against the same equations solved tightly."""
    system = model(case)
    start = [case["start"], case["angle"], case["wall_width"]]
    with contextlib.redirect_stdout(sys.stderr):
        begin = time.perf_counter()
        path = system.run(case["duration"], start, case["max_step"])
        first, seconds = time.perf_counter() - begin, []
        for _ in range(RUNS):
            begin = time.process_time()
            system.run(case["duration"], start, case["max_step"])
            seconds.append(time.process_time() - begin)
    equations, span, least = system.multilayer_dw_llg, (0, case["duration"]), [1e-19, 1e-12, 1e-19]
    tight = float(solve_ivp(equations, span, start, "DOP853", rtol=1e-12, atol=least).y[0, -1])
    return {
        "time": list(map(float, path["t"])),
        "q": list(map(float, path["x_0"])),
        "phi": list(map(float, path["phi_0"])),
        "seconds": seconds,
        "first": first,
        "error": abs(float(path["x_0"][-1]) - tight) / abs(tight - start[0]),
        "divisions": divisions(case, system, start),
    }


def main() -> None:
    """Answer every case."""
    constants = {"gyromagnetic_ratio": gyromagnetic_ratio, "mu0": mu0, "echarge": echarge, "hbar": hbar}
    answers = [answer(case) for case in json.load(sys.stdin)]
    found = {"cmtj": version("cmtj"), "constants": constants, "answers": answers}
    json.dump(found, sys.stdout, default=lambda number: np.asarray(number).tolist())


if __name__ == "__main__":
    main()
