"""C2, local error: the update of a synapse depends on its two cells and on itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import torch
from torch import Tensor

from dendrosim.audit.probe import Cells, Probe
from dendrosim.audit.subject import Subject, Updates, copied
from dendrosim.audit.verdict import Verdict
from dendrosim.equilibrium import State
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection

BLOCK = [0, 1]
"""The cells below and above whose synapses are looked at, two each: enough to tell one factor from several."""
SOURCES = (
    "own synapse", "presynaptic cell", "postsynaptic cell", "other neuron", "other synapse", "global scalar",
    "global vector",
)  # fmt: skip
"""What an update can depend on: the columns of the dependency matrix."""

_WAYS = {"below": ("up", "noise up", "potential"), "above": ("down",)}
"""By which ways a compartment hears from the cells below and above."""
_RELATIVE = 1e-9


@dataclass(frozen=True)
class _Disturbance:
    """Something that is changed, all else being held.

    Attributes
    ----------
    what : str
        One of ``SOURCES``, or ``"target"``.
    where : str
        The layer, or nothing.
    held : Cells
        Cells that receive what they received.
    state : callable
        Changes the state.
    parameters, targets
        The changed ones, where they are changed.
    """

    what: str
    where: str
    held: Cells
    state: Callable[[State], State] = lambda state: state
    parameters: Parameters | None = None
    targets: Tensor | None = None


def locality(subject: Subject, trials: int = 3) -> Verdict:
    """Disturb everything in turn and note on what the updates of four synapses of each connection depend.

    The subject has one presentation. What the four synapses' cells receive by ways of their own
    (:attr:`dendrosim.rules.Rule.compartments`) is held, cell by cell, to what it was; the rule itself runs as it is. A
    change is a *scalar* if it multiplies all four updates alike, as a broadcast reward does.

    Parameters
    ----------
    subject : Subject
        The rule on a network.
    trials : int
        Random disturbances of each kind.

    Raises
    ------
    AuditError
        The rule does not make the same steps twice.
    """
    watched = Probe(subject.model)
    before = subject.learn(watched)
    ways = tuple(way for source in subject.hears for way in _WAYS[source])
    read: dict[str, set[tuple[str, str, bool]]] = {}
    for connection in subject.model.connections:
        found = read.setdefault(connection.name, set())
        for trial in range(trials):
            for disturbance in _disturbances(subject, connection, trial):
                probe = Probe(subject.model, held=disturbance.held, ways=ways, earlier=watched.signals)
                after = subject.learn(probe, disturbance.parameters, disturbance.state, disturbance.targets)
                scalar = _change(connection, before, after)
                if scalar is not None:
                    found.add((disturbance.what, disturbance.where, scalar))
    return _verdict(subject, read)


def _disturbances(subject: Subject, connection: Connection, trial: int) -> Iterator[_Disturbance]:
    generator = torch.Generator().manual_seed(trial)
    model, below, above = subject.model, connection.below, connection.above
    held: dict[str, list[int]] = {above: BLOCK, below: BLOCK}

    def noisy(tensor: Tensor, chosen: Tensor) -> Tensor:
        noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor.dtype)
        return torch.where(chosen, tensor + 0.5 * noise, tensor)

    def disturbed(state: State, layer: str, chosen: Callable[[int], Tensor]) -> State:
        return _with_cells(model, state, layer, chosen, noisy)

    others = {layer: partial(_cells, held.get(layer, []), False) for layer in ("input", *model.layer_names)}
    for layer, chosen in others.items():
        yield _Disturbance("other neuron", layer, held, partial(disturbed, layer=layer, chosen=chosen))
    block = partial(_cells, BLOCK, True)
    yield _Disturbance("presynaptic cell", "", {above: BLOCK}, partial(disturbed, layer=below, chosen=block))
    yield _Disturbance("postsynaptic cell", "", {below: BLOCK}, partial(disturbed, layer=above, chosen=block))
    targets = torch.rand(subject.targets.shape, generator=generator, dtype=torch.float64)
    if above == "output":
        targets[:, BLOCK] = subject.targets[:, BLOCK]
    yield _Disturbance("target", "", held, targets=targets)
    own = {key: _own(connection, key, tensor) for key, tensor in subject.parameters.items()}
    for what, inside in (("own synapse", True), ("other synapse", False)):
        changed = ((key, noisy(tensor, own[key] == inside)) for key, tensor in subject.parameters.items())
        yield _Disturbance(what, "", held, parameters=Parameters.collect(changed))


def _cells(cells: list[int], inside: bool, count: int) -> Tensor:
    """Return which of so many cells are among `cells`, or are not."""
    chosen = torch.full((count,), not inside)
    chosen[cells] = inside
    return chosen


def _own(connection: Connection, key: str, tensor: Tensor) -> Tensor:
    """Return which entries of a parameter belong to the four synapses, or to the cells above them."""
    chosen = torch.zeros(tensor.shape, dtype=torch.bool)
    name, _, kind = key.rpartition(".")
    if name == connection.name and kind == "bias":
        chosen[BLOCK] = True
    elif name == connection.name and kind in ("W", "theta"):
        _block(connection, chosen)[:] = True
    return chosen


def _block(connection: Connection, tensor: Tensor) -> Tensor:
    """Return a view of the synapses of the first two cells below and above; all positions of feature maps count."""
    cells = len(BLOCK)
    return tensor.view(tensor.shape[0], connection.source_shape[0], -1)[:cells, :cells]


def _with_cells(
    model: Model, state: State, layer: str, chosen: Callable[[int], Tensor], noisy: Callable[[Tensor, Tensor], Tensor]
) -> State:
    """Return a state in which some cells of a layer are disturbed, in all that is held of them and seen of them."""

    def changed(tensor: Tensor) -> Tensor:
        which = chosen(tensor.shape[1]).view(1, -1, *[1] * (tensor.ndim - 2))
        disturbed = noisy(tensor, which)
        # The output of a softmax stays positive: rules may read it as a probability.
        return disturbed.abs() if layer == "output" and model.output == "softmax" else disturbed

    state = copied(state)
    for each in fields(state):
        held: dict[str, Any] = getattr(state, each.name)
        if each.name != "sources" and layer in held:
            held[layer] = changed(held[layer])
    for connection in model.connections:
        if connection.below == layer:
            source, where = state.sources[connection.name]
            state.sources[connection.name] = changed(source), where
    return state


def _change(connection: Connection, before: Updates, after: Updates) -> bool | None:
    """Return whether the updates of the four synapses changed by one factor; None if they did not change by a bit."""
    kinds = [f"{connection.name}.{kind}" for kind in ("W", "theta") if f"{connection.name}.{kind}" in before]
    scalar = None
    for key in kinds:
        old, new = (_block(connection, updates[key].contiguous()) for updates in (before, after))
        if torch.equal(old, new):
            continue
        factor = (old * new).sum() / old.square().sum()
        same = bool(((new - factor * old).abs() <= _RELATIVE * new.abs().max()).all())
        scalar = same and scalar is not False
    return scalar


def _verdict(subject: Subject, read: dict[str, set[tuple[str, str, bool]]]) -> Verdict:
    matrix = dict.fromkeys(SOURCES, False)
    within: list[tuple[str, str]] = []  # connections whose updates read more than their cells, and what ...
    beyond: dict[str, list[str]] = {}  # ... and those that read other layers than the one they end in
    for connection in subject.model.connections:
        name, above = connection.name, connection.above
        for what, where, scalar in sorted(read[name]):
            if what in SOURCES[:3]:
                matrix[what] = True
            elif scalar:
                matrix["global scalar"] = True
            else:
                of_the_output = what == "target" or (where == "output" and above != "output")
                matrix["global vector" if of_the_output else what] = True
                within.append((name, what))
                if where not in ("", above):
                    beyond.setdefault(name, []).append(where)
    measured: dict[str, Any] = {"reads": matrix, "other layers": beyond}
    if beyond:
        name, layers = next(iter(beyond.items()))
        witness = f"ΔW of {name} changes with other cells of {', '.join(layers)}, disturbed one layer at a time"
        return Verdict("C2", "no", witness, measured)
    if within:
        name = within[0][0]
        kinds = " and ".join(f"{what}s" for what in dict.fromkeys(what for other, what in within if other == name))
        witness = f"ΔW of {name} changes with {kinds}, but only with those of its own layer"
        return Verdict("C2", "weakly", witness, measured)
    if matrix["global scalar"]:
        witness = "beside its two cells an update reads one number only, which multiplies all of them alike"
        return Verdict("C2", "weakly", witness, measured)
    witness = "updates keep every bit when all other cells, synapses and targets are disturbed"
    return Verdict("C2", "yes", witness, measured)
