"""Reservoir computing with one device: mask and read-in, virtual nodes in time, tasks and scores."""

from spinode.reservoir.forecast import Forecast, ForecastSettings, forecast
from spinode.reservoir.mask import ReadIn, gaussian_mask, read_in_for
from spinode.reservoir.metrics import nrmse, ridge_weights
from spinode.reservoir.nodes import NodeSettings, node_states
from spinode.reservoir.tasks import MackeyGlass, mackey_glass

__all__ = [
    "Forecast",
    "ForecastSettings",
    "MackeyGlass",
    "NodeSettings",
    "ReadIn",
    "forecast",
    "gaussian_mask",
    "mackey_glass",
    "node_states",
    "nrmse",
    "read_in_for",
    "ridge_weights",
]
