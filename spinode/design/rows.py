"""The answer as rows of name, value, unit, formula and source, and in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spinode.design.comb import Comb
from spinode.design.drawing import Oscillator, grid_step, saturation_field
from spinode.design.layout import Layout, antenna_current, antenna_power, bias_power
from spinode.design.limits import Limit
from spinode.design.spec import DesignSpec, text_of
from spinode.design.yields import Share, Yield
from spinode.signals import FloatArray

DERIVED = "derived here"
SLAVIN = "Slavin and Tiberkevich, IEEE Trans. Magn. 45, 1875 (2009)"
GUSLIENKO = "Guslienko et al., Nanoscale Res. Lett. 9, 386 (2014); finite L/R derived here"
WILSON = "Monte Carlo; interval of Wilson, J. Am. Stat. Assoc. 22, 209 (1927)"
ASSUMED = "spec, assumed unless measured"
SIGMAS = 3.0
"""Standard deviations of the made frequency that must fit between a line and the middle to its neighbour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DesignRow:
    """One number of the answer.

    Parameters
    ----------
    name : str
        Stable, in words.
    value : float
        In ``unit``.
    unit : str
        SI unit, '' for a pure number.
    formula : str
        How it follows.
    source : str
        Paper and equation, ``derived here``, or where the number was given.
    """

    name: str
    value: float
    unit: str
    formula: str
    source: str


def make_rows(
    spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...], layout: Layout, yields: Yield | None
) -> tuple[DesignRow, ...]:
    """All rows, in reading order."""
    parts: list[Iterable[DesignRow]] = [
        _comb_rows(comb, oscillators),
        _sensitivity_rows(spec, comb, oscillators),
        _pillar_rows(comb, oscillators),
        _process_rows(spec, comb, oscillators),
        _supply_rows(spec, comb, oscillators, layout),
        () if yields is None else _yield_rows(yields),
    ]
    return tuple(row for part in parts for row in part)


def number_limits(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...]) -> tuple[Limit, ...]:
    """Oscillators that each rule allows within the span that the radii, films and currents allow."""
    span = comb.available[1] - comb.available[0]
    half = float(_column(oscillators, "locking_half_width").max())
    coarsest = grid_step(spec, comb)
    made = SIGMAS * _made_deviation(spec, oscillators)
    line = float(_column(oscillators, "linewidth").max())
    limits = [("spacing", comb.spacing), ("locking bands", 2 * half), ("lithography grid without trims", coarsest)]
    limits += [("process spread without trims", 2 * made)] if made > 0 else []
    limits += [("thermal linewidth", line)] if line > 0 else []
    return tuple(Limit(name=n, value=v, unit="Hz", at=1 + math.floor(span / v * (1 + 1e-9))) for n, v in limits)


def verdict(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...], limits: tuple[Limit, ...]) -> str:
    """What the array is, what ends it, and what would stand in its way on a real wafer."""
    low, high = oscillators[0].frequency, oscillators[-1].frequency
    text = f"{len(oscillators)} oscillators from {text_of(low, 'Hz')} to {text_of(high, 'Hz')},"
    text += f" {text_of(comb.spacing, 'Hz')} apart. {_ends(limits)}"
    others = {limit.name: int(limit.at) for limit in limits[2:]}
    bands, most = others["locking bands"], others["spacing"]
    if spec.number is not None:
        text += f" Their number was asked; touching locking bands would allow {bands}."
    elif bands > most:
        text += f" Their number is set by the spacing; touching locking bands would allow {bands}."
    else:
        text += " Their number is set by the locking bands, which touch."
    grid = others["lithography grid without trims"]
    step = text_of(spec.lithography_step, "m")
    if grid < len(oscillators):
        text += f" On the {step} grid of the radius without trims only {grid} equally spaced lines are left."
    text += _warnings(spec, comb, oscillators)
    return text


def _ends(limits: tuple[Limit, ...]) -> str:
    texts = [f"{limit.name} ({text_of(limit.value, limit.unit)})" for limit in limits[:2]]
    return f"The comb ends below at the {texts[0]} and above at the {texts[1]}."


def _warnings(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...]) -> str:
    text = ""
    lost = int(np.isnan(_column(oscillators, "current_trim")).sum())
    if lost and not comb.family.shares_current:
        text += f" {lost} pillars are beyond their current trim of {spec.current_trim:.3g}."
    line = float(_column(oscillators, "linewidth").max())
    if line > comb.spacing:
        heat = text_of(spec.device.temperature, "K")
        text += f" At {heat} the widest line, {text_of(line, 'Hz')}, is wider than the spacing: averaging is needed."
    weakest = float(_column(oscillators, "weakness").max())
    if weakest > 0.2:
        text += f" The rf field is not weak (locking half-width {weakest:.2g} of 2 Gamma_p/2 pi): run the verification."
    return text


