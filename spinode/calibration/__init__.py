"""Hidden parameters: what a device, analytic or learned, must be made of to have given a trace."""

from spinode.calibration.calibrate import calibrate
from spinode.calibration.result import Calibration, Estimate, Residual

__all__ = ["Calibration", "Estimate", "Residual", "calibrate"]
