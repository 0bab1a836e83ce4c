"""How a network learns: one rule, one file."""

from dendrosim.rules.backpropagation import Backpropagation
from dendrosim.rules.dll import DendriticLocalizedLearning
from dendrosim.rules.rule import Rule

RULES: dict[str, type[Rule]] = {
    "backpropagation": Backpropagation,
    "dll": DendriticLocalizedLearning,
}
"""The rules by their names on the command line and in model files."""

__all__ = ["RULES", "Backpropagation", "DendriticLocalizedLearning", "Rule"]
