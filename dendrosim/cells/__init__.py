"""Kinds of cell, one file each: what a cell is made of, its equations, and what it shows. Knows no engine."""

from dendrosim.cells.active import ActiveCell
from dendrosim.cells.bursting import BurstingCell
from dendrosim.cells.cell import Cell, Compartment, Observable, Ports, register_cell
from dendrosim.cells.conductance import ConductanceCell
from dendrosim.cells.population import Noise, Population, Spikes
from dendrosim.cells.quantity import Quantity, parameter_table
from dendrosim.cells.rate import RateCell
from dendrosim.cells.synapses import AMPA, GABA, NMDA, Synapse, synaptic_input

__all__ = [
    "AMPA",
    "GABA",
    "NMDA",
    "ActiveCell",
    "BurstingCell",
    "Cell",
    "Compartment",
    "ConductanceCell",
    "Noise",
    "Observable",
    "Population",
    "Ports",
    "Quantity",
    "RateCell",
    "Spikes",
    "Synapse",
    "parameter_table",
    "register_cell",
    "synaptic_input",
]
