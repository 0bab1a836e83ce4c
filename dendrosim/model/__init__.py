"""What a network is: its description, its parameters and its known closed forms. Knows no engine."""

from dendrosim.model.activation import ACTIVATIONS, Activation
from dendrosim.model.library import available_models, load_model
from dendrosim.model.parameters import Parameters
from dendrosim.model.settling import settling_curve
from dendrosim.model.spec import Model

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Model",
    "Parameters",
    "available_models",
    "load_model",
    "settling_curve",
]
