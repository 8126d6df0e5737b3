"""A grid of settings, each run once: which rows there are, the rows that are done, and the table they become."""

from spinode.sweep.axis import Axis, parse_axis
from spinode.sweep.journal import Journal
from spinode.sweep.plan import Plan, Row
from spinode.sweep.table import Column, columns_of, read_sweep, write_sweep

__all__ = ["Axis", "Column", "Journal", "Plan", "Row", "columns_of", "parse_axis", "read_sweep", "write_sweep"]
