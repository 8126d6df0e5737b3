"""From material, stack and limits to an array of oscillators that can be made."""

from spinode.design.array import ArrayDesign, design, yield_curve
from spinode.design.drawing import Oscillator
from spinode.design.limits import Limit
from spinode.design.rows import DesignRow
from spinode.design.spec import DesignSpec
from spinode.design.yields import Share, Yield

__all__ = ["ArrayDesign", "DesignRow", "DesignSpec", "Limit", "Oscillator", "Share", "Yield", "design", "yield_curve"]
