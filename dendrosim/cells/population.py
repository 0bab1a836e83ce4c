"""The cells of one layer as equations: text, numbers and names of units, which an engine reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dendrosim.model import ACTIVATIONS, Model
from dendrosim.registry import OUTPUTS

Constants = Mapping[str, tuple[float, str]]
"""Values with the names of their units, such as ``{"tau_soma": (10.0, "ms")}``; a number without unit has ``"1"``."""

FLUCTUATION = "fluctuation"
"""How the names of variables begin that hold a number from the standard normal distribution, new in every time step."""

# Where the teacher puts the output soma, or moves it to.
TAUGHT = "basal + teacher*(target - basal)"

# With a canonical pair of output and loss the factor f' is 1.
OUTPUT_ERROR = ("error = soma - basal", "delta = error")


@dataclass(frozen=True)
class Spikes:
    """What the cells of a layer send as spikes: numbers of them in every time step, from Poisson distributions.

    Attributes
    ----------
    counts : mapping of str to str
        Variables that hold how many spikes of a kind there are, and those that hold how many are expected.
    firing : str
        Brian2 code that says how many are expected, once the cells have been evaluated.
    arrival : str
        Brian2 code that lets them arrive at the synapses, once they have been drawn.
    clipped : str
        Variable that counts the time steps in which an expected number was cut off.
    bursts : str
        Which of the counts is of bursts, each of them counted once; all others are of single spikes.
    """

    counts: Mapping[str, str]
    firing: str
    arrival: str
    clipped: str
    bursts: str = ""


@dataclass(frozen=True)
class Noise:
    """What the cells of a layer send up by chance, beyond what they predict, and can read off themselves.

    Attributes
    ----------
    potential : str
        ζ, as a Brian2 expression: dimensionless, of mean zero, and independent of what drives the cell.
    variance : str
        ⟨ζ²⟩, as a Brian2 expression.
    time_constant : float
        After which it is forgotten, ms.
    equations : str
        Brian2 equations that these need beside those of the population.
    rest : mapping
        Initial values of these other than zero.
    """

    potential: str
    variance: str
    time_constant: float
    equations: str = ""
    rest: Constants = field(default_factory=dict)


@dataclass(frozen=True)
class Population:
    """Equations of the cells of one layer.

    Attributes
    ----------
    equations : str
        Brian2 equations of the state. ``{NAME}`` stands where an input of that name, which the kind of cell lists in
        its ``inputs``, adds to a compartment; see :meth:`closed` and :meth:`open`.
    evaluation : str
        Brian2 code that is run in every time step once the drive is known, before the state moves.
    derivatives : tuple of mapping of str to float
        τ d·/dt of each compartment, as variables with factors 1 or -1; the slowest first, because the test of
        convergence looks at a cell that moves no longer than needed. A cell without a fixed point has none.
    constants : mapping
        Of the equations; see :data:`Constants`.
    readout : str
        Brian2 code that reads activities off potentials; empty where activities are the state.
    rest : mapping
        Initial values other than zero.
    sums : mapping of str to mapping of str to float
        Observables of the state at the end of a run, as sums of others with their factors.
    spikes : Spikes, optional
        What they send as spikes, where that is drawn.
    noise : Noise, optional
        What they send up by chance, where they do and where it is known to them.
    threshold, reset : str
        Brian2 condition of a spike, and code that is run after it, of cells whose potentials spike.
    """

    equations: str
    evaluation: str
    derivatives: tuple[Mapping[str, float], ...]
    constants: Constants
    readout: str = ""
    rest: Constants = field(default_factory=dict)
    sums: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    spikes: Spikes | None = None
    noise: Noise | None = None
    threshold: str = ""
    reset: str = ""

    @property
    def event(self) -> str:
        """Brian2 condition under which a cell sends spikes in a time step; empty where it never does."""
        return self.threshold or (f"{' + '.join(self.spikes.counts)} > 0" if self.spikes else "")

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs that these cells take from outside."""
        return re.findall(r"{(\w+)}", self.equations)

    def closed(self) -> str:
        """Return the equations of cells that hear from nothing but each other."""
        return re.sub(r"{\w+}", "", self.equations)

    def open(self, inputs: Mapping[str, str], given: Collection[str] = ()) -> str:
        """Return the equations of cells with inputs from outside, which are variables that hold what is written.

        Parameters
        ----------
        inputs : mapping of str to str
            Units of all inputs of the kind of cell, by name.
        given : collection of str
            Inputs that have equations of their own, which are not among these.
        """
        declared = [f"{name} : {inputs[name]}" for name in self.inputs if name not in given]
        return "\n".join([re.sub(r"{(\w+)}", r" + \1", self.equations), *declared, ""])


# White current into the soma, held for a time step: σ is what it gives to a soma whose dendrites are held.
WHITE_NOISE = f" + noise*sqrt(2/(tau_soma*dt))*{FLUCTUATION}"

# A linear soma is the sum of what its dendrites make of it and of what noise does to it: this is the second by itself.
SOMATIC_NOISE = f"dsomatic_noise/dt = -somatic_noise/tau_soma{WHITE_NOISE} : {{unit}}\n"


def hidden_evaluation(model: Model, error: str = "soma - basal") -> str:
    """Return the code that evaluates f(z), ξ and δ of a hidden cell, with what its local error is read off."""
    activation = ACTIVATIONS[model.activation]
    prediction, slope = activation.brian("drive"), activation.brian_slope("prediction")
    return f"prediction = {prediction}\nerror = {error}\ndelta = error*({slope})"


def output_evaluation(model: Model) -> list[str]:
    """Return the code that evaluates the prediction of an output cell; a softmax is done elsewhere."""
    return [] if model.output == "softmax" else [f"prediction = {OUTPUTS[model.output].brian('drive')}"]
