"""A neuron's form: morphologies in SWC, and the passive three-compartment cell that one comes to. Knows no engine."""

from dendrosim.morphology.cable import Cable
from dendrosim.morphology.membrane import Membrane
from dendrosim.morphology.morphology import Morphology
from dendrosim.morphology.points import Points
from dendrosim.morphology.reduction import Reduction

__all__ = ["Cable", "Membrane", "Morphology", "Points", "Reduction"]
