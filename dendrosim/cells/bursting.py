"""The bursting cell: a rate cell whose axon sends spikes, events for its prediction and bursts for its error.

An event is a single spike or a burst, counted once. A unit is an ensemble of K cells, of which in every time step

========  ==========================================  =====================================================
symbol    equation                                    meaning
========  ==========================================  =====================================================
e         e = [r0 + r1 u]₊                            rate of events of a cell, from its basal potential
p e       [p0 e + p1 r1 δ] between 0 and e            rate of bursts: p is the probability that an event is one
N_B       Poisson(K p e dt)                           bursts of the ensemble in a time step
N_E       N_B + Poisson(K (1 − p) e dt)               events of the ensemble in a time step
E, B      τ_syn dE/dt = −E + Σ events/K               traces, and û and δ̂ read off them: see
                                                      :mod:`dendrosim.cells.axon`
========  ==========================================  =====================================================

u, a, x, ξ and δ are those of the rate cell (:mod:`dendrosim.cells.rate`). Splitting one Poisson process by chance gives
two that are independent, so that events and bursts are drawn as bursts and single spikes. In the mean û is u and δ̂ is
δ, both low-passed by τ_syn, as long as neither e nor p is cut off; how often they are is counted. Stimuli reach the
input layer as numbers. Sources: Naud and Sprekeler, PNAS 2018; Payeur et al., Nature Neuroscience 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from dendrosim.cells import axon
from dendrosim.cells.axon import CODE, EQUATIONS, PORTS, READOUT, TRACES
from dendrosim.cells.cell import Cell, Observable, Ports
from dendrosim.cells.population import Noise, Population, Spikes
from dendrosim.cells.quantity import Quantity
from dendrosim.cells.rate import RateCell
from dendrosim.model import Model
from dendrosim.model.part import NotNegative, Positive

_PAYEUR = "Payeur et al. 2021"
_PROTOTYPE = "chosen on digits"
_COUNTS = "spikes of a time step"
_SPIKING: dict[str, Observable] = TRACES | {
    "singles": Observable(
        "single spikes of the ensemble in a time step", "single spikes", "N", "1", "#009E73", "dot", _COUNTS, False
    ),
    "bursts": Observable(
        "bursts of the ensemble in a time step", "bursts", "N_B", "1", "#D55E00", "dot", _COUNTS, False
    ),
}
_EQUATIONS = f"""{EQUATIONS}
expected_bursts : 1
expected_singles : 1
singles : 1
bursts : 1
clipped : 1
"""
_EXPECTED = (
    "dexpected_trace/dt = ((expected_singles + expected_bursts)/(ensemble*dt) - expected_trace)/tau_synapse : hertz\n"
)
_FIRING = """
wanted_events = ensemble*dt*base_rate + ensemble*dt*gain*basal
expected_events = clip(wanted_events, 0, inf)
wanted_bursts = base_probability*expected_events + burst_gain*ensemble*dt*gain*delta
expected_bursts = clip(wanted_bursts, 0, expected_events)
expected_singles = expected_events - expected_bursts
clipped += int(wanted_events < 0 or wanted_bursts != expected_bursts)
"""
# A trace is raised before it decays for the first time: the factor keeps its mean at the rate for any time step.
_ARRIVAL = """
event_trace += (singles + bursts)*(exp(dt/tau_synapse) - 1)/(ensemble*dt)
burst_trace += bursts*(exp(dt/tau_synapse) - 1)/(ensemble*dt)
"""


class BurstingCell(RateCell):
    """Ensembles of cells that send events and bursts; rates in Hz, time constants in ms.

    ``seed`` decides on all spikes, with the number of the run and of the presentation.
    """

    ports: ClassVar[Ports] = PORTS
    observables: ClassVar[Mapping[str, Observable]] = {**RateCell.observables, **_SPIKING}

    kind: Literal["bursting"] = "bursting"  # type: ignore[assignment]  # it narrows a rate cell's
    tau_soma: Annotated[Positive, Quantity("τ_soma", "ms", _PROTOTYPE)] = 5.0
    tau_apical: Annotated[Positive, Quantity("τ_apical", "ms")] = 2.0
    tau_synapse: Annotated[Positive, Quantity("τ_syn", "ms", _PROTOTYPE)] = 20.0
    ensemble: Annotated[int, Field(ge=1), Quantity("K", "cells", _PAYEUR)] = 10
    base_rate: Annotated[NotNegative, Quantity("r0", "Hz", _PROTOTYPE)] = 120.0
    gain: Annotated[Positive, Quantity("r1", "Hz", _PROTOTYPE)] = 100.0
    base_probability: Annotated[float, Field(gt=0, lt=1), Quantity("p0", "1", _PAYEUR)] = 0.3
    burst_gain: Annotated[Positive, Quantity("p1", "1", _PROTOTYPE)] = 0.3
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _spikes_are_its_noise(self) -> BurstingCell:
        if self.noise > 0:
            raise ValueError("the spikes of a bursting cell are its noise; leave out noise, or lower ensemble")
        return self

    def hidden(self, model: Model) -> Population:
        """Return the equations of a hidden layer."""
        # û − u as it would be read off the expected number of events; of a Poisson process, through τ_syn.
        noise = Noise(
            "(event_trace - expected_trace)/gain",
            "expected_trace/(2*ensemble*tau_synapse*gain**2)",
            self.tau_synapse,
            _EXPECTED,
            {"expected_trace": (self.base_rate, "Hz")},
        )
        return replace(self._spiking(super().hidden(model)), noise=noise)

    def output(self, model: Model) -> Population:
        """Return the equations of the output layer."""
        return self._spiking(super().output(model))

    @property
    def time_constants(self) -> tuple[float, ...]:
        """Time constants of basal dendrite, apical dendrite, soma and synapses up and down, ms."""
        return *super().time_constants, self.tau_synapse, self.tau_synapse

    @property
    def settles(self) -> bool:
        """Spikes never let a cell rest."""
        return False

    @property
    def noise_seed(self) -> int:
        """Seed of the spikes."""
        return self.seed

    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms: no compartment acts back on another."""
        return np.append(super().rates(nudging), 1 / self.tau_synapse)

    @property
    def highest_rate(self) -> float:
        """Rate of events of the ensemble where u is 1, Hz."""
        return self.ensemble * (self.base_rate + self.gain)

    def settling(self) -> Cell:
        """Return the rate cell that settles in one step to what the spikes mean."""
        return RateCell().settling()

    def provenance(self) -> dict[str, str | float | int]:
        """Return the numbers of the code beside the time constants, and the seed."""
        return super().provenance() | {name: getattr(self, name) for name in (*CODE, "ensemble", "seed")}

    @classmethod
    def error_filters(cls, provenance: Mapping[str, Any]) -> tuple[float, float] | None:
        """There is no closed form for what spikes do."""
        return None

    def _spiking(self, population: Population) -> Population:
        constants = {**axon.constants(self), "ensemble": (float(self.ensemble), "1")}
        counts = {"singles": "expected_singles", "bursts": "expected_bursts"}
        return replace(
            population,
            equations=population.equations + _EQUATIONS,
            derivatives=(),
            constants={**population.constants, **constants},
            readout=READOUT,
            rest=axon.rest(self),
            spikes=Spikes(counts, _FIRING, _ARRIVAL, "clipped", "bursts"),
        )
