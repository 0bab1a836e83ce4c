"""The network in continuous time, in Brian2. Never imports torch."""

from dendrosim.circuit.circuit import Circuit
from dendrosim.circuit.target import TARGETS

__all__ = ["TARGETS", "Circuit"]
