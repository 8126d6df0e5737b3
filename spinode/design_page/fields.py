"""The fields of the page: what each number is called, in which unit it is typed, and what it may be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from spinode.design.spec import BIASES, MOST_OSCILLATORS, DesignSpec, text_of
from spinode.design.text import make_spec
from spinode.devices.vortex import VortexOscillator
from spinode.units import parse_quantity, si_unit

LONGEST = 64
"""Characters of a field."""
MOST_DRAWS = 10_000
"""Arrays of the Monte Carlo that the page makes; the command line makes as many as are asked."""
ANY = -math.inf

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_PLAIN_DIGITS = 18
"""Longest number that is written without an exponent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One number, or the kind of bias.

    Parameters
    ----------
    name : str
        Of ``DesignSpec`` or ``VortexOscillator``.
    unit : str
        In which a number alone is read, such as ``nm``: a power of ten of the SI unit; '' for a pure number.
    low, high : float
        Limits in SI; infinite where there is none.
    low_is_allowed, high_is_allowed : bool
        Whether the limit itself may be taken.
    text : str
        What it is.
    """

    name: str
    unit: str = ""
    low: float = 0.0
    high: float = math.inf
    low_is_allowed: bool = False
    high_is_allowed: bool = False
    text: str = ""

    @property
    def of_device(self) -> bool:
        """Whether it is one of the material and stack."""
        return self.name in {item.name for item in fields(VortexOscillator)}

    @property
    def optional(self) -> bool:
        """Whether it may be left empty, to be found."""
        return any(item.name == self.name and "wished" in item.metadata for item in fields(DesignSpec))

    @property
    def label(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ").capitalize().replace("Rf ", "RF ").replace("half width", "half-width")

    @property
    def limits(self) -> str:
        """What it may be, in words."""
        if self.name == "bias":
            return " or ".join(BIASES)
        words = []
        if self.low > ANY:
            low = self._shown(self.low)
            words.append(f"{low} or more" if self.low_is_allowed else f"above {low}")
        if self.high < math.inf:
            high = self._shown(self.high)
            words.append(f"at most {high}" if self.high_is_allowed else f"below {high}")
        return ", ".join(words) or "any number"

    def _shown(self, value: float) -> str:
        return f"{self.shown(value)} {self.unit}".strip()

    def shown(self, value: float) -> str:
        """A value in SI as the number in the field's unit, such that ``typed`` reads exactly that value again."""
        number = Decimal(repr(float(value))).scaleb(-_power(self.unit)).normalize()
        text = format(number, "f")
        return text if len(text) <= _PLAIN_DIGITS else str(number)

    def typed(self, text: str) -> str:
        """What was typed as the text that ``make_spec`` reads: a number alone gets the unit of the field.

        Raises
        ------
        ValueError
            If nothing was typed and something must be, or too much was.
        """
        text = text.strip()
        if len(text) > LONGEST:
            raise ValueError(f"{self.name} must have at most {LONGEST} characters, got {len(text)}")
        if not text:
            if not self.optional:
                raise ValueError(f"{self.name} must be given, got nothing; try {self.name}={self._example()}")
            return "none"
        return f"{text}{self.unit}" if _NUMBER.fullmatch(text) else text

    def _example(self) -> str:
        value = value_of(DesignSpec(), self.name)
        return str(value) if isinstance(value, str | int) or not self.unit else text_of(value or 0.0, _si(self), True)


def _power(unit: str) -> int:
    """Power of ten of a unit over SI."""
    return round(math.log10(si_unit(unit)[0]))


def _si(field: Field) -> str:
    return si_unit(field.unit)[1]


def value_of(spec: DesignSpec, name: str) -> float | int | str | None:
    """A value of a specification or of its device."""
    owner = spec if name in {item.name for item in fields(spec)} else spec.device
    value: float | int | str | None = getattr(owner, name)
    return value


def text_in(spec: DesignSpec, field: Field) -> str:
    """What stands in a field for a specification; empty where the value is to be found."""
    value = value_of(spec, field.name)
    if value is None:
        return ""
    return value if isinstance(value, str) else field.shown(value)


def spec_of(values: Mapping[str, str]) -> DesignSpec:
    """The specification of what was typed, by name of the field; a field that is not there keeps its default.

    Raises
    ------
    ValueError
        In one line, if a value breaks its rule or a limit of the page.
    """
    known = {field.name: field for fields_ in GROUPS.values() for field in fields_}
    strangers = sorted(values.keys() - known.keys())
    if strangers:
        raise ValueError(f"the page has no field '{strangers[0][:LONGEST]}'")
    spec = make_spec({name: known[name].typed(text) for name, text in values.items()})
    if spec.draws > MOST_DRAWS:
        raise ValueError(f"draws must be at most {MOST_DRAWS} on this page, got {spec.draws}; try draws=1000")
    return spec


