"""Synapses of conductance: AMPA, NMDA with its magnesium block, and GABA-A, on any compartment of a cell in mV.

========  ==========================================================  =======================================
symbol    equation                                                    meaning
========  ==========================================================  =======================================
g         Σ w k (e^{−t/τ_decay} − e^{−t/τ_rise})                      conductance after spikes; k makes the peak w
B(V)      1/(1 + [Mg]/3.57 mM · e^{−0.062 V/mV})                      share of NMDA receptors that is not blocked
I         g (E − V) AMPA, GABA-A;  g B(V) (E − V) NMDA                current into the compartment
========  ==========================================================  =======================================

A synapse knows its Brian2 equations (:func:`synaptic_input`), which :meth:`Circuit.embed` and
:func:`dendrosim.circuit.isolated.isolated` take as ``inputs``, and what a spike does to them (:meth:`Synapse.on_pre`).
B is taken at the beginning of each time step, so that the current stays linear in V. Source of B: Jahr and Stevens,
Journal of Neuroscience 1990.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import Field, ValidationError

from dendrosim.cells.quantity import Quantity
from dendrosim.checks import of_kind
from dendrosim.errors import DataError
from dendrosim.model.mistakes import sentence
from dendrosim.model.part import NotNegative, Part, Positive

_JAHR = "Jahr and Stevens 1990"
Potential = Annotated[float, Field(allow_inf_nan=False)]


class Synapse(Part):
    """A conductance that rises and decays after every spike; times in ms, potentials in mV.

    Raises
    ------
    DataError
        A number is none, or the decay is not slower than the rise.
    """

    receptor: ClassVar[str]

    rise: Annotated[Positive, Quantity("τ_rise", "ms")]
    decay: Annotated[Positive, Quantity("τ_decay", "ms")]
    reversal: Annotated[Potential, Quantity("E", "mV")]

    def __init__(self, /, **values: Any) -> None:
        what = f"a synapse of {self.receptor}"
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise DataError(sentence(error, what, type(self), values)) from None
        if not self.rise < self.decay:
            raise DataError(
                f"{what} rises with {self.rise:g} ms and decays with {self.decay:g} ms; choose a slower decay."
            )

    @property
    def peak_time(self) -> float:
        """Time from a spike to the peak of the conductance, ms."""
        return self.rise * self.decay / (self.decay - self.rise) * math.log(self.decay / self.rise)

    @property
    def normalisation(self) -> float:
        """Factor k that makes the peak after one spike its weight."""
        return 1 / (math.exp(-self.peak_time / self.decay) - math.exp(-self.peak_time / self.rise))

    def conductance(self, compartment: str) -> str:
        """Return the name of its conductance on a compartment, which Brian2's monitors record, in siemens."""
        return f"g_{self.receptor}_{compartment}"

    def on_pre(self, compartment: str, weight: str = "w") -> str:
        """Return Brian2 code of a spike, for ``Synapses(..., on_pre=...)``.

        Parameters
        ----------
        compartment : str
            Where it is.
        weight : str
            Brian2 expression of the peak of the conductance, such as ``"2*nS"``.

        Examples
        --------
        >>> print(AMPA().on_pre("dendrite", "2*nS"))
        falling_ampa_dendrite_post += 2*nS
        rising_ampa_dendrite_post += 2*nS
        """
        return "\n".join(f"{part}_{self.receptor}_{compartment}_post += {weight}" for part in ("falling", "rising"))

    def equations(self, compartment: str) -> str:
        """Return the Brian2 equations of its conductance on a compartment."""
        falling, rising = (f"{part}_{self.receptor}_{compartment}" for part in ("falling", "rising"))
        return (
            f"{self.conductance(compartment)} = {self.normalisation!r}*({falling} - {rising}) : siemens\n"
            f"d{falling}/dt = -{falling}/({self.decay!r}*ms) : siemens\n"
            f"d{rising}/dt = -{rising}/({self.rise!r}*ms) : siemens\n"
        )

    def current(self, compartment: str) -> str:
        """Return the Brian2 expression of the current into a compartment."""
        return f"{self.conductance(compartment)}*(({self.reversal!r})*mV - V_{compartment})"


