"""Reservoir computing with one device: mask and read-in, virtual nodes in time, tasks and scores."""

from spinode.reservoir.capacity import Capacity, Memory, information_capacity, memory_capacity
from spinode.reservoir.controls import DelayedInputs, MaskedInput
from spinode.reservoir.experiments import Outcome, TaskSettings, run_task
from spinode.reservoir.forecast import Forecast, ForecastSettings, forecast
from spinode.reservoir.mask import ReadIn, gaussian_mask, read_in_for
from spinode.reservoir.mask_kinds import make_mask, maximal_length_mask
from spinode.reservoir.metrics import nrmse, ridge_weights
from spinode.reservoir.nodes import NodeSettings, node_states
from spinode.reservoir.rank import Ranks, RankSettings, separation_ranks
from spinode.reservoir.readouts import PseudoInverse, TimeSummedClassifier
from spinode.reservoir.static import Static
from spinode.reservoir.tasks import MackeyGlass, mackey_glass, narma10, sine_square
from spinode.reservoir.transformer import Reservoir

__all__ = [
    "Capacity",
    "DelayedInputs",
    "Forecast",
    "ForecastSettings",
    "MackeyGlass",
    "MaskedInput",
    "Memory",
    "NodeSettings",
    "Outcome",
    "PseudoInverse",
    "RankSettings",
    "Ranks",
    "ReadIn",
    "Reservoir",
    "Static",
    "TaskSettings",
    "TimeSummedClassifier",
    "forecast",
    "gaussian_mask",
    "information_capacity",
    "mackey_glass",
    "make_mask",
    "maximal_length_mask",
    "memory_capacity",
    "narma10",
    "node_states",
    "nrmse",
    "read_in_for",
    "ridge_weights",
    "run_task",
    "separation_ranks",
    "sine_square",
]
