"""Presets of the envelope device: the oscillators of the speech experiments."""

from __future__ import annotations

from spinode.devices.presets import Preset, Sourced

QUOTED = "as quoted by D. Rojas, BSc thesis, Universidad Catolica del Norte (2024); the paper itself was not at hand"
TORREJON = "Torrejon et al., Nature 547, 428 (2017)"
RIOU = "Riou et al., IEDM (2017)"
ABREU_ARAUJO = "Abreu Araujo et al., Sci. Rep. 10, 328 (2020)"


def _preset(name: str, text: str, threshold: Sourced, relaxation: Sourced) -> Preset:
    values = {
        "threshold_current": threshold,
        "amplitude": Sourced(value=10e-3, source="assumed: signals of up to tens of mV are reported; a scale factor"),
        "relaxation_time": relaxation,
        "threshold_width": Sourced(value=0.0, source="assumed: the root law has no rounding"),
        "noise": Sourced(value=0.1e-3, source="assumed: 1 % of the amplitude; no number was found"),
        "temperature": Sourced(value=300.0, source="assumed: room temperature"),
    }
    return Preset(name=name, device="envelope", text=text, values=values)


ENVELOPE_PRESETS: tuple[Preset, ...] = (
    _preset(
        "torrejon_2017",
        "vortex junction of the first spoken digits, 375 nm wide",
        Sourced(value=3.5e-3, source=f"{TORREJON}, {QUOTED}"),
        Sourced(value=500e-9, source=f"{TORREJON}: about 500 ns, {QUOTED}"),
    ),
    _preset(
        "riou_2017",
        "vortex junction of the time-multiplexing recipes, 375 nm wide",
        Sourced(value=3.0e-3, source=f"{RIOU}, {QUOTED}"),
        Sourced(value=200e-9, source=f"{RIOU}, {QUOTED}"),
    ),
    _preset(
        "abreu_araujo_2020",
        "numerical oscillator beside the speech experiment; bias 7 mA, input +-3 mA",
        Sourced(value=3.5e-3, source=f"assumed: that of {TORREJON}, the same family of junctions; not given"),
        Sourced(value=410e-9, source=f"{ABREU_ARAUJO}, eq. 2.12 {QUOTED}"),
    ),
)
