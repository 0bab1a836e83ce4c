"""C1, no weight transport: what comes down must not know the weights that lead up."""

from __future__ import annotations

import itertools
import math

import torch

from dendrosim.audit.probe import Probe
from dendrosim.audit.subject import Subject
from dendrosim.audit.verdict import Verdict
from dendrosim.model import Parameters

CHANCE = 4.0
"""Standard deviations, 1/√N of N synapses, within which the correlation of two independent drawings stays."""


def transport(subject: Subject) -> Verdict:
    """Replace each weight that carries signals up, all potentials held, and look for updates that change.

    A synapse may read its own weight, so that the update of the replaced parameter itself may change. No other may, not
    by a bit. Nor may two parameters share memory, or be drawn alike.

    Parameters
    ----------
    subject : Subject
        The rule on a network.
    """
    known = _aliases(subject.parameters) or _alike(subject.parameters)
    if known is not None:
        return Verdict("C1", "no", known)
    watched = Probe(subject.model)
    before = subject.learn(watched)
    signals = [*subject.free()[1], *watched.signals]
    carriers = sorted({signal.key for signal in signals if signal.way == "up" and signal.key})
    readers = {carrier: _readers(subject, carrier, before) for carrier in carriers}
    measured = {"replaced": carriers, "changed": {carrier: found for carrier, found in readers.items() if found}}
    for carrier, found in reversed(readers.items()):
        if found:
            reader = next((key for key in found if key.endswith(".W")), found[0])
            witness = f"Δ{reader} changes when {carrier} is replaced and all potentials are held"
            return Verdict("C1", "no", witness, measured)
    witness = f"no update changes by a bit when any of {len(carriers)} weights is replaced and all potentials are held"
    return Verdict("C1", "yes", witness, measured)


def _readers(subject: Subject, carrier: str, before: dict[str, torch.Tensor]) -> list[str]:
    """Return the parameters whose update changes when `carrier` is another one on all ways but the way up."""
    parameters = subject.parameters.map(torch.clone)
    tensors = dict(parameters.items())
    original, generator = tensors[carrier], torch.Generator().manual_seed(1)
    other = original.std() * torch.randn(original.shape, generator=generator, dtype=original.dtype)
    replaced = Parameters.collect((key, other if key == carrier else tensor) for key, tensor in tensors.items())
    after = subject.learn(Probe(subject.model, carriers=[(other, original)]), replaced)
    return [key for key, direction in before.items() if key != carrier and not torch.equal(direction, after[key])]


def _aliases(parameters: Parameters) -> str | None:
    for (first, a), (second, b) in itertools.combinations(parameters.items(), 2):
        if a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr():
            return f"{first} and {second} are the same memory"
    return None


def _alike(parameters: Parameters) -> str | None:
    """Return a sentence about two matrices that correlate as independent ones do not, straight or transposed."""
    matrices = [(key, tensor.flatten(1)) for key, tensor in parameters.items() if tensor.ndim > 1]
    for (first, a), (second, b) in itertools.combinations(matrices, 2):
        for other in (b, b.T):
            if a.shape != other.shape:
                continue
            correlation = float(torch.corrcoef(torch.stack([a.flatten(), other.flatten()]))[0, 1])
            if abs(correlation) > CHANCE / math.sqrt(a.numel()):
                return f"{first} and {second} are drawn alike: their correlation is {correlation:.2f}"
    return None
