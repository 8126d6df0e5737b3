"""Presets of the wall device."""

from __future__ import annotations

from collections.abc import Mapping

from spinode.devices.constants import MU0
from spinode.devices.presets import Preset, Sourced

AZAM = "assumed: usual CoFe film of the group; the tables of arXiv 1907.05843 and 2010.10076 could not be opened"
HAYASHI = "W/CoFeB/MgO in the public code of the Hayashi laboratory (one-dimensional model after Martinez and Torrejon)"
LIF = "mumax3 script 'LIFNeuron' of vlsi-nanocomputing, Zenodo 10308175"
GATE = "mumax3 script 'VCMA_barrier' of vlsi-nanocomputing, Zenodo 10308175"
MUMAX = "mumax/3, examples/pma-racetrack.go"
OUR_CHOICE = "assumed: not part of the source"


def _said(value: float, source: str) -> Sourced:
    return Sourced(value=value, source=source)


_COMMON = {
    "field_like_ratio": _said(0.0, OUR_CHOICE),
    "shape_weight": _said(1.0, "assumed: the whole thin-wall form mu0 Ms t ln2/(pi Delta)"),
    "field_x": _said(0.0, OUR_CHOICE),
    "field_y": _said(0.0, OUR_CHOICE),
    "anisotropy_gradient": _said(0.0, OUR_CHOICE),
    "notch_energy": _said(0.0, OUR_CHOICE),
    "notch_period": _said(60e-9, OUR_CHOICE),
    "pinning_stiffness": _said(0.0, OUR_CHOICE),
    "pinning_position": _said(0.0, OUR_CHOICE),
    "end_stiffness": _said(0.0, OUR_CHOICE),
    "gate_efficiency": _said(0.0, OUR_CHOICE),
    "gate_start": _said(275e-9, OUR_CHOICE),
    "gate_stop": _said(325e-9, OUR_CHOICE),
    "strain_efficiency": _said(0.0, OUR_CHOICE),
    "notch_efficiency": _said(0.0, OUR_CHOICE),
    "resistance_area": _said(1e-11, "assumed: 10 ohm um2, between the usual 5 and 50"),
    "magnetoresistance": _said(1.0, "assumed: 100 %"),
    "charge": _said(1.0, "assumed: up on the left"),
    "temperature": _said(300.0, "assumed: room temperature"),
}


def _preset(name: str, text: str, source: str, numbers: Mapping[str, float], said: Mapping[str, Sourced]) -> Preset:
    """A preset whose ``numbers`` share one source; ``said`` gives the others, and the rest is common."""
    values = {**_COMMON, **{key: _said(value, source) for key, value in numbers.items()}, **said}
    return Preset(name=name, device="wall", text=text, values=values)


