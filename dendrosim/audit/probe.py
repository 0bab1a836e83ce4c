"""A probe in the maps of a network: it notes every signal that passes, and can hold what reaches chosen cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from torch import Tensor

from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import Conv2d, Dense
from dendrosim.equilibrium.projection import Synapses
from dendrosim.errors import AuditError
from dendrosim.model import Model, Parameters

Cells = Mapping[str, list[int]]
"""Some cells by layer. The cells of a feature map share their weights, and count as one."""


@dataclass(frozen=True)
class Signal:
    """What passed through a map, or what the potential of a layer became.

    Attributes
    ----------
    way : {"up", "down", "outer", "outer of errors", "potential"}
        A drive, a feedback, the product of activity below and signal above at the synapses, the same with the error
        below, or f(z).
    key : str
        The parameter that carried it, as in :meth:`Parameters.items`; the connection, where it was no parameter, and
        for a product; the layer, for a potential. Empty where the network knows none of them.
    sent, arrived : Tensor
        Before and after; of a product the activity below and the signal above.
    """

    way: str
    key: str
    sent: Tensor
    arrived: Tensor


@dataclass
class Probe:
    """Watches the maps while a rule runs.

    Attributes
    ----------
    model : Model
        The network.
    carriers : list of tuple of Tensor
        Pairs of a parameter and what multiplies the signals on their way up in its place, so that the parameter can be
        another one while all potentials stay as they were.
    held : Cells
        Cells that receive what they received in an earlier run ...
    ways : tuple of str
        ... on these ways.
    earlier : list of Signal
        The earlier run.
    signals : list of Signal
        What passed in this one.
    """

    model: Model
    carriers: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    held: Cells = field(default_factory=dict)
    ways: tuple[str, ...] = ()
    earlier: list[Signal] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)

    @contextmanager
    def watching(self, parameters: Parameters) -> Iterator[Network]:
        """Give a network whose signals are noted while the context lasts; `parameters` are recognised in them."""
        network = _WatchedNetwork(self.model, self)
        # Maps that a rule makes for itself are watched too, so the classes are changed and not the network's own maps.
        known: list[tuple[object, str]] = [(tensor, key) for key, tensor in parameters.items()]
        known += [(projection.map, projection.name) for projection in network.projections]
        self._known = known  # what is kept keeps its identity
        self._names = {id(thing): name for thing, name in known}
        self._sent: Counter[tuple[str, str]] = Counter()
        self._product = "outer"
        with (
            patch.object(Dense, "apply", self._on_the_way_up(Dense.apply)),
            patch.object(Conv2d, "apply", self._on_the_way_up(Conv2d.apply)),
            patch.object(Dense, "adjoint", self._on_the_way_down(Dense.adjoint)),
            patch.object(Conv2d, "adjoint", self._on_the_way_down(Conv2d.adjoint)),
            patch.object(Conv2d, "adjoint_and_outer", self._down_and_at_the_synapses(Conv2d.adjoint_and_outer)),
            patch.object(Dense, "outer", self._at_the_synapses(Dense.outer)),
            patch.object(Conv2d, "outer", self._at_the_synapses(Conv2d.outer)),
            patch.object(Synapses, "hebbian_error", self._of_errors(Synapses.hebbian_error)),
        ):
            yield network

    def note(self, way: str, key: str, sent: Tensor, arrived: Tensor) -> Tensor:
        """Note a signal and return what arrives: the same, but as in the earlier run where cells are held."""
        cells = self.held.get(self._receiver(way, key), []) if way in self.ways else []
        if cells:
            before = [signal for signal in self.earlier if (signal.way, signal.key) == (way, key)]
            if self._sent[way, key] >= len(before):
                raise AuditError(
                    f"the rule sends more signals through '{key}' when other cells are disturbed, and what its cells "
                    "receive cannot be held; let it make the same steps whatever the state is."
                )
            arrived = arrived.clone()
            arrived[:, cells] = before[self._sent[way, key]].arrived[:, cells]
        self._sent[way, key] += 1
        self.signals.append(Signal(way, key, sent.clone(), arrived.clone()))  # rules work in place
        return arrived

    def _receiver(self, way: str, key: str) -> str:
        """Return the layer that a signal reaches. A head of the rule's own belongs to the layer it is named by."""
        if way == "potential":
            return key
        name, kind = key.rsplit(".", 1) if "." in key else (key, "")
        for connection in self.model.connections if kind != "own" else ():
            if connection.name == name:
                return connection.above if way == "up" else connection.below
        layers = [layer for layer in self.model.layer_names if f"{name}-".startswith(f"{layer}-")]
        return max(layers, key=len, default="") if way == "down" else ""

    def _name(self, *things: object) -> str:
        """Return the name of the first of some objects that has one."""
        return next((self._names[id(thing)] for thing in things if id(thing) in self._names), "")

    def _on_the_way_up(self, apply: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def watched(this: Any, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
            carrier = next((other for parameter, other in self.carriers if parameter is W), W)
            return self.note("up", self._name(W, this), u, apply(this, carrier, bias, u))

        return watched

    def _on_the_way_down(self, adjoint: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def watched(this: Any, theta: Tensor, delta: Tensor) -> Tensor:
            return self.note("down", self._name(theta, this), delta, adjoint(this, theta, delta))

        return watched

    def _at_the_synapses(self, outer: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def watched(this: Any, delta: Tensor, u: Tensor) -> Tensor:
            self.note(self._product, self._name(this), u, delta)
            return outer(this, delta, u)

        return watched

    def _of_errors(self, hebbian_error: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def watched(this: Synapses) -> Tensor:
            self._product = "outer of errors"
            try:
                return hebbian_error(this)
            finally:
                self._product = "outer"

        return watched

    def _down_and_at_the_synapses(self, both: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., Any]:
        def watched(this: Any, theta: Tensor, delta: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
            feedback, update = both(this, theta, delta, u)
            self.note("outer", self._name(this), u, delta)
            return self.note("down", self._name(theta, this), delta, feedback), update

        return watched


class _WatchedNetwork(Network):
    def __init__(self, model: Model, probe: Probe):
        super().__init__(model)
        self._probe = probe

    def potential(self, layer: str, drive: Tensor) -> Tensor:
        return self._probe.note("potential", layer, drive, super().potential(layer, drive))
