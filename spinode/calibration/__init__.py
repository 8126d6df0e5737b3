"""Hidden parameters: what a device, analytic or learned, must be made of to have given a trace."""

from spinode.calibration.calibrate import calibrate, check
from spinode.calibration.checking import Checked
from spinode.calibration.result import Calibration, Estimate, Residual

__all__ = ["Calibration", "Checked", "Estimate", "Residual", "calibrate", "check"]