def _comb_rows(comb: Comb, oscillators: tuple[Oscillator, ...]) -> Iterable[DesignRow]:
    low, high = comb.available
    most = 1 + math.floor((high - low) / comb.spacing * (1 + 1e-9))
    return (
        _row("number", len(oscillators), "", "pillars in the array", DERIVED),
        _row("largest number", most, "", "1 + floor(available span/df)", DERIVED),
        _row("lowest frequency", oscillators[0].frequency, "Hz", "f1 = w(s, I)/(2 pi)", GUSLIENKO),
        _row("highest frequency", oscillators[-1].frequency, "Hz", "f1 + (N - 1) df", GUSLIENKO),
        _row("span", oscillators[-1].frequency - oscillators[0].frequency, "Hz", "(N - 1) df", DERIVED),
        _row("available span", high - low, "Hz", "between the limits of radius, film, current and orbit", DERIVED),
        _row("spacing", comb.spacing, "Hz", "df >= 2 locking half-widths: bands do not overlap", DERIVED),
    )


def _sensitivity_rows(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...]) -> Iterable[DesignRow]:
    law = "gamma b/(12 pi s) sqrt(1 + nu^2)"
    return (
        *_range(oscillators, "locking_half_width", "locking half-width", "Hz", (law, SLAVIN)),
        _row("rf field", comb.rf_field, "T", "amplitude b of the in-plane field that locks that far", SLAVIN),
        _row("rf current", antenna_current(spec, comb.rf_field), "A", "2 width b/mu0 in the strip line", ASSUMED),
        _row("rf power", antenna_power(spec, comb.rf_field), "W", "I^2 Z/2 in the strip line", ASSUMED),
        _row(
            "largest locking weakness",
            float(_column(oscillators, "weakness").max()),
            "",
            "2 pi half-width/(2 Gamma_p): the law is to first order in it",
            SLAVIN,
        ),
    )


def _pillar_rows(comb: Comb, oscillators: tuple[Oscillator, ...]) -> Iterable[DesignRow]:
    del comb
    names = (
        ("radius", "radius", "m", "root of f(R) = line", DERIVED),
        ("thickness", "thickness", "m", "one film; on a wedge solved for equal sensitivity at one current", DERIVED),
        ("current", "current", "A", "of equal sensitivity, or of the chain", DERIVED),
        ("supercriticality", "supercriticality", "", "I/Ith, d0 w0 = chi", GUSLIENKO),
        ("orbit_radius", "orbit radius", "", "s: chi = d(s) w(s)", GUSLIENKO),
        ("core_speed", "core speed", "m/s", "s R w", DERIVED),
        ("nonlinearity", "nonlinearity parameter", "", "nu = s^2 (dw/ds^2)/Gamma_p", SLAVIN),
        ("linewidth", "linewidth", "Hz", "full width of the line at the spec's temperature", SLAVIN),
    )
    for field, name, unit, formula, source in names:
        yield from _range(oscillators, field, name, unit, (formula, source))


def _process_rows(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...]) -> Iterable[DesignRow]:
    limits = {limit.name: limit for limit in number_limits(spec, comb, oscillators)}
    residual = np.abs(_column(oscillators, "grid_residual"))
    off = int((residual > _column(oscillators, "locking_half_width")).sum())
    steepest = float(np.abs(_column(oscillators, "radius_slope")).max())
    grid = limits["lithography grid without trims"]
    yield _row("steepest radius slope", steepest, "Hz/m", "|df/dR| at constant current", DERIVED)
    yield _row("coarsest grid step", grid.value, "Hz", "largest change of f from one grid radius to the next", DERIVED)
    yield _row("number on the grid", grid.at, "", "1 + floor(available span/coarsest grid step), no trims", DERIVED)
    yield _row("largest grid residual", float(residual.max()), "Hz", "f on the nearest grid radius - line", DERIVED)
    drawn = len(np.unique(np.round(_column(oscillators, "drawn_radius") / spec.lithography_step)))
    yield _row(
        "different drawn radii", drawn, "", "of the pillars on the grid; those that share one differ by trims", DERIVED
    )
    yield _row("off their line on the grid", off, "", "pillars with |residual| > locking half-width, no trims", DERIVED)
    yield from _trim_rows(spec, comb, oscillators)
    made = _made_deviation(spec, oscillators)
    yield _row("largest made deviation", made, "Hz", "|df/dR| sigma_R and |df/dL| sigma_L, added in squares", DERIVED)
    for name in ("process spread without trims", "thermal linewidth"):
        if name in limits:
            part = "2 x 3 made deviations" if name.startswith("process") else "largest linewidth"
            text = f"1 + floor(available span/({part}))"
            yield _row(f"number by {name}", limits[name].at, "", text, DERIVED)