WALL_PRESETS: tuple[Preset, ...] = (
    _preset(
        "azam_2020",
        "CoFe track under spin-orbit torque with strain, after Azam et al., Nanotechnology 31, 145201 (2020)",
        AZAM,
        {
            "width": 50e-9,
            "thickness": 1e-9,
            "length": 600e-9,
            "saturation_magnetization": 1e6,
            "exchange_stiffness": 2e-11,
            "anisotropy": 7.5e5,
            "dmi": 0.6e-3,
            "damping": 0.03,
            "spin_hall_angle": 0.1,
        },
        {
            "nonadiabaticity": _said(0.03, "assumed: equal to the damping"),
            "polarization": _said(0.0, "assumed: spin-orbit torque alone, the current runs in the heavy metal"),
            "strain_efficiency": _said(
                3.75e4, "assumed: 100 MPa a volt and lambda_s = 250e-6, dK = (3/2) lambda_s sigma"
            ),
        },
    ),
    _preset(
        "misba_2020",
        "Racetrack synapse under spin-orbit torque with strain, after Misba et al., arXiv 2010.10076",
        AZAM,
        {
            "width": 60e-9,
            "thickness": 1e-9,
            "length": 600e-9,
            "saturation_magnetization": 1e6,
            "exchange_stiffness": 2e-11,
            "anisotropy": 7.5e5,
            "dmi": 0.6e-3,
            "damping": 0.03,
            "spin_hall_angle": 0.1,
        },
        {
            "nonadiabaticity": _said(0.03, "assumed: equal to the damping"),
            "polarization": _said(0.0, "assumed: spin-orbit torque alone, the current runs in the heavy metal"),
            "strain_efficiency": _said(3e4, "assumed: 80 MPa a volt and lambda_s = 250e-6, dK = (3/2) lambda_s sigma"),
            "notch_energy": _said(2e-20, "assumed: edge roughness as the pinning of Martinez and Alejos (2014)"),
            "notch_period": _said(21e-9, "assumed: edge roughness as the pinning of Martinez and Alejos (2014)"),
        },
    ),
    _preset(
        "vlsi_lif_2023",
        "Leaky integrate-and-fire track: anisotropy gradient, spin-orbit torque, weak DMI",
        LIF,
        {
            "width": 40e-9,
            "thickness": 1e-9,
            "length": 800e-9,
            "saturation_magnetization": 1e6,
            "exchange_stiffness": 1e-11,
            "anisotropy": 0.8e6,
            "anisotropy_gradient": 1e12,
            "dmi": 0.1e-3,
            "damping": 0.02,
            "nonadiabaticity": 0.2,
            "spin_hall_angle": 0.15,
            "field_like_ratio": -2.0,
        },
        {
            "polarization": _said(0.0, "assumed: the script sets 1 but lets no current flow in the track"),
            "end_stiffness": _said(1e-3, "assumed: stands for the two end regions of 25 nm"),
        },
    ),
    _preset(
        "vlsi_gate_2023",
        "Track with a voltage gate of 40 nm that raises the anisotropy by 5 % at 1 V",
        GATE,
        {
            "width": 40e-9,
            "thickness": 1e-9,
            "length": 768e-9,
            "saturation_magnetization": 1e6,
            "exchange_stiffness": 1e-11,
            "anisotropy": 0.8e6,
            "dmi": 0.6e-3,
            "damping": 0.02,
            "nonadiabaticity": 0.2,
            "spin_hall_angle": 0.15,
            "field_like_ratio": -2.0,
            "gate_start": 309e-9,
            "gate_stop": 349e-9,
        },
        {
            "polarization": _said(0.0, "assumed: the script sets 1 but lets no current flow in the track"),
            "gate_efficiency": _said(4e4, "assumed: the script's 5 % of Ku, written as the effect of 1 V"),
        },
    ),
    _preset(
        "hayashi_w_cofeb",
        "W/CoFeB/MgO wire, 5 um wide, driven by the spin Hall effect of tungsten",
        HAYASHI,
        {
            "width": 5e-6,
            "thickness": 1e-9,
            "saturation_magnetization": 1.1e6,
            "exchange_stiffness": 1.5e-11,
            "anisotropy": 6.2e5 + MU0 * 1.1e6**2 / 2,
            "dmi": 0.3e-3,
            "damping": 0.05,
            "spin_hall_angle": -0.21,
            "notch_energy": 2e-20,
            "notch_period": 21e-9,
        },
        {
            "length": _said(30e-6, f"{HAYASHI}: the wire; a readout over all of it is assumed"),
            "nonadiabaticity": _said(0.0, "assumed: the code passes no spin transfer"),
            "polarization": _said(0.0, "assumed: the code passes no spin transfer"),
        },
    ),
    _preset(
        "mumax_racetrack",
        "Perpendicular racetrack driven by spin transfer, the example of mumax3",
        MUMAX,
        {
            "width": 512e-9,
            "thickness": 1e-9,
            "saturation_magnetization": 6e5,
            "exchange_stiffness": 1e-11,
            "anisotropy": 5.9e5,
            "dmi": 0.0,
            "damping": 0.02,
            "nonadiabaticity": 0.2,
            "polarization": 0.5,
            "spin_hall_angle": 0.0,
        },
        {"length": _said(600e-9, "assumed: the example moves a window along an endless track")},
    ),
    _preset(
        "edwards_dw_mtj",
        "Track of a domain-wall tunnel junction, 500 x 100 x 1.2 nm, of a kinematic wall model",
        "mumax3 script of the kinematic domain-wall model of Edwards et al. (arXiv 2406.00225), public code excerpt",
        {
            "width": 100e-9,
            "thickness": 1.2e-9,
            "length": 500e-9,
            "saturation_magnetization": 7.95e5,
            "exchange_stiffness": 1.1e-11,
            "anisotropy": 4.05e5,
            "dmi": 0.25e-3,
            "damping": 0.01,
            "nonadiabaticity": 0.01,
            "spin_hall_angle": 0.05,
        },
        {"polarization": _said(0.0, "assumed: in the script the polarization stands for the spin Hall angle")},
    ),
)
