"""Kinds of cell, one file each: what a cell is made of, its equations, and what it shows. Knows no engine."""

from dendrosim.cells.bursting import BurstingCell
from dendrosim.cells.cell import Cell, Compartment, Observable, Ports, register_cell
from dendrosim.cells.conductance import ConductanceCell
from dendrosim.cells.population import Population, Spikes
from dendrosim.cells.quantity import Quantity, parameter_table
from dendrosim.cells.rate import RateCell

__all__ = [
    "BurstingCell",
    "Cell",
    "Compartment",
    "ConductanceCell",
    "Observable",
    "Population",
    "Ports",
    "Quantity",
    "RateCell",
    "Spikes",
    "parameter_table",
    "register_cell",
]