def _trim_rows(spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...]) -> Iterable[DesignRow]:
    field = _column(oscillators, "field_trim")
    law = f"B = p Bs (line/f - 1), Bs = mu0 Ms = {saturation_field(spec):.3g} T; kappa (1 - h^2), G (1 - p h)"
    yield _row("largest field trim", _largest(field), "T", law, DERIVED)
    yield _row(
        "beyond their field trim", int(np.isnan(field).sum()), "", "pillars whose trim breaks the limit", DERIVED
    )
    if comb.family.shares_current:
        return
    trim = _column(oscillators, "current_trim")
    part = trim / _column(oscillators, "drawn_current")
    yield _row("largest current trim", _largest(trim), "A", "f(R on the grid, I + dI) = line, solved", DERIVED)
    yield _row("largest relative current trim", _largest(part), "", "dI/I", DERIVED)
    yield _row("beyond their current trim", int(np.isnan(trim).sum()), "", "pillars whose trim breaks a limit", DERIVED)
    halves = _column(oscillators, "trimmed_half_width")
    if np.isfinite(halves).any():
        for word, pick in (("smallest", np.nanmin), ("largest", np.nanmax)):
            text = "after the current trim, which moves s and nu"
            yield _row(f"{word} trimmed half-width", float(pick(halves)), "Hz", text, SLAVIN)


def _supply_rows(
    spec: DesignSpec, comb: Comb, oscillators: tuple[Oscillator, ...], layout: Layout
) -> Iterable[DesignRow]:
    power = _column(oscillators, "power")
    yield from _range(oscillators, "power", "output power", "W", ("(dR s I/3)^2/(8 R), matched load", DERIVED))
    yield _row("output power of all", float(power.sum()), "W", "sum over the pillars", DERIVED)
    yield _row("bias power", bias_power(comb), "W", "sum of I^2 R", DERIVED)
    if comb.family.shares_current:
        volts = sum(abs(orbit.current) * orbit.device.resistance for orbit in comb.orbits)
        yield _row("chain voltage", volts, "V", "I N R", DERIVED)
    why = "2 R + gap" if layout.isolated_by == "gap" else "dipolar locking range of neighbours = isolation df"
    yield _row("pitch", layout.pitch, "m", f"{why}; k = mu0 m1 m2/(8 pi d^3 s1 s2 G R1 R2)", DERIVED)
    yield _row("area", layout.area, "m2", f"{layout.columns} x {layout.rows} places of pitch^2", DERIVED)


def _yield_rows(yields: Yield) -> Iterable[DesignRow]:
    shares: tuple[tuple[str, Share | None], ...] = (
        ("yield of pillars", yields.pillars),
        ("yield of arrays", yields.arrays),
        ("yield of trimmed pillars", yields.trimmed_pillars),
        ("yield of trimmed arrays", yields.trimmed_arrays),
    )
    for name, share in shares:
        if share is None:
            continue
        what = "own line in the locking band" if "pillars" in name else "all pillars right, no line in two bands"
        low, high = share.interval
        yield _row(name, share.value, "", f"{what}; {share.successes} of {share.trials}", WILSON)
        yield _row(f"{name}, low", low, "", "lower end of the 95 % interval", WILSON)
        yield _row(f"{name}, high", high, "", "upper end of the 95 % interval", WILSON)


def _range(
    oscillators: tuple[Oscillator, ...], field: str, name: str, unit: str, texts: tuple[str, str]
) -> Iterable[DesignRow]:
    """Smallest and largest of a number; ``texts`` are formula and source."""
    values = _column(oscillators, field)
    size = np.abs(values)
    yield _row(f"smallest {name}", float(values[np.argmin(size)]), unit, *texts)
    yield _row(f"largest {name}", float(values[np.argmax(size)]), unit, *texts)


def _row(name: str, value: float, unit: str, formula: str, source: str) -> DesignRow:
    return DesignRow(name=name, value=float(value), unit=unit, formula=formula, source=source)


def _column(oscillators: tuple[Oscillator, ...], name: str) -> FloatArray:
    return np.array([getattr(oscillator, name) for oscillator in oscillators], dtype=np.float64)


def _largest(values: FloatArray) -> float:
    """The value of largest size; nan where there is none."""
    return float(values[np.nanargmax(np.abs(values))]) if np.isfinite(values).any() else math.nan


def _made_deviation(spec: DesignSpec, oscillators: tuple[Oscillator, ...]) -> float:
    radius = _column(oscillators, "radius_slope") * spec.radius_spread
    thickness = _column(oscillators, "thickness_slope") * spec.thickness_spread
    return float(np.hypot(radius, thickness).max())
