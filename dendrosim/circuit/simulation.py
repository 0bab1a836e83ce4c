"""Running an assembly: step by step from Python, or as a binary that is built once and run many times."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import second, seed
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import runtime_device

from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.target import Target, active
from dendrosim.errors import CircuitError
from dendrosim.model import Model
from dendrosim.recording import Record

# The convergence test ends every run, at its own limit at the latest.
FOREVER = 1e6 * second

Values = Mapping[tuple[Any, str], np.ndarray]


class RuntimeSimulation:
    """An assembly that runs step by step from Python (NumPy, Cython)."""

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, record: Record):
        with active(runtime_device):
            self.assembly = Assembly(model, presentations, target, dt, record)
            self.assembly.network.store()

    def run(self, values: Values) -> None:
        """Run from time zero, with the given arrays and everything else at rest."""
        with active(runtime_device):
            self.assembly.network.restore()
            _seed_noise(self.assembly.model)
            for (group, name), array in values.items():
                group.variables[name].set_value(np.ravel(array))
            self.assembly.network.run(FOREVER, namespace={})

    def read(self, group: Any, name: str) -> np.ndarray:
        """Return an array as it was at the end of the run."""
        return np.array(group.variables[name].get_value())


class StandaloneSimulation:
    """An assembly that is compiled to a binary once; each run reads new arrays from files."""

    def __init__(self, model: Model, presentations: int, target: Target, dt: float, record: Record):
        # Removed with this object, or at the end of the process.
        self._folder = tempfile.TemporaryDirectory(prefix="dendrosim-")
        self._device = CPPStandaloneDevice()
        with active(self._device):
            self.assembly = Assembly(model, presentations, target, dt, record)
            _seed_noise(model)
            self.assembly.network.run(FOREVER, namespace={})
            self._device.build(directory=self._folder.name, run=False, with_output=False)

    def run(self, values: Values) -> None:
        """Run the binary from time zero, with the given arrays and everything else at rest."""
        inputs = Path(self._folder.name) / "inputs"
        inputs.mkdir(exist_ok=True)
        arguments = []
        for (group, name), array in values.items():
            variable = f"{group.name}.{name}"
            path = inputs / f"{variable}.dat"
            np.ascontiguousarray(array, dtype=group.variables[name].dtype).tofile(path)
            arguments.append(f"{variable}={path}")
        try:
            with active(self._device):
                self._device.run(self._folder.name, "results", with_output=False, run_args=arguments)
        except RuntimeError as error:
            raise CircuitError(
                f"the compiled circuit failed ({error}); run it with target 'numpy' to see why."
            ) from None

    def read(self, group: Any, name: str) -> np.ndarray:
        """Return an array as it was at the end of the run."""
        # The device believes that only Brian2's own code changes arrays, so forget what it remembers.
        variable = group.variables[name]
        self._device.array_cache[variable] = None
        if isinstance(variable.size, tuple):
            variable.size = (0, variable.size[1])  # as long as what this run recorded
        return np.array(self._device.get_value(variable))


Simulation = RuntimeSimulation | StandaloneSimulation


def _seed_noise(model: Model) -> None:
    """Fix the membrane noise of the next run; a model without noise draws no random number."""
    if model.cell.kind == "conductance" and model.cell.noise > 0:
        seed(model.cell.seed)


def simulate(model: Model, presentations: int, target: Target, dt: float, record: Record) -> Simulation:
    """Build the simulation of a model on a target."""
    kind = StandaloneSimulation if target.standalone else RuntimeSimulation
    return kind(model, presentations, target, dt, record)
