"""What a network is: its description, its parameters and its known closed forms. Knows no engine."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "ACTIVATIONS": "dendrosim.registry",
    "Activation": "dendrosim.model.activation",
    "Model": "dendrosim.model.spec",
    "Output": "dendrosim.model.output",
    "Parameters": "dendrosim.model.parameters",
    "available_models": "dendrosim.model.places",
    "load_model": "dendrosim.model.library",
    "register_activation": "dendrosim.model.activation",
    "register_output": "dendrosim.model.output",
    "settling_curve": "dendrosim.model.settling",
}

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Model",
    "Output",
    "Parameters",
    "available_models",
    "load_model",
    "register_activation",
    "register_output",
    "settling_curve",
]

if TYPE_CHECKING:
    from dendrosim.model.activation import Activation, register_activation
    from dendrosim.model.library import load_model
    from dendrosim.model.output import Output, register_output
    from dendrosim.model.parameters import Parameters
    from dendrosim.model.places import available_models
    from dendrosim.model.settling import settling_curve
    from dendrosim.model.spec import Model
    from dendrosim.registry import ACTIVATIONS


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'dendrosim.model' has no attribute '{name}'")
