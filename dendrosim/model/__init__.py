"""What a network is: its description, its parameters and its known closed forms. Knows no engine."""

from dendrosim.model.activation import Activation, register_activation
from dendrosim.model.library import available_models, load_model
from dendrosim.model.parameters import Parameters
from dendrosim.model.settling import settling_curve
from dendrosim.model.spec import Model
from dendrosim.registry import ACTIVATIONS

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Model",
    "Parameters",
    "available_models",
    "load_model",
    "register_activation",
    "settling_curve",
]
