"""What a circuit tells of itself while it relaxes, to whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from brian2 import Clock, NetworkOperation, ms

from dendrosim.circuit.operation import ORDER, SLOT

Report = Callable[[Mapping[str, float]], None]

INTERVAL = 1.0  # ms of model time between two reports


def of_batch(report: Report | None, first: int) -> Report | None:
    """Return a report of one batch, whose rows say with which presentation it begins."""
    return report and (lambda row: report({"presentation": first, **row}))


@contextmanager
def reporting(simulation: Any, report: Report | None) -> Iterator[None]:
    """Report while a simulation runs step by step from Python; without a report the network stays as it is.

    Within a time step it comes after the test of convergence and before the state moves, and changes nothing.
    """
    if report is None:
        yield
        return
    assembly = simulation.assembly
    dt = assembly.convergence.clock.dt / ms
    clock = Clock(max(round(INTERVAL / dt), 1) * dt * ms, name="report_clock")

    def tell() -> None:
        report(_row(simulation, float(clock.t / ms), assembly.convergence.largest_residual()))

    operation = NetworkOperation(tell, clock=clock, when=SLOT, order=ORDER["record"], name="report")
    assembly.network.add(operation)
    try:
        yield
    finally:
        assembly.network.remove(operation)


def report_end(simulation: Any, report: Report | None) -> None:
    """Report the state at the end of a run; of a binary it is all there is to report."""
    if report is not None:
        convergence = simulation.assembly.convergence
        end = float(simulation.read(convergence, "duration")[0]) * 1000 + float(convergence.clock.dt / ms)
        report(_row(simulation, end, float(simulation.read(convergence, "residual").max())))


def _largest_error(simulation: Any, layer: str) -> float:
    """Return the largest |ξ| of a layer at present."""
    assembly = simulation.assembly
    group, error = assembly.layers[layer], assembly.model.cell.ports.error
    terms = assembly.populations[layer].sums.get(error, {error: 1.0})
    return float(np.abs(sum(factor * simulation.read(group, name) for name, factor in terms.items())).max())


def _row(simulation: Any, time: float, residual: float) -> dict[str, float]:
    assembly = simulation.assembly
    errors = {f"error.{name}": _largest_error(simulation, name) for name in assembly.populations}
    tolerance = float(simulation.read(assembly.convergence, "tolerance")[0])
    return {"time": time, "residual": residual, "tolerance": tolerance, **errors}
