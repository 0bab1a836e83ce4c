"""The active cell: soma and apical dendrite of a pyramidal neuron that spikes and bursts, in mV, pA, pF, nS and ms.

=============  ====================================================================  ================================
symbol         equation                                                              meaning
=============  ====================================================================  ================================
V_soma         C_s dV_s/dt = −(C_s/τ_s)(V_s−E_L) + g_s f(V_d) + b w_s + I_s + σ η_s   soma
V_dendrite     C_d dV_d/dt = −(C_d/τ_d)(V_d−E_L) + g_d f(V_d) + c_d K + a w_d         apical dendrite
               + I_d + σ η_d
plateau        f(V_d) = 1/(1 + exp(−(V_d−E_d)/D))                                    calcium plateau, into both
threshold      τ_θ dθ/dt = θ_0 − θ                                                   a spike is V_s > θ; after it
                                                                                     V_s = E_L, θ rises by Δθ, and
w_soma         τ_w dw_s/dt = −w_s                                                    w_s by 1
w_dendrite     τ_wd dw_d/dt = (V_d−E_L) − w_d                                        of the dendrite
pulse          K = 1 for a time t_b after a spike                                    back-propagating spike
η_s, η_d       Ornstein-Uhlenbeck of variance 1 and time constant τ_η                noise, each of its own
I_s            I_s0 + G_s f(z),  z = W û_below + b                                   basal input
I_d            I_d0 + G_d δ*,  δ* = (Θ^T δ̂_above) f'(z)                              apical input
=============  ====================================================================  ================================

An event is a spike with none in the 16 ms before it; where the next spike comes within 16 ms the event is a burst.
Traces of events and bursts are what leaves the cell, as û upwards and δ̂ downwards (:mod:`dendrosim.cells.axon`). f(z)
of the model limits the current of the basal dendrites to where the rate of events rises with it. An output cell has
δ* = β(target − f(z)) instead.

r0, r1, p0 and p1 are what these cells do, as :func:`dendrosim.circuit.burst_code.calibrated` measures it: r0 and r1 the
line through the rate of events over f(z) at δ* = 0, p0 the share of bursts there, and p1 r1 the slope of the rate of
bursts beyond p0 E over δ* at f(z) = 0. In the mean û follows f(z); δ̂ follows δ* e/r0, where e is the cell's own rate of
events, because a burst has to be an event first. The two signals do not part entirely: a large δ* lowers e.

Currents of a network of the user's own, in amperes, add to these: `I_soma`, `I_dendrite`. Source: Naud and Sprekeler,
PNAS 2018, whose cell and parameters these are; the read-out is the project's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from dendrosim.cells import axon
from dendrosim.cells.axon import CODE, EQUATIONS, PORTS, READOUT, TRACES
from dendrosim.cells.cell import Cell, Compartment, Observable, Ports
from dendrosim.cells.population import FLUCTUATION, Constants, Population, hidden_evaluation, output_evaluation
from dendrosim.cells.quantity import Quantity
from dendrosim.cells.rate import ACTIVITIES, APICAL, FEEDBACK_PANEL, INPUTS, SOMA, RateCell
from dendrosim.model import Model
from dendrosim.model.part import NotNegative, Positive

COMPARTMENTS = ("soma", "dendrite")

_NAUD = "Naud and Sprekeler 2018"
_MEASURED = "measured: calibrated()"
_POTENTIALS: dict[str, Observable] = {
    "V_soma": Observable("membrane potential of the soma", "V soma", "V_s", "mV", SOMA, "solid", "membrane (mV)"),
    "V_dendrite": Observable(
        "membrane potential of the apical dendrite", "V dendrite", "V_d", "mV", APICAL, "dash", "membrane (mV)"
    ),
    "threshold": Observable(
        "threshold of the soma", "threshold θ", "θ", "mV", "#999999", "dot", "membrane (mV)", False
    ),
}
_ERROR = ACTIVITIES["error"]
# They stand for compartments, which figures show.
_READ_OFF = {name: replace(TRACES[name], by_default=True) for name in ("sent", "returned")}
_LOCAL: dict[str, Observable] = {
    "error": Observable(
        "local error ξ = Θ^T δ̂, as it comes down", "error ξ", "ξ", "1", _ERROR.colour, _ERROR.dash, FEEDBACK_PANEL
    )
}
_IN_WORDS = {
    "noise_current": ("standard deviation of the noise current", "pA"),
    "tau_soma": ("time constant of the soma", "ms"),
    "tau_dendrite": ("time constant of the apical dendrite", "ms"),
    "tau_synapse": ("time constant of synaptic traces", "ms"),
}
_SPIKE = "V_soma > threshold"
_CURRENTS = ("soma_current", "soma_gain", "dendrite_current", "dendrite_gain")
_TIMES = ("tau_soma", "tau_dendrite", "tau_threshold", "pulse_length", "tau_noise")
_RESET = """
V_soma = E_leak
threshold += threshold_step
w_soma += 1
is_event = int(since_spike > burst_interval)
is_burst = may_burst*(1 - is_event)
may_burst = is_event
since_spike = 0*ms
"""
_COUNT = """
event_count += is_event
burst_count += is_burst
"""
# A trace is raised once it has decayed and is read before it decays again: the factor keeps its mean at the rate.
_ARRIVAL = """
event_trace += is_event*(1 - exp(-dt/tau_synapse))/dt
burst_trace += is_burst*(1 - exp(-dt/tau_synapse))/dt
"""
_PLATEAU = "plateau = 1/(1 + exp((E_plateau - V_dendrite)/width))"
_PULSE = "pulse = int(since_spike < pulse_length - dt/2)"


class ActiveCell(Cell):
    """Soma and active apical dendrite; potentials in mV, currents in pA, capacitances in pF, times in ms, rates in Hz.

    ``noise`` is the standard deviation of the current into each compartment, and ``seed`` the seed of that current.
    """

    ports: ClassVar[Ports] = PORTS
    observables: ClassVar[Mapping[str, Observable]] = _POTENTIALS | TRACES | _READ_OFF | _LOCAL | INPUTS
    provenance_in_words: ClassVar[Mapping[str, tuple[str, str]]] = _IN_WORDS
    compartments: ClassVar[tuple[Compartment, ...]] = (
        Compartment("soma", "soma", ("basal", "soma"), ("sent", "V_soma"), "soma", "below"),
        Compartment(
            "dendrite", "apical dendrite", ("trunk", "oblique", "tuft"), ("returned", "V_dendrite"), "dendrite", "above"
        ),
    )
    inputs: ClassVar[Mapping[str, str]] = {f"I_{name}": "amp" for name in COMPARTMENTS}

    kind: Literal["active"] = "active"
    resting_potential: Annotated[float, Field(allow_inf_nan=False), Quantity("E_L", "mV", _NAUD)] = -70.0
    soma_capacitance: Annotated[Positive, Quantity("C_s", "pF", _NAUD)] = 370.0
    tau_soma: Annotated[Positive, Quantity("τ_s", "ms", _NAUD)] = 16.0
    soma_plateau: Annotated[NotNegative, Quantity("g_s", "pA", _NAUD)] = 1300.0
    soma_adaptation: Annotated[float, Field(allow_inf_nan=False), Quantity("b", "pA", _NAUD)] = -200.0
    tau_soma_adaptation: Annotated[Positive, Quantity("τ_w", "ms", _NAUD)] = 100.0
    threshold: Annotated[float, Field(allow_inf_nan=False), Quantity("θ_0", "mV", _NAUD)] = -50.0
    threshold_step: Annotated[NotNegative, Quantity("Δθ", "mV", _NAUD)] = 2.0
    tau_threshold: Annotated[Positive, Quantity("τ_θ", "ms", _NAUD)] = 27.0
    dendrite_capacitance: Annotated[Positive, Quantity("C_d", "pF", _NAUD)] = 170.0
    tau_dendrite: Annotated[Positive, Quantity("τ_d", "ms", _NAUD)] = 7.0
    dendrite_plateau: Annotated[NotNegative, Quantity("g_d", "pA", _NAUD)] = 1200.0
    dendrite_adaptation: Annotated[float, Field(allow_inf_nan=False), Quantity("a", "nS", _NAUD)] = -13.0
    tau_dendrite_adaptation: Annotated[Positive, Quantity("τ_wd", "ms", _NAUD)] = 30.0
    plateau_potential: Annotated[float, Field(allow_inf_nan=False), Quantity("E_d", "mV", _NAUD)] = -38.0
    plateau_width: Annotated[Positive, Quantity("D", "mV", _NAUD)] = 6.0
    pulse: Annotated[NotNegative, Quantity("c_d", "pA", _NAUD)] = 2600.0
    pulse_length: Annotated[Positive, Quantity("t_b", "ms", _NAUD)] = 2.0
    noise: Annotated[NotNegative, Quantity("σ", "pA", _NAUD)] = 450.0
    tau_noise: Annotated[Positive, Quantity("τ_η", "ms", _NAUD)] = 2.0
    soma_current: Annotated[float, Field(allow_inf_nan=False), Quantity("I_s0", "pA")] = 600.0
    soma_gain: Annotated[Positive, Quantity("G_s", "pA")] = 400.0
    dendrite_current: Annotated[float, Field(allow_inf_nan=False), Quantity("I_d0", "pA")] = 0.0
    dendrite_gain: Annotated[Positive, Quantity("G_d", "pA")] = 200.0
    tau_synapse: Annotated[Positive, Quantity("τ_syn", "ms")] = 100.0
    base_rate: Annotated[NotNegative, Quantity("r0", "Hz", _MEASURED)] = 10.0
    gain: Annotated[Positive, Quantity("r1", "Hz", _MEASURED)] = 6.5
    base_probability: Annotated[float, Field(gt=0, lt=1), Quantity("p0", "1", _MEASURED)] = 0.335
    burst_gain: Annotated[Positive, Quantity("p1", "1", _MEASURED)] = 0.42
    seed: Annotated[int, Field(ge=0)] = 0

    def hidden(self, model: Model) -> Population:
        """Return the equations of a hidden layer."""
        return self._population("feedback : 1\n", hidden_evaluation(model, error="feedback"))

    def output(self, model: Model) -> Population:
        """Return the equations of the output layer."""
        evaluation = [*output_evaluation(model), "error = teacher*(target - prediction)", "delta = error"]
        return self._population("target : 1\nteacher : 1\n", "\n".join(evaluation))

    def alone(self) -> Population:
        """Return the equations of cells in no network, for methods of any order: the plateau changes within a step.

        Their variables ``event_count`` and ``burst_count`` count what has left them.
        """
        equations = f"{self._membrane({})}{_PLATEAU} : 1\nevent_count : 1\nburst_count : 1\n"
        return Population(
            equations, _PULSE, (), self.constants, rest=self._rest, threshold=_SPIKE, reset=_RESET + _COUNT
        )

    @property
    def constants(self) -> Constants:
        """The constants of the equations."""
        return {
            "E_leak": (self.resting_potential, "mV"),
            "C_soma": (self.soma_capacitance, "pF"),
            "g_soma": (self.soma_plateau, "pA"),
            "b_soma": (self.soma_adaptation, "pA"),
            "tau_w_soma": (self.tau_soma_adaptation, "ms"),
            "threshold_rest": (self.threshold, "mV"),
            "threshold_step": (self.threshold_step, "mV"),
            "C_dendrite": (self.dendrite_capacitance, "pF"),
            "g_dendrite": (self.dendrite_plateau, "pA"),
            "a_dendrite": (self.dendrite_adaptation, "nS"),
            "tau_w_dendrite": (self.tau_dendrite_adaptation, "ms"),
            "E_plateau": (self.plateau_potential, "mV"),
            "width": (self.plateau_width, "mV"),
            "c_pulse": (self.pulse, "pA"),
            "noise": (self.noise, "pA"),
            "burst_interval": (self.burst_interval, "ms"),
            **{name: (getattr(self, name), "pA") for name in _CURRENTS},
            **{name: (getattr(self, name), "ms") for name in _TIMES},
            **axon.constants(self),
        }

    @property
    def time_constants(self) -> tuple[float, ...]:
        """Time constants of soma, dendrite, and synapses up and down, and how long a back-propagating spike is, ms."""
        return self.tau_soma, self.tau_dendrite, self.tau_synapse, self.tau_synapse, self.pulse_length

    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms, of the membrane without spikes and plateau, and the rates of all traces."""
        leak = -self.dendrite_adaptation / self.dendrite_capacitance
        dendrite = [
            [1 / self.tau_dendrite, leak],
            [-1 / self.tau_dendrite_adaptation, 1 / self.tau_dendrite_adaptation],
        ]
        names = ("tau_soma", "tau_soma_adaptation", "tau_threshold", "tau_noise", "tau_synapse")
        return np.append(np.linalg.eigvals(dendrite), [1 / getattr(self, name) for name in names])

    @property
    def settles(self) -> bool:
        """Spikes never let a cell rest."""
        return False

    @property
    def noise_seed(self) -> int:
        """Seed of the noise currents."""
        return self.seed

    def settling(self) -> Cell:
        """Return the rate cell that settles in one step to what the spikes mean."""
        return RateCell().settling()

    def provenance(self) -> dict[str, str | float | int]:
        """Return the noise with its seed, the time constants, and the numbers of the code."""
        taus = {name: getattr(self, name) for name in ("tau_soma", "tau_dendrite")}
        return {"noise_current": self.noise, **taus, **{name: getattr(self, name) for name in (*CODE, "seed")}}

    @property
    def _rest(self) -> Constants:
        potentials = {f"V_{name}": (self.resting_potential, "mV") for name in COMPARTMENTS}
        # Long ago enough that the first spike is an event.
        waiting = {"threshold": (self.threshold, "mV"), "since_spike": (1e3 * self.burst_interval, "ms")}
        return {**potentials, **waiting}

    def _membrane(self, currents: Mapping[str, str]) -> str:
        """Return the equations of all but the plateau, with currents, and places for inputs, by compartment."""
        into = {name: f"{currents.get(name, '')}{{I_{name}}}{self._noise(name)}" for name in COMPARTMENTS}
        soma = "C_soma/tau_soma*(E_leak - V_soma) + g_soma*plateau + b_soma*w_soma"
        dendrite = "C_dendrite/tau_dendrite*(E_leak - V_dendrite) + g_dendrite*plateau + c_pulse*pulse"
        return f"""
dV_soma/dt = ({soma}{into["soma"]})/C_soma : volt
dV_dendrite/dt = ({dendrite} + a_dendrite*w_dendrite{into["dendrite"]})/C_dendrite : volt
dw_soma/dt = -w_soma/tau_w_soma : 1
dw_dendrite/dt = (V_dendrite - E_leak - w_dendrite)/tau_w_dendrite : volt
dthreshold/dt = (threshold_rest - threshold)/tau_threshold : volt
dsince_spike/dt = 1 : second
may_burst : 1
pulse : 1
{self._fluctuations()}"""

    def _noise(self, compartment: str) -> str:
        return f" + noise*noise_{compartment}" if self.noise > 0 else ""

    def _fluctuations(self) -> str:
        """Return the equations of the noise: a white current held for one step, through a filter."""
        if self.noise == 0:
            return ""
        white = {name: f"sqrt(2*tau_noise/dt)*{FLUCTUATION}_{name}" for name in COMPARTMENTS}
        return "".join(
            f"dnoise_{name}/dt = ({white[name]} - noise_{name})/tau_noise : 1\n{FLUCTUATION}_{name} : 1\n"
            for name in COMPARTMENTS
        )

    def _population(self, inputs: str, evaluation: str) -> Population:
        currents = {"soma": " + soma_current + soma_gain*prediction"}
        currents["dendrite"] = " + dendrite_current + dendrite_gain*delta"
        declared = "".join(f"{name} : 1\n" for name in ("drive", "prediction", "error", "delta", "plateau"))
        return Population(
            self._membrane(currents) + declared + inputs + EQUATIONS,
            "\n".join([evaluation, _PLATEAU, _PULSE]),
            (),
            self.constants,
            READOUT,
            {**self._rest, **axon.rest(self)},
            threshold=_SPIKE,
            reset=_RESET + _ARRIVAL,
        )
