"""C3, no separate phases: an update is made from the one state that the network is in."""

from __future__ import annotations

import torch
from torch import Tensor

from dendrosim.audit.probe import Probe, Signal
from dendrosim.audit.subject import Subject
from dendrosim.audit.verdict import Verdict
from dendrosim.equilibrium import State


def phases(subject: Subject) -> Verdict:
    """Count the states of the network that one update needs, and compare activity with and without the target.

    A cell with only a basal dendrite has one potential: while it carries an error down, its activity must be kept
    elsewhere, so that this is a state of its own. Where no signal passes between cells while the rule learns, synapses
    read the one state that is there, in whatever code (spike times, for example).

    Noise of the cells is part of the one state as long as it is nothing but noise: it has to be the same whatever the
    target and the activity are.

    Parameters
    ----------
    subject : Subject
        The rule on a network.
    """
    free, _ = subject.free()
    probe = Probe(subject.model)
    subject.learn(probe)
    connections = [connection.name for connection in subject.model.connections]
    alone = {name: free.sources[name][0] for name in connections}
    signals = probe.signals if any(signal.way in ("up", "down") for signal in probe.signals) else []
    seen = {name: _activities(signals, name) for name in connections}
    read = {name: _distinct([signal.sent for signal in signals if _is(signal, "outer", name)]) for name in connections}
    disturbed = [name for name in connections if any(not torch.equal(each, alone[name]) for each in seen[name])]
    disturbed += _heads_that_see_several(signals)
    knowing = _noise_that_knows(subject, probe)
    errors_in_the_place_of_activity = "above" not in subject.hears and any(signal.way == "down" for signal in signals)
    with_free = max(len(_distinct([alone[name], *read[name]])) for name in connections)
    states = max(with_free, 2 if disturbed or knowing else 1) + errors_in_the_place_of_activity
    measured = {
        "network states": states,
        "snapshots": states - 1,
        "activity with the target equals activity without": not disturbed,
    }
    if disturbed:
        witness = f"while it learns, the activity that {disturbed[0]} receives differs from that without a target"
        return Verdict("C3", "no", f"{witness}: {states} states of the network", measured)
    if knowing:
        witness = f"what {knowing[0]} receives as noise changes with the target or the activity"
        return Verdict("C3", "no", f"{witness}: {states} states of the network", measured)
    if errors_in_the_place_of_activity:
        witness = "errors come down to cells with one potential, whose activity must be kept meanwhile"
        return Verdict("C3", "no", witness, measured)
    return Verdict("C3", "yes", "activity with the target equals activity without, and all is read at once", measured)


def _is(signal: Signal, way: str, name: str) -> bool:
    return signal.way == way and signal.key in (name, f"{name}.W")


def _activities(signals: list[Signal], name: str) -> list[Tensor]:
    """Return all that the synapses of a connection received from below."""
    return [signal.sent for signal in signals if _is(signal, "up", name) or _is(signal, "outer", name)]


def _heads_that_see_several(signals: list[Signal]) -> list[str]:
    """Return the auxiliary weights that carried more than one activity up."""
    heads = dict.fromkeys(signal.key for signal in signals if signal.way == "up" and signal.key.endswith(".auxiliary"))
    seen = {head: [signal.sent for signal in signals if signal.way == "up" and signal.key == head] for head in heads}
    return [head for head, activities in seen.items() if len(_distinct(activities)) > 1]


def _noise_that_knows(subject: Subject, probe: Probe) -> list[str]:
    """Return the connections whose noise is another one when the target and all activity are others."""
    again = Probe(subject.model)
    subject.learn(again, change=_halved, targets=subject.targets.roll(1, dims=-1))
    before, after = ([each for each in run.signals if each.way == "noise up"] for run in (probe, again))
    if len(before) != len(after):
        return [signal.key for signal in (*before, *after)]
    return [old.key for old, new in zip(before, after, strict=True) if not torch.equal(old.sent, new.sent)]


def _halved(state: State) -> State:
    for name, basal in state.basal.items():
        state.basal[name] = basal / 2
    for name, (source, where) in state.sources.items():
        state.sources[name] = source / 2, where
    return state


def _distinct(tensors: list[Tensor]) -> list[Tensor]:
    found: list[Tensor] = []
    for tensor in tensors:
        if not any(torch.equal(tensor, other) for other in found):
            found.append(tensor)
    return found
