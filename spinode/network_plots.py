"""Figures of networks: Arnold tongues and maps of which pairs are in step."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from spinode.axis import largest_prefix
from spinode.networks.locking import Tongue

TIED = "#0072b2"
"""Blue of Okabe and Ito, for what is locked."""


def tongue_figure(tongue: Tongue, strength: str, half_widths: ArrayLike | None = None) -> Figure:
    """Beat over detuning and strength, with the locked points marked.

    Parameters
    ----------
    tongue : Tongue
        From ``networks.locking.arnold_tongue``.
    strength : str
        Name of the vertical axis, with its unit.
    half_widths : array, shape (A,), optional
        Closed form of the edges [Hz] at each strength, drawn as lines.
    """
    scale, prefix = largest_prefix(float(np.abs(tongue.detunings).max()))
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axis = figure.subplots()
    image = axis.pcolormesh(
        tongue.detunings * scale, tongue.strengths, np.abs(tongue.beats) * scale, cmap="Greys", shading="nearest"
    )
    rows, columns = np.nonzero(tongue.locked)
    axis.plot(tongue.detunings[columns] * scale, tongue.strengths[rows], ".", color=TIED, ms=3, label="locked")
    if half_widths is not None:
        edges = np.asarray(half_widths) * scale
        for side in (-1, 1):
            axis.plot(side * edges, tongue.strengths, color="#d55e00", label="closed form" if side > 0 else None)
    axis.set(xlabel=f"detuning ({prefix}Hz)", ylabel=strength)
    axis.set_xlim(tongue.detunings[0] * scale, tongue.detunings[-1] * scale)
    axis.legend(loc="lower right", fontsize=8)
    figure.colorbar(image, label=f"beat ({prefix}Hz)")
    return figure


def locking_figure(locking: ArrayLike) -> Figure:
    """Phase-locking value of each pair: the synchronization map.

    Parameters
    ----------
    locking : array, shape (K, K)
        From ``networks.synchrony.phase_locking``.
    """
    figure = Figure(figsize=(4.8, 4.0), layout="constrained")
    axis = figure.subplots()
    image = axis.imshow(np.asarray(locking), vmin=0.0, vmax=1.0, cmap="viridis", interpolation="nearest")
    axis.set(xlabel="oscillator", ylabel="oscillator")
    figure.colorbar(image, label="phase-locking value")
    return figure
