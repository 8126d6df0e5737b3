"""The comb as a drawing for the page: as wide as it is asked, so that its letters keep their size on a phone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from spinode.design import ArrayDesign
from spinode.signals import FloatArray

HEIGHT = 270
"""Of a panel [CSS pixels]."""
SIDE_BY_SIDE = 680
"""Width from which the two panels stand side by side."""
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 42.0, 40.0
"""Margins of a panel."""
ZOOM = 9
"""Lines in the panel of the locking bands."""
GAP_OF_TICKS = 80.0
CROSS = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Maps data to pixels in one panel.

    Parameters
    ----------
    left, width : float
        Where the panel stands, its margins included.
    top : float
        The same downwards.
    x, y : tuple of float
        Ends of the axes.
    """

    left: float
    top: float
    width: float
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        """Pixels from the left."""
        part = (value - self.x[0]) / (self.x[1] - self.x[0])
        return self.left + LEFT + part * (self.width - LEFT - RIGHT)

    def down(self, value: float) -> float:
        """Pixels from the top."""
        part = (self.y[1] - value) / (self.y[1] - self.y[0])
        return self.top + TOP + part * (HEIGHT - TOP - BOTTOM)

    def box(self, low: tuple[float, float], high: tuple[float, float], kind: str) -> str:
        """A rectangle between two corners in data."""
        x, y = self.across(low[0]), self.down(high[1])
        width, height = self.across(high[0]) - x, self.down(low[1]) - y
        return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'

    def dots(self, x: FloatArray, y: FloatArray) -> str:
        """Points as one path of lines without length, whose ends are round."""
        path = "".join(f"M{self.across(a):.1f} {self.down(b):.1f}h0" for a, b in zip(x, y, strict=True))
        return f'<path class="dots" d="{path}"/>' if path else ""

    def crosses(self, x: FloatArray, y: FloatArray) -> str:
        """Crosses as one path."""
        arms = f"l{2 * CROSS:g} {2 * CROSS:g}m{-2 * CROSS:g} 0l{2 * CROSS:g} {-2 * CROSS:g}"
        path = "".join(
            f"M{self.across(a) - CROSS:.1f} {self.down(b) - CROSS:.1f}{arms}" for a, b in zip(x, y, strict=True)
        )
        return f'<path class="off" d="{path}"/>' if path else ""

    def axes(self, title: str, labels: tuple[str, str], y_ticks: Sequence[float]) -> Iterable[str]:
        """Frame, grid, numbers and names."""
        left, right = self.left + LEFT, self.left + self.width - RIGHT
        foot = self.top + HEIGHT - BOTTOM
        for value in ticks(*self.x, max(2, int((right - left) / GAP_OF_TICKS))):
            x = self.across(value)
            yield f'<path class="grid" d="M{x:.1f} {self.top + TOP:.1f}V{foot:.1f}"/>'
            yield _text(x, foot + 15, number_text(value), "middle")
        for value in y_ticks:
            y = self.down(value)
            yield f'<path class="grid" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
            yield _text(left - 5, y + 4, number_text(value), "end")
        yield self.box((self.x[0], self.y[0]), (self.x[1], self.y[1]), "frame")
        yield _text(self.left, self.top + 14, title, "start", "title")
        yield _text(self.left, self.top + 32, labels[1], "start")
        yield _text(right, foot + 33, labels[0], "end")


def comb_figure(design: ArrayDesign, width: int) -> str:
    """Two panels: how far every drawn pillar is from its line, and the locking bands in the middle of the comb.

    Parameters
    ----------
    design : ArrayDesign
        The array.
    width : int
        Of the drawing [CSS pixels], 240 or more.
    """
    beside = width >= SIDE_BY_SIDE
    each = width / 2 if beside else float(width)
    height = HEIGHT if beside else 2 * HEIGHT
    places = ((0.0, 0.0), (each, 0.0)) if beside else ((0.0, 0.0), (0.0, float(HEIGHT)))
    off = int((np.abs(design.column("grid_residual")) > design.column("locking_half_width")).sum())
    name = escape(f"Comb of {len(design.oscillators)} lines; {off} pillars are off their locking band without trims.")
    parts = [*_comb(design, places[0], each), *_zoom(design, places[1], each)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'{head} role="img" aria-label="{name}">' + "".join(parts) + "</svg>"


def _comb(design: ArrayDesign, place: tuple[float, float], width: float) -> Iterable[str]:
    """Drawn pillar minus line over the line, with the locking band."""
    line, residual = 1e-6 * design.column("frequency"), 1e-6 * design.column("grid_residual")
    half = 1e-6 * design.column("locking_half_width")
    most = 1.15 * float(max(np.abs(residual).max(), half.max()))
    panel = Panel(left=place[0], top=place[1], width=width, x=_wider(line[0], line[-1]), y=(-most, most))
    step = 1e9 * design.spec.lithography_step
    labels = ("line (MHz)", "pillar − line (MHz): • in its band, × off it")
    yield from panel.axes(f"Pillars on a {step:g} nm grid, untrimmed", labels, ticks(-most, most, 5))
    yield panel.box((panel.x[0], -half.max()), (panel.x[1], half.max()), "band")
    off = np.abs(residual) > half
    yield panel.crosses(line[off], residual[off])
    yield panel.dots(line[~off], residual[~off])


def _zoom(design: ArrayDesign, place: tuple[float, float], width: float) -> Iterable[str]:
    """Lines in the middle of the comb, one a row, with their locking bands and the pillars as drawn."""
    count = len(design.oscillators)
    first = max(0, count // 2 - ZOOM // 2)
    part = slice(first, min(first + ZOOM, count))
    line, half = 1e-6 * design.column("frequency")[part], 1e-6 * design.column("locking_half_width")[part]
    drawn = line + 1e-6 * design.column("grid_residual")[part]
    rows = np.arange(part.start, part.stop, dtype=np.float64)
    ends = _wider(min((line - half).min(), drawn.min()), max((line + half).max(), drawn.max()))
    panel = Panel(left=place[0], top=place[1], width=width, x=ends, y=(rows[0] - 0.8, rows[-1] + 0.8))
    labels = ("frequency (MHz)", "oscillator: | line in its band, × pillar on the grid")
    yield from panel.axes("Locking bands in the middle of the comb", labels, rows.tolist())
    for x, wide, row in zip(line, half, rows, strict=True):
        yield panel.box((x - wide, row - 0.35), (x + wide, row + 0.35), "band")
        foot, head = panel.down(row - 0.35), panel.down(row + 0.35)
        yield f'<path class="line" d="M{panel.across(x):.1f} {head:.1f}V{foot:.1f}"/>'
    yield panel.crosses(drawn, rows)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two ends, at most ``most`` of them (1, 2 or 5 times a power of ten apart)."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    return [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def number_text(value: float) -> str:
    """A number of an axis, with a real minus."""
    return f"{value:.6g}".replace("-", "−")


def _wider(low: float, high: float) -> tuple[float, float]:
    """Ends with a margin of 3 %."""
    margin = 0.03 * max(high - low, 1e-9 * abs(high))
    return low - margin, high + margin


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'
