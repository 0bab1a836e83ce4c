"""Presenting many stimuli to a circuit that learns: streams side by side, each with an order of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup

from dendrosim.cells import Ports
from dendrosim.circuit.brian2_internals import ArrayVariable
from dendrosim.circuit.convergence import ConvergenceTest
from dendrosim.circuit.operation import ArrayGroup
from dendrosim.circuit.plasticity import RATES


class Presenter(ArrayGroup):
    """Holds all stimuli and targets, and shows each stream those of its present slot.

    In continuous mode a slot lasts for a fixed time, the streams change at different moments, and nothing in the
    circuit knows of it: cells and weights see stimuli that change while they still move. In mode ``at-convergence``
    all streams go on together once the last one has converged, and the weights change at that moment.

    Its arrays: ``stimuli`` and ``targets`` of all samples; ``order`` of shape (slots + 1, streams), the sample of each
    slot; ``offset`` and ``held``, by how much each stream is ahead and how long a slot lasts, in seconds; ``slot``, the
    present slot in mode ``at-convergence``; ``active``, which turns to 0 at the end; and the rates of plasticity.

    Parameters
    ----------
    input, output : NeuronGroup
        The layers it sets the stimuli and targets of.
    convergence : ConvergenceTest
        Says when all streams have converged.
    samples, slots, presentations, steps : int
        Number of samples, of slots, of streams, and of steps of a sequence.
    continuous : bool
        The mode.
    ports : Ports
        Name what the input sends and where the target arrives.
    clock, code_object
        See :class:`~dendrosim.circuit.operation.ArrayGroup`.
    """

    def __init__(
        self,
        input: NeuronGroup,
        output: NeuronGroup,
        convergence: ConvergenceTest,
        samples: int,
        slots: int,
        presentations: int,
        steps: int,
        continuous: bool,
        ports: Ports,
        clock: Clock,
        code_object: Any,
    ):
        rows = presentations * steps
        sizes = {"stimuli": samples * steps * (len(input) // rows), "targets": samples * steps * (len(output) // rows)}
        sizes["order"] = (slots + 1) * presentations
        sizes |= dict.fromkeys(("slot", "active", *RATES), 1)
        times = {"offset": presentations, "held": 1}
        super().__init__(presentations, sizes, clock, code_object, "presenter", times)
        self._continuous, self._convergence, self._ports = continuous, convergence, ports
        arrays = {name: self.variables[name] for name in (*sizes, *times)} | {"now": self.variables["t"]}
        arrays |= {"input": self.refer(input, ports.up), "target": self.refer(output, ports.target)}
        arrays["converged"] = self.refer(convergence, "converged")
        layout: dict[str, Any] = {"samples": samples, "slots": slots, "presentations": presentations, "steps": steps}
        layout |= {"stimulus": len(input) // rows, "answer": len(output) // rows}
        self.operation("present", "present", arrays, continuous=continuous, **layout)

    @property
    def ports(self) -> Ports:
        """How the cells are connected."""
        return self._ports

    @property
    def continuous(self) -> bool:
        """Whether plasticity is always on."""
        return self._continuous

    def stop(self) -> None:
        """End the run that is under way: all slots have been presented."""
        self._convergence.stop()

    def refer_to(self, group: ArrayGroup, name: str) -> ArrayVariable:
        """Make one of its arrays, or ``converged``, available to the templates of another group."""
        return group.refer(self._convergence if name == "converged" else self, name)


def stagger(streams: int, held: float) -> np.ndarray:
    """Return by how much each stream is ahead, spread evenly over one slot that is held for `held`."""
    return np.arange(streams) / streams * held
