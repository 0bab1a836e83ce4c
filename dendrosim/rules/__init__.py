"""How a network learns: one rule, one file. They are imported when they are used, and none of them loads torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "Backpropagation": "backpropagation",
    "DendriticLocalizedLearning": "dll",
    "DirectFeedbackAlignment": "direct_feedback_alignment",
    "EquilibriumPropagation": "equilibrium_propagation",
    "FeedbackAlignment": "feedback_alignment",
    "ForwardForward": "forward_forward",
    "Hebbian": "hebbian",
    "LocalLosses": "local_losses",
    "LocalRule": "local",
    "Perturbation": "perturbation",
    "PredictiveCoding": "predictive_coding",
    "RewardModulatedSTDP": "r_stdp",
    "Rule": "rule",
    "TargetPropagation": "target_propagation",
    "register_rule": "rule",
}

__all__ = [
    "Backpropagation",
    "DendriticLocalizedLearning",
    "DirectFeedbackAlignment",
    "EquilibriumPropagation",
    "FeedbackAlignment",
    "ForwardForward",
    "Hebbian",
    "LocalLosses",
    "LocalRule",
    "Perturbation",
    "PredictiveCoding",
    "RewardModulatedSTDP",
    "Rule",
    "TargetPropagation",
    "register_rule",
]

if TYPE_CHECKING:
    from dendrosim.rules.backpropagation import Backpropagation
    from dendrosim.rules.direct_feedback_alignment import DirectFeedbackAlignment
    from dendrosim.rules.dll import DendriticLocalizedLearning
    from dendrosim.rules.equilibrium_propagation import EquilibriumPropagation
    from dendrosim.rules.feedback_alignment import FeedbackAlignment
    from dendrosim.rules.forward_forward import ForwardForward
    from dendrosim.rules.hebbian import Hebbian
    from dendrosim.rules.local import LocalRule
    from dendrosim.rules.local_losses import LocalLosses
    from dendrosim.rules.perturbation import Perturbation
    from dendrosim.rules.predictive_coding import PredictiveCoding
    from dendrosim.rules.r_stdp import RewardModulatedSTDP
    from dendrosim.rules.rule import Rule, register_rule
    from dendrosim.rules.target_propagation import TargetPropagation


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"dendrosim.rules.{_HOME[name]}"), name)
    raise AttributeError(f"module 'dendrosim.rules' has no attribute '{name}'")
