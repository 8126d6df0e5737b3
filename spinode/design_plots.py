"""Figures of an array design: the comb with its locking bands, yield against process spread, and the layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import EllipseCollection, LineCollection
from matplotlib.figure import Figure

from spinode.design import ArrayDesign, Yield
from spinode.design.yields import Share
from spinode.plots import STYLES

SPREADS = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Multiples of the process spread at which the yield is drawn."""
ZOOM = 9
"""Oscillators of the comb that the zoom shows."""
FONT: dict[Any, Any] = {"font.size": 9.0, "axes.grid": True, "grid.alpha": 0.3, "axes.formatter.useoffset": False}
SHARE = 0.7
"""Of the pitch, that the widest pillar of the layout takes in the figure."""
RIGHT, OFF = "#0072b2", "#d55e00"


def design_figure(design: ArrayDesign, yields: Sequence[Yield]) -> Figure:
    """Comb, a zoom into it, yield against spread, and layout on one page.

    Parameters
    ----------
    design : ArrayDesign
        The array.
    yields : sequence of Yield
        At rising spreads, from ``yield_curve``.
    """
    with rc_context(FONT):
        figure = Figure(figsize=(9.5, 7.6), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(2, 2)
        _comb(axes[0, 0], design)
        _zoom(axes[0, 1], design)
        _yield(axes[1, 0], design, yields)
        _layout(figure, axes[1, 1], design)
    return figure


def _comb(axis: Axes, design: ArrayDesign) -> None:
    """Frequency against radius: the ideal pillars, and the drawn ones without a trim off their line."""
    frequency, residual = design.column("frequency"), design.column("grid_residual")
    off = np.abs(residual) > design.column("locking_half_width")
    axis.axhspan(-1e-6 * design.value("largest locking half-width"), 1e-6 * design.value("largest locking half-width"),
                 color="0.85", label="locking band", zorder=0)  # fmt: skip
    for chosen, colour, text in ((~off, RIGHT, "in its band"), (off, OFF, "off its band")):
        axis.plot(1e-6 * frequency[chosen], 1e-6 * residual[chosen], ".", color=colour, markersize=4, label=text)
    step = 1e9 * design.spec.lithography_step
    axis.set_title(f"comb of {len(frequency)} lines on a {step:g} nm grid, untrimmed", loc="left", fontsize=9)
    axis.set_xlabel("line of the comb (MHz)")
    axis.set_ylabel("drawn pillar - line (MHz)")
    axis.legend(frameon=True, framealpha=0.9, loc="upper left", fontsize=8)


def _zoom(axis: Axes, design: ArrayDesign) -> None:
    """Lines in the middle of the comb with their locking bands; drawn pillars without and with a trim."""
    count = len(design.oscillators)
    first = max(0, count // 2 - ZOOM // 2)
    part = slice(first, min(first + ZOOM, count))
    line, half = 1e-6 * design.column("frequency")[part], 1e-6 * design.column("locking_half_width")[part]
    rows = np.arange(part.start, part.stop)
    drawn = line + 1e-6 * design.column("grid_residual")[part]
    axis.barh(rows, 2 * half, left=line - half, height=0.8, color=RIGHT, alpha=0.3, label="locking band")
    axis.add_collection(LineCollection([[(x, y - 0.4), (x, y + 0.4)] for x, y in zip(line, rows, strict=True)],
                                       colors=RIGHT, linewidths=1.5, label="line of the comb"))  # fmt: skip
    axis.plot(drawn, rows, "x", color=OFF, markersize=5, label="pillar on the grid")
    axis.set_title("locking bands in the middle of the comb", loc="left", fontsize=9)
    axis.set_xlabel("frequency (MHz)")
    axis.set_ylabel("number of the oscillator")
    axis.set_yticks(rows)
    axis.set_ylim(rows[0] - 0.7, rows[-1] + 3.2)
    axis.legend(frameon=True, framealpha=0.9, loc="upper left", fontsize=8)


def _yield(axis: Axes, design: ArrayDesign, yields: Sequence[Yield]) -> None:
    """Shares with their 95 % intervals against the deviation of the radius."""
    x = [1e9 * each.spread * design.spec.radius_spread for each in yields]
    names = {"pillars": "pillars", "arrays": "whole arrays"}
    names |= {"trimmed_pillars": "pillars, trimmed", "trimmed_arrays": "whole arrays, trimmed"}
    for number, (field, name) in enumerate(names.items()):
        shares: list[Share | None] = [getattr(each, field) for each in yields]
        known = [share for share in shares if share is not None]
        if len(known) < len(shares):
            continue
        style = STYLES[number]
        low, high = np.array([share.interval for share in known]).T
        axis.plot(x, [share.value for share in known], marker="o", markersize=3, linewidth=1.2, label=name, **style)
        axis.fill_between(x, low, high, color=style["color"], alpha=0.2, linewidth=0)
    ratio = design.spec.thickness_spread / max(design.spec.radius_spread, 1e-30)
    axis.set_title(f"yield of {design.spec.draws} arrays; 95 % bands", loc="left", fontsize=9)
    axis.set_xlabel(f"standard deviation of the radius (nm); thickness {ratio:.2g} of it")
    axis.set_ylabel("share that answers as designed")
    axis.set_ylim(-0.03, 1.03)
    axis.legend(frameon=True, framealpha=0.9, fontsize=8)


def _layout(figure: Figure, axis: Axes, design: ArrayDesign) -> None:
    """Pillars on their places, coloured by frequency; drawn larger than they are, by the factor in the title."""
    places = 1e6 * design.layout.positions(len(design.oscillators))
    pitch = 1e6 * design.layout.pitch
    width = 2e6 * design.column("drawn_radius")
    larger = max(1.0, SHARE * pitch / width.max())
    width = larger * width
    discs = EllipseCollection(
        width, width, np.zeros(len(width)), units="xy", offsets=places, transOffset=axis.transData, cmap="viridis"
    )
    discs.set_array(1e-6 * design.column("frequency"))
    axis.add_collection(discs)
    axis.grid(False)
    axis.set_aspect("equal")
    axis.set_xlim(-pitch, places[:, 0].max() + pitch)
    axis.set_ylim(-pitch, places[:, 1].max() + pitch)
    axis.set_title(
        f"layout, pitch {pitch:.3g} µm by {design.layout.isolated_by}; pillars x {larger:.2g}", loc="left", fontsize=9
    )
    axis.set_xlabel("x (µm)")
    axis.set_ylabel("y (µm)")
    figure.colorbar(discs, ax=axis, label="frequency (MHz)")