def offered(field: Field, text: str) -> str:
    """The value of an offer such as ``716.5MHz``, in the unit of its field."""
    return text if field.name == "bias" else field.shown(parse_quantity(text, _si(field)))


def _least(name: str, unit: str, text: str) -> Field:
    """A number that may be 0."""
    return Field(name=name, unit=unit, low_is_allowed=True, text=text)


def _free(name: str, unit: str, text: str) -> Field:
    """A number of either sign."""
    return Field(name=name, unit=unit, low=ANY, text=text)


def _above(name: str, unit: str, text: str) -> Field:
    """A number above 0."""
    return Field(name=name, unit=unit, text=text)


def _part(name: str, text: str) -> Field:
    """A number between 0 and 1."""
    return Field(name=name, high=1.0, text=text)


GROUPS: dict[str, tuple[Field, ...]] = {
    "What is wanted": (
        _above("spacing", "MHz", "of neighbours; empty: locking bands touch"),
        Field(name="number", low=2, high=MOST_OSCILLATORS, low_is_allowed=True, high_is_allowed=True,
              text="of oscillators; empty: as many as fit"),
        _above("lowest_frequency", "MHz", "lower end of the comb; empty: as low as can be"),
        _above("highest_frequency", "MHz", "upper end of the comb; empty: as high as can be"),
        _above("rf_field", "uT", "amplitude of the in-plane microwave field; empty: 1 uT for 40 kHz"),
        _above("locking_half_width", "kHz", "half of the range that follows the field; empty: 400 kHz, or 40 kHz/uT"),
        Field(name="supercriticality", low=1, text="current over threshold; empty: current of equal half-width"),
    ),
    "What can be made": (
        _above("smallest_radius", "nm", "of a pillar"),
        _above("largest_radius", "nm", "of a pillar"),
        _above("smallest_thickness", "nm", "of the free layer"),
        _above("largest_thickness", "nm", "of the free layer; a range is a wedge for a chain"),
        _above("lithography_step", "nm", "grid of the radius"),
        _least("radius_spread", "nm", "standard deviation from pillar to pillar"),
        _least("thickness_spread", "nm", "standard deviation from pillar to pillar"),
        Field(name="draws", low=1, high=MOST_DRAWS, low_is_allowed=True, high_is_allowed=True,
              text="arrays of the Monte Carlo"),
    ),
    "Bias and trims": (
        Field(name="bias", text="each pillar by itself, or one current through all"),
        _least("smallest_current", "mA", "of a pillar or of the chain"),
        _above("largest_current", "mA", "of a pillar or of the chain"),
        _above("chain_current", "mA", "with series bias; empty: the one with the widest comb"),
        _least("current_trim", "", "largest relative change of a pillar's current"),
        _least("field_trim", "mT", "largest perpendicular field at a pillar"),
    ),
    "Layout and microwave line": (
        _least("gap", "nm", "smallest distance between edges, assumed"),
        Field(name="isolation", high=1.0, high_is_allowed=True, text="dipolar locking range over spacing, assumed"),
        _above("antenna_width", "um", "of the strip line, assumed"),
        _above("antenna_impedance", "ohm", "of the strip line, assumed"),
    ),
    "Material and stack": (
        _above("saturation_magnetization", "kA/m", "of the free layer"),
        _above("exchange_stiffness", "pJ/m", "of the free layer"),
        _part("damping", "of Gilbert"),
        _part("polarization", "spin polarization of the current"),
        _free("polarizer_tilt", "rad", "from +z"),
        _free("polarizer_angle", "rad", "azimuth from +x"),
        _free("field_like_torque", "T/A", "field along x, assumed"),
        _free("damping_growth", "", "d1/damping, to calibrate"),
        Field(name="frequency_growth", low=-1.0, text="N in w0 (1 + N s^2), to calibrate"),
        _above("core_ratio", "", "core radius over exchange length, assumed"),
        _least("exchange_weight", "", "of the exchange stiffness"),
        _least("oersted_weight", "", "of the current's own field"),
        _above("critical_velocity", "m/s", "of the core, assumed"),
        Field(name="polarity", low=ANY, text="+1: core along +z; or -1"),
        Field(name="chirality", low=ANY, text="+1: counterclockwise; or -1"),
        _above("resistance", "ohm", "of a pillar, assumed"),
        _least("resistance_swing", "ohm", "antiparallel minus parallel, assumed"),
        _least("temperature", "K", "of the noise"),
    ),
}  # fmt: skip
"""All fields in the order of the page."""
