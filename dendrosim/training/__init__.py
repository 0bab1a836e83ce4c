"""Training the equilibrium form of a network at full speed."""

from dendrosim.training.run import Run
from dendrosim.training.trainer import train

__all__ = ["Run", "train"]
