"""Figures: each function takes ``ax=None``, returns the Axes it drew on, and shows nothing."""

from dendrosim.plot.agreement import agreement, residuals
from dendrosim.plot.comparison import Result, comparison, comparison_page, cost
from dendrosim.plot.criteria import criteria
from dendrosim.plot.curves import feedback_alignment, feedback_norm, gradient_angles, learning_curves
from dendrosim.plot.electrophysiology import (
    burst_curves,
    current_steps,
    plateau_times,
    rate_curves,
    spikes_and_plateaus,
    transfer_ratio,
)
from dendrosim.plot.layers import error_map, phase_portrait
from dendrosim.plot.network import network
from dendrosim.plot.neuron import neuron
from dendrosim.plot.pages import angles_page, learning_page, network_page, neuron_page, relaxation_page
from dendrosim.plot.runs import runs
from dendrosim.plot.saving import save_figure
from dendrosim.plot.scaling import scaling
from dendrosim.plot.sensitivity import sensitivity, sensitivity_page
from dendrosim.plot.sequences import expectations
from dendrosim.plot.spikes import (
    burst_probability,
    population_rate,
    raster,
    spike_triggered_average,
    spikes_page,
)
from dendrosim.plot.spikes_learning import spikes_learning
from dendrosim.plot.traces import kinds_of_cell, membrane_potentials, relaxation, settling
from dendrosim.plot.tree import along_tree, over_distance
from dendrosim.plot.weights import matrices, receptive_fields

__all__ = [
    "Result",
    "agreement",
    "along_tree",
    "angles_page",
    "burst_curves",
    "burst_probability",
    "comparison",
    "comparison_page",
    "cost",
    "criteria",
    "current_steps",
    "error_map",
    "expectations",
    "feedback_alignment",
    "feedback_norm",
    "gradient_angles",
    "kinds_of_cell",
    "learning_curves",
    "learning_page",
    "matrices",
    "membrane_potentials",
    "network",
    "network_page",
    "neuron",
    "neuron_page",
    "over_distance",
    "phase_portrait",
    "plateau_times",
    "population_rate",
    "raster",
    "rate_curves",
    "receptive_fields",
    "relaxation",
    "relaxation_page",
    "residuals",
    "runs",
    "save_figure",
    "scaling",
    "sensitivity",
    "sensitivity_page",
    "settling",
    "spike_triggered_average",
    "spikes_and_plateaus",
    "spikes_learning",
    "spikes_page",
    "transfer_ratio",
]
