"""A probe in the maps of a network: it notes every signal that passes, and can hold what reaches chosen cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.equilibrium.maps import SUBSTITUTES, Conv2d, Dense, Map
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
    way : {"up", "down", "outer", "outer of errors", "potential", "noise up", "outer of noise"}
        A drive, a feedback, the product of activity below and signal above at the synapses, the same with the error
        below, or f(z); what noise of the cells below becomes above, and the product of both.
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
        with watched_maps():
            network = _WatchedNetwork(self.model)
            known: list[tuple[object, str]] = [(tensor, key) for key, tensor in parameters.items()]
            known += [(projection.map, projection.name) for projection in network.projections]
            self._known = known  # what is kept keeps its identity
            self._names = {id(thing): name for thing, name in known}
            self._sent: Counter[tuple[str, str]] = Counter()
            self.drive, self.product = "up", "outer"
            token = _PROBE.set(self)
            try:
                yield network
            finally:
                _PROBE.reset(token)

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
        """Return the layer that a signal reaches. An auxiliary head belongs to the layer it is named by."""
        if way == "potential":
            return key
        name, kind = key.rsplit(".", 1) if "." in key else (key, "")
        for connection in self.model.connections if kind != "auxiliary" else ():
            if connection.name == name:
                return connection.above if way == "up" else connection.below
        layers = [layer for layer in self.model.layer_names if f"{name}-".startswith(f"{layer}-")]
        return max(layers, key=len, default="") if way == "down" else ""

    def name(self, *things: object) -> str:
        """Return the name of the first of some objects that has one."""
        return next((self._names[id(thing)] for thing in things if id(thing) in self._names), "")

    def carrier(self, W: Tensor) -> Tensor:
        """Return what multiplies the signals on their way up in the place of a parameter."""
        return next((other for parameter, other in self.carriers if parameter is W), W)


_PROBE: ContextVar[Probe | None] = ContextVar("probe", default=None)
"""Who watches in this context, which no other thread is in."""


@contextmanager
def watched_maps() -> Iterator[None]:
    """Let all maps that are made while the context lasts be such that a probe can watch, those of a rule's own too."""
    token = SUBSTITUTES.set({Dense: _WatchedDense, Conv2d: _WatchedConv2d})
    try:
        yield
    finally:
        SUBSTITUTES.reset(token)


class _Watched(Map):
    """A map that tells the probe of its context, if there is one, what passes."""

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        if (probe := _PROBE.get()) is None:
            return super().apply(W, bias, u)
        return probe.note(probe.drive, probe.name(W, self), u, super().apply(probe.carrier(W), bias, u))

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        feedback = super().adjoint(theta, delta)
        probe = _PROBE.get()
        return probe.note("down", probe.name(theta, self), delta, feedback) if probe else feedback

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        if probe := _PROBE.get():
            probe.note(probe.product, probe.name(self), u, delta)
        return super().outer(delta, u)

    def mirror(self, W: Tensor, noise: Tensor) -> Tensor:
        if (probe := _PROBE.get()) is None:
            return super().mirror(W, noise)
        probe.drive, probe.product = "noise up", "outer of noise"
        try:
            return super().mirror(W, noise)
        finally:
            probe.drive, probe.product = "up", "outer"


class _WatchedDense(_Watched, Dense):
    pass


class _WatchedConv2d(_Watched, Conv2d):
    def adjoint_and_outer(self, theta: Tensor, delta: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        feedback, update = super().adjoint_and_outer(theta, delta, u)
        if probe := _PROBE.get():
            probe.note("outer", probe.name(self), u, delta)
            feedback = probe.note("down", probe.name(theta, self), delta, feedback)
        return feedback, update


class _WatchedSynapses(Synapses):
    def hebbian_error(self) -> Tensor:
        if (probe := _PROBE.get()) is None:
            return super().hebbian_error()
        probe.product = "outer of errors"
        try:
            return super().hebbian_error()
        finally:
            probe.product = "outer"


class _WatchedNetwork(Network):
    def potential(self, layer: str, drive: Tensor) -> Tensor:
        potential, probe = super().potential(layer, drive), _PROBE.get()
        return probe.note("potential", layer, drive, potential) if probe else potential

    def descend(self, state: State, output_error: Tensor, feedback: Mapping[str, Tensor]) -> Iterator[Synapses]:
        for synapses in super().descend(state, output_error, feedback):
            yield _WatchedSynapses(**vars(synapses))