class AMPA(Synapse):
    """Fast excitation."""

    receptor: ClassVar[str] = "ampa"

    rise: Annotated[Positive, Quantity("τ_rise", "ms")] = 0.3
    decay: Annotated[Positive, Quantity("τ_decay", "ms")] = 3.0
    reversal: Annotated[Potential, Quantity("E", "mV")] = 0.0


class NMDA(Synapse):
    """Slow excitation that magnesium blocks unless the membrane is depolarised."""

    receptor: ClassVar[str] = "nmda"

    rise: Annotated[Positive, Quantity("τ_rise", "ms")] = 2.0
    decay: Annotated[Positive, Quantity("τ_decay", "ms")] = 75.0
    reversal: Annotated[Potential, Quantity("E", "mV")] = 0.0
    magnesium: Annotated[NotNegative, Quantity("[Mg]", "mM", _JAHR)] = 1.0

    def unblocked(self, potential: Any) -> Any:
        """Return B, the share of receptors that is not blocked, at a potential in mV; 1 without magnesium.

        Parameters
        ----------
        potential : float or array
            mV.

        Examples
        --------
        >>> round(NMDA().unblocked(-70.0), 3), round(NMDA().unblocked(0.0), 3)
        (0.044, 0.781)
        """
        return 1 / (1 + self.magnesium / 3.57 * math.e ** (-0.062 * potential))

    def equations(self, compartment: str) -> str:
        """Return the Brian2 equations of its conductance, and of B, on a compartment."""
        share = f"1/(1 + {self.magnesium / 3.57!r}*exp(-0.062*V_{compartment}/mV))"
        return f"{super().equations(compartment)}unblocked_{compartment} = {share} : 1 (constant over dt)\n"

    def current(self, compartment: str) -> str:
        """Return the Brian2 expression of the current into a compartment."""
        return f"unblocked_{compartment}*{super().current(compartment)}"


class GABA(Synapse):
    """Fast inhibition, by receptors of type A."""

    receptor: ClassVar[str] = "gaba"

    rise: Annotated[Positive, Quantity("τ_rise", "ms")] = 0.5
    decay: Annotated[Positive, Quantity("τ_decay", "ms")] = 10.0
    reversal: Annotated[Potential, Quantity("E", "mV")] = -80.0


def synaptic_input(compartment: str, *synapses: Synapse) -> str:
    """Return the Brian2 equations of the input of a compartment that comes from synapses.

    Parameters
    ----------
    compartment : str
        Such as ``dendrite`` of an active cell, or ``basal`` of a conductance cell.
    *synapses : Synapse
        At most one of each receptor.

    Raises
    ------
    DataError
        There is none, or two of one receptor.

    Examples
    --------
    >>> import brian2 as b2
    >>> from dendrosim.cells import ActiveCell
    >>> from dendrosim.circuit.isolated import isolated
    >>> ampa = AMPA()
    >>> cells = isolated(ActiveCell(noise=0.0), 1, synaptic_input("dendrite", ampa, NMDA()))
    >>> source = b2.SpikeGeneratorGroup(1, [0], [5] * b2.ms, clock=cells.clock)
    >>> synapse = b2.Synapses(source, cells, on_pre=ampa.on_pre("dendrite", "2*nS"), clock=cells.clock)
    >>> synapse.connect()
    >>> b2.Network(cells, source, synapse).run((5 + ampa.peak_time) * b2.ms)
    >>> round(float(cells.g_ampa_dendrite[0] / b2.nS), 1)
    2.0
    """
    receptors = [of_kind(synapse, Synapse, "a synapse").receptor for synapse in synapses]
    if not receptors or len(set(receptors)) < len(receptors):
        raise DataError(f"the synapses are {', '.join(receptors) or 'none'}; give one of each receptor.")
    current = " + ".join(synapse.current(compartment) for synapse in synapses)
    return f"I_{compartment} = {current} : amp\n" + "".join(synapse.equations(compartment) for synapse in synapses)
