"""Figures: each function takes ``ax=None``, returns the Axes it drew on, and shows nothing."""

from dendrosim.plot.comparison import Result, comparison, comparison_page
from dendrosim.plot.criteria import criteria
from dendrosim.plot.curves import feedback_alignment, learning_curves
from dendrosim.plot.electrophysiology import attenuation, current_steps, rate_curves
from dendrosim.plot.neuron import neuron
from dendrosim.plot.pages import learning_page, neuron_page, relaxation_page
from dendrosim.plot.traces import relaxation

__all__ = [
    "Result",
    "attenuation",
    "comparison",
    "comparison_page",
    "criteria",
    "current_steps",
    "feedback_alignment",
    "learning_curves",
    "learning_page",
    "neuron",
    "neuron_page",
    "rate_curves",
    "relaxation",
    "relaxation_page",
]
