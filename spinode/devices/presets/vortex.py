"""Presets of the vortex device."""

from __future__ import annotations

from spinode.devices.presets import Preset, Sourced

GUSLIENKO = "Guslienko, Sukhostavets and Berkov, Nanoscale Res. Lett. 9, 386 (2014), permalloy disk"
UNKNOWN = "assumed: not given for this disk"
RECALLED = "assumed: recalled for the disks of AIST's reservoir experiments, not found in print"
OWN_RUNS = "own micromagnetic runs of a disk with R = 100 nm, L = 10 nm, A = 13 pJ/m"

_COMMON = {
    "polarizer_tilt": Sourced(value=0.0, source="assumed: perpendicular polariser"),
    "polarizer_angle": Sourced(value=0.0, source="assumed: has no effect without a tilt"),
    "field_like_torque": Sourced(value=0.0, source=f"{UNKNOWN}; none"),
    "exchange_weight": Sourced(value=0.0, source=f"assumed: 0 fits the frequency of {OWN_RUNS}"),
    "oersted_weight": Sourced(value=1.0, source="assumed: the whole current flows through the disk"),
    "critical_velocity": Sourced(value=320.0, source="assumed: recalled for permalloy, not found in print"),
    "polarity": Sourced(value=1.0, source="assumed: either is possible"),
    "chirality": Sourced(value=1.0, source="assumed: either is possible"),
    "resistance": Sourced(value=100.0, source=UNKNOWN),
    "resistance_swing": Sourced(value=20.0, source=UNKNOWN),
    "temperature": Sourced(value=300.0, source="assumed: room temperature"),
}


def _guslienko(nanometres: int) -> Preset:
    """The disk of that thickness."""
    growth = "assumed: 11/6 is quoted for the paper by others and could not be derived again; calibrate"
    values = {
        "radius": Sourced(value=100e-9, source=GUSLIENKO),
        "thickness": Sourced(value=nanometres * 1e-9, source=GUSLIENKO),
        "saturation_magnetization": Sourced(value=8e5, source=f"{GUSLIENKO}: 800 G"),
        "exchange_stiffness": Sourced(value=10e-12, source=f"{GUSLIENKO}: 1e-6 erg/cm"),
        "damping": Sourced(value=0.01, source=GUSLIENKO),
        "polarization": Sourced(value=0.2, source="assumed: recalled; the threshold currents come out within 12 %"),
        "damping_growth": Sourced(value=11 / 6, source=growth),
        "frequency_growth": Sourced(value=0.24, source=f"assumed: from {OWN_RUNS}"),
        "core_ratio": Sourced(value=2.0, source="assumed: core of two exchange lengths"),
        **_COMMON,
    }
    text = f"permalloy disk, R = 100 nm, L = {nanometres} nm, perpendicular polariser"
    return Preset(name=f"guslienko_2014_l{nanometres}", device="vortex", text=text, values=values)


def _aist() -> Preset:
    """Disk of a magnetic tunnel junction; every number is assumed."""
    losses = f"{RECALLED}: xi = 2.0 is d1/d0, here times d0/alpha = 2.09"
    core = f"{RECALLED}: core of 10 nm, over the exchange length 3.76 nm"
    values = {
        "radius": Sourced(value=187.5e-9, source=RECALLED),
        "thickness": Sourced(value=5e-9, source=RECALLED),
        "saturation_magnetization": Sourced(value=1.3e6, source=RECALLED),
        "exchange_stiffness": Sourced(value=15e-12, source=UNKNOWN),
        "damping": Sourced(value=0.01, source=UNKNOWN),
        "polarization": Sourced(value=0.7, source=RECALLED),
        "damping_growth": Sourced(value=4.18, source=losses),
        "frequency_growth": Sourced(value=0.1, source=f"{RECALLED}: zeta"),
        "core_ratio": Sourced(value=2.66, source=core),
        **_COMMON,
        "polarizer_tilt": Sourced(value=1.047, source=f"{UNKNOWN}; 60 degrees, an in-plane layer raised by a field"),
    }
    return Preset(name="aist_recalled", device="vortex", text="wide disk of a tunnel junction", values=values)


VORTEX_PRESETS: tuple[Preset, ...] = (*(_guslienko(thickness) for thickness in (5, 7, 10)), _aist())
