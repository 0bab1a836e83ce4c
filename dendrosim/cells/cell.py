"""What a kind of cell says of itself. Whoever simulates, records, draws, exports or audits asks here."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import ValidationError

from dendrosim.cells.population import Population
from dendrosim.checks import shown
from dendrosim.errors import ModelError, PluginError
from dendrosim.model import Model
from dendrosim.model.mistakes import sentence
from dendrosim.model.part import Part
from dendrosim.registry import CELLS

Dash = Literal["solid", "dash", "dot", "dashdot"]
DRAWN = ("basal", "soma", "trunk", "oblique", "tuft")
"""The parts of a drawn pyramidal neuron."""


@dataclass(frozen=True)
class Observable:
    """A variable of a cell that can be recorded.

    Attributes
    ----------
    long_name, label, symbol : str
        In words, in a legend, and in equations: ``basal potential u``, ``basal u``, ``u``.
    unit : str
        Of what is recorded: ``1`` or the name of a unit, such as ``mV``.
    colour, dash : str
        How it is drawn; colour is never the only sign.
    panel : str
        What it is drawn beside.
    by_default : bool
        Whether it is recorded unless something else is said.
    """

    long_name: str
    label: str
    symbol: str
    unit: str = "1"
    colour: str = "#666666"
    dash: Dash = "solid"
    panel: str = ""
    by_default: bool = True


@dataclass(frozen=True)
class Compartment:
    """A part of a cell with a potential of its own.

    Attributes
    ----------
    name, label : str
        Such as ``basal`` and ``basal dendrite``.
    drawn : tuple of str
        Which parts of a drawn neuron it is, out of ``DRAWN``.
    shown_by : tuple of str
        Observables that colour it; the first that was recorded does.
    scale : str
        Compartments of one scale share their colours, so that a difference between them can be seen.
    receives : {"", "below", "above"}
        Which cells have synapses on it.
    """

    name: str
    label: str
    drawn: tuple[str, ...]
    shown_by: tuple[str, ...]
    scale: str
    receives: Literal["", "below", "above"] = ""


@dataclass(frozen=True)
class Ports:
    """Variables by which cells are connected: what is sent, and where it arrives.

    Attributes
    ----------
    up, down : str
        u, which the cells above see through W, and δ, which those below hear through Θ.
    from_below, from_above : str
        The drive W u + b and the feedback Θ^T δ.
    error : str
        The local error ξ, which is an observable of every kind.
    prediction : str
        What a softmax over the output cells writes.
    target, teacher : str
        Of an output cell: its target, and how strongly it is taught.
    """

    up: str = "basal"
    down: str = "delta"
    from_below: str = "drive"
    from_above: str = "feedback"
    error: str = "error"
    prediction: str = "prediction"
    target: str = "target"
    teacher: str = "teacher"

    def variable(self, activity: str) -> str:
        """Return the variable that holds ``basal`` u, ``delta`` δ or ``error`` ξ, as local updates name them.

        Fluctuations (:mod:`dendrosim.cells.mirror`) have their own names in cells of every kind.
        """
        return {"basal": self.up, "delta": self.down, "error": self.error}.get(activity, activity)


class Cell(Part, ABC):
    """A kind of cell: its settings are fields with :class:`~dendrosim.cells.Quantity`, the rest is stated here.

    A kind of one's own is a subclass with a field ``kind``, made known by :func:`dendrosim.register_cell`.

    Attributes
    ----------
    ports : Ports
        How it is connected.
    compartments : tuple of Compartment
        From below to above.
    observables : mapping of str to Observable
        What can be recorded; one of them is the local error.
    provenance_in_words : mapping of str to tuple of str
        What the names of :meth:`provenance` mean, and their units.
    inputs : mapping of str to str
        Variables by which a network of the user's own drives an embedded cell, with their units as Brian2's equations
        have them, such as ``{"I_soma": "amp"}``; see :class:`~dendrosim.cells.Population`.
    burst_interval : float
        ms within which one spike of a cell with a threshold follows another in the same burst (Naud and Sprekeler,
        PNAS 2018).

    Raises
    ------
    ModelError
        A setting is out of range or of the wrong type, or there is no such setting.
    """

    ports: ClassVar[Ports] = Ports()
    compartments: ClassVar[tuple[Compartment, ...]]
    observables: ClassVar[Mapping[str, Observable]]
    provenance_in_words: ClassVar[Mapping[str, tuple[str, str]]] = {}
    inputs: ClassVar[Mapping[str, str]] = {}
    burst_interval: ClassVar[float] = 16.0

    kind: str

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ModelError(sentence(error, type(self).__name__, type(self), values)) from None

    @abstractmethod
    def hidden(self, model: Model) -> Population:
        """Return the equations of a hidden layer."""

    @abstractmethod
    def output(self, model: Model) -> Population:
        """Return the equations of the output layer, which has a target and a teacher."""

    @property
    def wiring(self) -> Ports:
        """The ports of cells with these settings: those of the kind, unless noise is sent up beside the prediction."""
        return self.ports

    @property
    @abstractmethod
    def time_constants(self) -> tuple[float, ...]:
        """Time constants, ms, of the filters that a signal passes on its way up and down through one cell."""

    @abstractmethod
    def rates(self, nudging: float = 0.0) -> np.ndarray:
        """Return the eigenvalues, 1/ms, of A in dv/dt = −A v + input, with a teacher that nudges by this strength."""

    @property
    def settles(self) -> bool:
        """Whether the cell has a fixed point; one without runs until the time limit."""
        return True

    @property
    def highest_rate(self) -> float:
        """Rate, Hz, at which a unit that sends spikes may be expected to send them at most."""
        return 200.0

    @property
    def noise_seed(self) -> int:
        """Seed of its membrane noise."""
        return 0

    def settling(self) -> Cell | None:
        """Return a cell with the same fixed point and all time constants at 1 ms, or None if there is none."""
        return None

    def provenance(self) -> dict[str, str | float | int]:
        """Return what a recording says of the cell, by name."""
        return {}

    @classmethod
    def error_filters(cls, provenance: Mapping[str, Any]) -> tuple[float, float] | None:
        """Return the time constants, ms, of apical dendrite and soma as filters of the error, or None.

        They are what :func:`dendrosim.model.settling_curve` takes, for cells whose errors settle by it.
        """
        return None


def register_cell[C: type[Cell]](kind: C) -> C:
    """Make a kind of cell of one's own known under the default of its field ``kind``; a decorator.

    Raises
    ------
    PluginError
        It is no kind of cell, lacks something, or its name is taken.

    Examples
    --------
    >>> from typing import Literal
    >>> import dendrosim as ds
    >>> from dendrosim.cells import RateCell
    >>> @ds.register_cell
    ... class FastCell(RateCell):
    ...     '''A rate cell with a fast soma.'''
    ...
    ...     kind: Literal["fast"] = "fast"
    ...     tau_soma: float = 1.0
    >>> ds.load_model("digits-mlp").changed(cell={"kind": "fast"}).cell.tau_soma
    1.0
    """
    name = getattr(getattr(kind, "model_fields", {}).get("kind"), "default", None)
    return CELLS.register(name if isinstance(name, str) else getattr(kind, "__name__", ""), kind)


def check_cell(name: str, kind: Any) -> None:
    """Raise PluginError, with what is missing, for an object that is no kind of cell.

    Parameters
    ----------
    name : str
        What it is to be called.
    kind : object
        A class, one hopes.

    Raises
    ------
    PluginError
        It is none.
    """
    if not (isinstance(kind, type) and issubclass(kind, Cell)):
        raise PluginError(f"'{name}' is no kind of cell but {shown(kind)}; derive a class from dendrosim.cells.Cell.")
    title = kind.__qualname__
    if inspect.isabstract(kind):
        missing = ", ".join(sorted(kind.__abstractmethods__))
        raise PluginError(f"the cell {title} has no '{missing}'; write that method.")
    if kind.model_fields["kind"].default != name:
        raise PluginError(f"the field 'kind' of the cell {title} is not '{name}'; register it under its kind.")
    for each in ("compartments", "observables"):
        if not getattr(kind, each, None):
            raise PluginError(f"the cell {title} has no '{each}'; state them.")
    if kind.ports.error not in kind.observables:
        raise PluginError(f"the cell {title} has no observable '{kind.ports.error}'; state its local error.")
    for compartment in kind.compartments:
        strange = (set(compartment.drawn) - set(DRAWN)) | (set(compartment.shown_by) - set(kind.observables))
        if strange or not compartment.shown_by:
            raise PluginError(
                f"the compartment '{compartment.name}' of the cell {title} is shown by no observable, or drawn as no "
                f"part of a neuron ({', '.join(sorted(strange))}); parts are {', '.join(DRAWN)}."
            )
