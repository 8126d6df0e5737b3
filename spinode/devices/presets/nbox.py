"""Presets of the nbox device. None is fitted to a published device: the paper's equations were not at hand."""

from __future__ import annotations

from spinode.devices.constants import CHARGE
from spinode.devices.presets import Preset, Sourced

OURS = "assumed: ours, chosen for a threshold near 0.8 V and spikes of some MHz"
_COMMON = {
    "prefactor": Sourced(value=90.0, source=OURS),
    "activation_energy": Sourced(value=0.22 * CHARGE, source=OURS),
    "film_thickness": Sourced(value=20e-9, source=OURS),
    "relative_permittivity": Sourced(value=45.0, source=OURS),
    "thermal_resistance": Sourced(value=1e6, source=OURS),
    "thermal_capacity": Sourced(value=1e-15, source=OURS),
    "bath_capacity": Sourced(value=3e-12, source="assumed: ours, a bath that warms up within a microsecond"),
    "capacity": Sourced(value=50e-12, source=OURS),
    "series_resistance": Sourced(value=5e3, source=OURS),
    "temperature": Sourced(value=300.0, source="assumed: room temperature"),
}
_FLOOR = Sourced(value=300.0, source="assumed: ours, keeps spikes near 1 mA and the film below 1400 K up to 3 V")
_NO_FLOOR = Sourced(value=0.0, source="assumed: none; the film then passes 2000 K, more than an oxide bears")
_COLD_BATH = Sourced(value=0.0, source="assumed: the bath stays at ambient temperature")
_WARM_BATH = Sourced(value=5e5, source="assumed: ours, half the thermal resistance of the film")


def _preset(name: str, text: str, metallic: Sourced, bath: Sourced) -> Preset:
    values = {**_COMMON, "metallic_resistance": metallic, "bath_resistance": bath}
    return Preset(name=name, device="nbox", text=text, values=values)


NBOX_PRESETS: tuple[Preset, ...] = (
    _preset("nbox_generic", "silent at 1 V, spikes without end at 2 V, latched at 4 V", _FLOOR, _COLD_BATH),
    _preset("nbox_burst", "bursts of spikes that its own heat ends, 1.5 to 3 V", _FLOOR, _WARM_BATH),
    _preset("nbox_no_floor", "generic, without the metallic resistance", _NO_FLOOR, _COLD_BATH),
    _preset(
        "nbox_burst_no_floor", "13 to 19 spikes at 2 to 4 V, without the metallic resistance", _NO_FLOOR, _WARM_BATH
    ),
)
