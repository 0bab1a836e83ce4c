"""Training the equilibrium form of a network at full speed."""

from dendrosim.training.evaluation import evaluate
from dendrosim.training.hardware import Hardware
from dendrosim.training.many import train_many
from dendrosim.training.run import Run
from dendrosim.training.train import train

__all__ = ["Hardware", "Run", "evaluate", "train", "train_many"]
