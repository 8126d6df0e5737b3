"""Reservoir computing with one device: mask and read-in, virtual nodes in time, tasks and scores."""

from spinode.reservoir.forecast import Forecast, ForecastSettings, forecast
from spinode.reservoir.mask import ReadIn, gaussian_mask, read_in_for
from spinode.reservoir.mask_kinds import make_mask, maximal_length_mask
from spinode.reservoir.metrics import nrmse, ridge_weights
from spinode.reservoir.nodes import NodeSettings, node_states
from spinode.reservoir.static import Static
from spinode.reservoir.tasks import MackeyGlass, mackey_glass
from spinode.reservoir.transformer import Reservoir

__all__ = [
    "Forecast",
    "ForecastSettings",
    "MackeyGlass",
    "NodeSettings",
    "ReadIn",
    "Reservoir",
    "Static",
    "forecast",
    "gaussian_mask",
    "mackey_glass",
    "make_mask",
    "maximal_length_mask",
    "node_states",
    "nrmse",
    "read_in_for",
    "ridge_weights",
]
