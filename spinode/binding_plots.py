"""Figures of binding: a spectrogram with the events, and which pairs are in step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import signal

from spinode.axis import largest_prefix
from spinode.networks.binding import Binding, Response
from spinode.signals import FloatArray

SEGMENT = 256
"""Samples of one column of the spectrogram."""
STEPS = 12
"""Columns of the locking over time in one window."""


def binding_figure(binding: Binding, response: Response, names: Sequence[str]) -> Figure:
    """Spectrogram of the summed voltage of one showing, with the events, above the locking of each pair over time.

    Parameters
    ----------
    binding : Binding
    response : Response
        With its voltages; the first showing is drawn.
    names : sequence of str
        Of the events, in the order in which they were shown.

    Raises
    ------
    ValueError
        If the voltages were not kept.
    """
    if response.voltages.shape[1] == 0:
        raise ValueError("binding_figure.response must have voltages, got none; try present(..., keep=True)")
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    voltages = response.voltages[0]
    _spectrogram(figure, top, voltages.sum(axis=1), binding.dt, response)
    for number, name in enumerate(names):
        middle = (number + 0.5) * binding.window * 1e6
        top.text(middle, 1.02, name, transform=top.get_xaxis_transform(), ha="center")
        for axis in (top, bottom):
            axis.axvline(number * binding.window * 1e6, color="0.7", linewidth=0.8)
    values = _locking(binding, voltages)
    end = len(voltages) * binding.dt * 1e6
    image = bottom.imshow(
        values, extent=(0, end, len(binding.pairs) - 0.5, -0.5), aspect="auto", vmin=0, vmax=1, interpolation="nearest"
    )
    bottom.set(xlabel="time (us)", ylabel="pair")
    if len(binding.pairs) <= 6:
        bottom.set_yticks(range(len(binding.pairs)), [f"{i + 1}-{j + 1}" for i, j in binding.pairs])
    figure.colorbar(image, ax=bottom, label="phase locking")
    return figure


def _spectrogram(figure: Figure, axis: Axes, total: FloatArray, dt: float, response: Response) -> None:
    size = min(SEGMENT, len(total) // 4)
    frequency, time, density = signal.spectrogram(total, 1 / dt, nperseg=size, noverlap=size // 2, nfft=4 * size)
    low, high = response.frequencies[0].min(), response.frequencies[0].max()
    seen = (frequency > low - 25e6) & (frequency < high + 25e6)
    scale, prefix = largest_prefix(float(high))
    levels = 10 * np.log10(density[seen] / density.max() + 1e-12)
    image = axis.pcolormesh(time * 1e6, frequency[seen] * scale, levels, vmin=-30, vmax=0, cmap="magma", shading="auto")
    axis.set_ylabel(f"frequency ({prefix}Hz)")
    figure.colorbar(image, ax=axis, label="power (dB)")


def _locking(binding: Binding, voltages: FloatArray) -> FloatArray:
    """Phase-locking of each pair in short stretches, shape (P, stretches)."""
    phases = np.angle(signal.hilbert(voltages - voltages.mean(axis=0), axis=0))
    stretch = round(binding.window / binding.dt) // STEPS
    count = len(phases) // stretch
    turned = np.exp(1j * phases[: count * stretch]).reshape(count, stretch, -1)
    return np.stack([np.abs((turned[..., i] * turned[..., j].conj()).mean(axis=1)) for i, j in binding.pairs])
