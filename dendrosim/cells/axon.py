"""What an axon carries that sends events and bursts: their traces at synapses, and what is read off these.

========  ==========================================  =====================================================
symbol    equation                                    meaning
========  ==========================================  =====================================================
E, B      τ_syn dE/dt = −E + Σ δ(t − event)           traces of events, and of those that are bursts
û         (E − r0)/r1                                 what the cells above read in the place of u
δ̂         (B − p0 E)/(p1 r1)                          what those below, and plasticity, read in the place of δ
========  ==========================================  =====================================================

An event is a single spike or a burst, counted once. Sources: Naud and Sprekeler, PNAS 2018; Payeur et al., Nature
Neuroscience 2021.
"""

from __future__ import annotations

from typing import Protocol

from dendrosim.cells.cell import Observable, Ports
from dendrosim.cells.population import Constants
from dendrosim.cells.rate import FEEDBACK_PANEL, FEEDFORWARD_PANEL

TRACES_PANEL = "traces (Hz)"
PORTS = Ports(up="sent", down="returned")
TRACES: dict[str, Observable] = {
    "event_trace": Observable("synaptic trace of events E", "events E", "E", "Hz", "#0072B2", "solid", TRACES_PANEL),
    "burst_trace": Observable("synaptic trace of bursts B", "bursts B", "B", "Hz", "#D55E00", "dash", TRACES_PANEL),
    "sent": Observable(
        "u as read off the events", "read-out û", "û", "1", "#56B4E9", "solid", FEEDFORWARD_PANEL, False
    ),
    "returned": Observable(
        "δ as read off the bursts", "read-out δ̂", "δ̂", "1", "#E69F00", "solid", FEEDBACK_PANEL, False
    ),
}
EQUATIONS = """
devent_trace/dt = -event_trace/tau_synapse : hertz
dburst_trace/dt = -burst_trace/tau_synapse : hertz
sent : 1
returned : 1
"""
READOUT = """
sent = (event_trace - base_rate)/gain
returned = (burst_trace - base_probability*event_trace)/(burst_gain*gain)
"""
CODE = ("tau_synapse", "base_rate", "gain", "base_probability", "burst_gain")
"""Names of the numbers of the code."""


class Axon(Protocol):
    """A cell with the numbers of the code: τ_syn in ms, r0 and r1 in Hz, p0 and p1."""

    @property
    def tau_synapse(self) -> float: ...  # noqa: D102
    @property
    def base_rate(self) -> float: ...  # noqa: D102
    @property
    def gain(self) -> float: ...  # noqa: D102
    @property
    def base_probability(self) -> float: ...  # noqa: D102
    @property
    def burst_gain(self) -> float: ...  # noqa: D102


def constants(axon: Axon) -> Constants:
    """Return the constants of the equations."""
    units = ("ms", "Hz", "Hz", "1", "1")
    return {name: (float(getattr(axon, name)), unit) for name, unit in zip(CODE, units, strict=True)}


def rest(axon: Axon) -> Constants:
    """Return the traces at which û and δ̂ are zero."""
    return {"event_trace": (axon.base_rate, "Hz"), "burst_trace": (axon.base_rate * axon.base_probability, "Hz")}
