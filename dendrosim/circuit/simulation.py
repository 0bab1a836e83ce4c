"""Running an assembly: step by step from Python, or as a binary that is built once and run many times."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Clock, NetworkOperation

from dendrosim.circuit import cuda
from dendrosim.circuit.brian2_internals import FOREVER, read_result, results_are_in, runtime_device
from dendrosim.circuit.build import PROGRAM, is_kept, kept_build, precompile_headers
from dendrosim.circuit.report import Report, report_end, reporting
from dendrosim.circuit.target import Target, active
from dendrosim.errors import CircuitError

Values = dict[tuple[Any, str], np.ndarray]


class Stopwatch(NetworkOperation):
    """Starts with the first time step of a run, when all code has been generated and compiled."""

    def __init__(self) -> None:
        super().__init__(self._begin, clock=Clock(FOREVER, name="stopwatch_clock"), when="start", name="stopwatch")

    def _begin(self) -> None:
        self._begun = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds since then."""
        return time.perf_counter() - self._begun


class RuntimeSimulation:
    """An assembly that runs step by step from Python (NumPy, Cython).

    Attributes
    ----------
    seconds : float
        How long the time steps of the last run took, without generating code for them.
    """

    def __init__(self, assemble: Callable[[], Any], target: Target):
        self._preferences = target.preferences
        with active(runtime_device, self._preferences):
            self.assembly = assemble()
            self._stopwatch = Stopwatch()
            self.assembly.network.add(self._stopwatch)
            self.assembly.network.store()

    def run(self, values: Values, report: Report | None = None) -> None:
        """Run from time zero, with the given arrays and everything else at rest; report about every ms, and the end."""
        with active(runtime_device, self._preferences):
            self.assembly.network.restore()
            for (group, name), array in values.items():
                group.variables[name].set_value(np.ravel(array))
            # Brian2 looks for values above 1e50, which float32 does not have
            with np.errstate(over="ignore"), reporting(self, report):
                self.assembly.network.run_until_stopped(self.assembly.convergence.clock)
            self.seconds = self._stopwatch.seconds()
        report_end(self, report)

    def read(self, group: Any, name: str) -> np.ndarray:
        """Return an array as it was at the end of the run."""
        return np.array(group.variables[name].get_value())


class StandaloneSimulation:
    """An assembly that is compiled to a binary; each run reads new arrays from files.

    Attributes
    ----------
    folder : Path
        Where the binary runs.
    seconds : float
        How long the time steps of the last run took, without reading and writing files.
    """

    def __init__(self, assemble: Callable[[], Any], target: Target):
        self._target = target
        self._device = _fresh_device(target)
        with active(self._device, target.preferences):
            self.assembly = assemble()
            self.assembly.network.run(FOREVER, namespace={})
        # Removed with this object, or at the end of the process.
        self._temporary = tempfile.TemporaryDirectory(prefix="dendrosim-")
        self.folder = Path(self._temporary.name)
        self._program: Path | None = None

    def generate(self, folder: Path) -> None:
        """Write the sources of the binary and its makefile to a folder."""
        project = self.folder / "project"
        if not project.exists():  # a second time the device would write something else
            with active(self._device, self._target.preferences):
                self._device.build(directory=str(project), compile=False, run=False, with_output=False)
            if self._target.name == "cuda_standalone":
                cuda.link_random_numbers(project)
            else:
                precompile_headers(project)
        shutil.copytree(project, folder, symlinks=True, dirs_exist_ok=True)

    def build(self) -> Path:
        """Build the binary, or find it built, and return its folder."""
        if self._program is None or not is_kept(self._program):
            self._target.check_machine()
            self._program = kept_build(self.generate)
        return self._program

    def command(self, values: Values) -> list[str]:
        """Write the given arrays to files, and return the command that runs the binary with them in its folder."""
        here, built = self.folder, self.build()
        os.utime(built)  # builds that nobody uses are forgotten
        (here / "results").mkdir(parents=True, exist_ok=True)
        if not (here / "static_arrays").exists():
            (here / "static_arrays").symlink_to(built / "static_arrays")
        # The binary reads its inputs relative to where it runs. Brian2CUDA's reads only lower-case names.
        arguments = []
        for number, ((group, name), array) in enumerate(values.items()):
            np.ascontiguousarray(array, dtype=group.variables[name].dtype).tofile(here / f"input-{number}.dat")
            arguments.append(f"{group.name}.{name}=input-{number}.dat")
        return [str(built / PROGRAM), "--results_dir", "results/", *arguments]

    def run(self, values: Values, report: Report | None = None) -> None:
        """Run the binary from time zero, with the given arrays and everything else at rest; report the end."""
        command, here = self.command(values), self.folder
        environment = os.environ | self._target.environment
        done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:  # what it says on its standard error alone is no failure
            raise CircuitError(
                f"the compiled circuit failed (status {done.returncode}, {done.stderr.strip() or 'no message'}); "
                "run it with target 'numpy' to see why."
            )
        self.seconds = float((here / "results" / "last_run_info.txt").read_text().split()[0])
        results_are_in(self._device, here / "results")
        report_end(self, report)

    def read(self, group: Any, name: str) -> np.ndarray:
        """Return an array as it was at the end of the run."""
        return read_result(self._device, group.variables[name])


def _fresh_device(target: Target) -> Any:
    """Return a new device of a target, in which names depend on this circuit alone.

    Brian2 numbers the names of generated code by what else lives in the process; then no build would be found again.
    """

    class CircuitDevice(target.device):  # type: ignore[name-defined]
        def code_object(self, owner: Any, name: str, *args: Any, **keywords: Any) -> Any:
            return super().code_object(owner, name.removesuffix("*"), *args, **keywords)

    return CircuitDevice()


Simulation = RuntimeSimulation | StandaloneSimulation


def simulate(assemble: Callable[[], Any], target: Target) -> Simulation:
    """Build a simulation on a target.

    Parameters
    ----------
    assemble : callable
        Makes the :class:`~dendrosim.circuit.assembly.Assembly`; called when the target's device is active.
    target : Target
        Where its code runs.
    """
    return (StandaloneSimulation if target.device else RuntimeSimulation)(assemble, target)
