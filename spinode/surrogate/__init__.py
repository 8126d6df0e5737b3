"""Surrogates: Neural ODEs that take the place of a device. Torch is needed only for ``surrogate.reference``."""

from spinode.surrogate.fitting import FitProgress, fit
from spinode.surrogate.model import Range, Surrogate
from spinode.surrogate.plan import FitSettings
from spinode.surrogate.store import load_surrogate, save_surrogate

__all__ = ["FitProgress", "FitSettings", "Range", "Surrogate", "fit", "load_surrogate", "save_surrogate"]
