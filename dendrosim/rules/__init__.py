"""How a network learns: one rule, one file."""

from dendrosim.rules.backpropagation import Backpropagation
from dendrosim.rules.direct_feedback_alignment import DirectFeedbackAlignment
from dendrosim.rules.dll import DendriticLocalizedLearning
from dendrosim.rules.equilibrium_propagation import EquilibriumPropagation
from dendrosim.rules.feedback_alignment import FeedbackAlignment
from dendrosim.rules.forward_forward import ForwardForward
from dendrosim.rules.hebbian import Hebbian
from dendrosim.rules.local_losses import LocalLosses
from dendrosim.rules.perturbation import Perturbation
from dendrosim.rules.predictive_coding import PredictiveCoding
from dendrosim.rules.r_stdp import RewardModulatedSTDP
from dendrosim.rules.rule import Rule
from dendrosim.rules.target_propagation import TargetPropagation

RULES: dict[str, type[Rule]] = {
    "backpropagation": Backpropagation,
    "feedback-alignment": FeedbackAlignment,
    "direct-feedback-alignment": DirectFeedbackAlignment,
    "equilibrium-propagation": EquilibriumPropagation,
    "dll": DendriticLocalizedLearning,
    "predictive-coding": PredictiveCoding,
    "local-losses": LocalLosses,
    "perturbation": Perturbation,
    "target-propagation": TargetPropagation,
    "hebbian": Hebbian,
    "forward-forward": ForwardForward,
    "r-stdp": RewardModulatedSTDP,
}
"""The rules by their names on the command line and in model files."""

__all__ = [
    "RULES",
    "Backpropagation",
    "DendriticLocalizedLearning",
    "DirectFeedbackAlignment",
    "EquilibriumPropagation",
    "FeedbackAlignment",
    "ForwardForward",
    "Hebbian",
    "LocalLosses",
    "Perturbation",
    "PredictiveCoding",
    "RewardModulatedSTDP",
    "Rule",
    "TargetPropagation",
]
