"""The circuit: a network of pyramidal cells in continuous time."""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any, Literal

import brian2
import numpy as np
import xarray as xr
from brian2.core.variables import ArrayVariable

from dendrosim.circuit.plasticity import equilibrium_updates
from dendrosim.circuit.simulation import Simulation, simulate
from dendrosim.circuit.target import find_target
from dendrosim.errors import DataError, NotConverged
from dendrosim.model import Model, Parameters
from dendrosim.recording import Record, Recording
from dendrosim.recording.record import POTENTIALS, VARIABLES
from dendrosim.recording.recording import piece

# Variables that can be recorded and are held as arrays; the rest follows from these.
STATES = ("basal", "apical", "soma", *POTENTIALS, "drive", "prediction", "feedback", "delta")


class Circuit:
    """A network of pyramidal cells in continuous time, simulated by Brian2.

    Parameters
    ----------
    model : Model
        The network.
    parameters : Parameters of numpy.ndarray
        Its weights, as trained or initialised; simulated in float64.
    target : {"numpy", "cython", "cpp_standalone"}
        How code is generated.
    dt : float, optional
        Time step in ms; by default a tenth of the shortest time constant.
    batch : int
        Presentations that are simulated at once; more are taken in turns.

    Attributes
    ----------
    state : dict
        After :meth:`relax`, ``state[layer][variable]`` of shape (presentation, cell) at the end.

    Raises
    ------
    ParametersError
        The parameters do not fit the model.
    TargetError
        The target is unknown or not available on this machine.
    """

    def __init__(
        self,
        model: Model,
        parameters: Parameters,
        target: str = "numpy",
        *,
        dt: float | None = None,
        batch: int = 128,
    ):
        parameters.check(model)
        self.model, self.parameters = model, parameters
        self.target = find_target(target)
        cell = model.cell
        shortest = min(tau for tau in (cell.tau_soma, cell.tau_basal, cell.tau_apical) if tau > 0)
        self.dt = shortest / 10 if dt is None else dt
        self.batch = batch
        self.state: dict[str, dict[str, np.ndarray]] = {}
        self._simulations: dict[tuple[int, Record], Simulation] = {}

    def relax(
        self,
        stimuli: np.ndarray,
        targets: np.ndarray | None = None,
        *,
        start: Literal["rest", "settled"] = "rest",
        record: Record | None = None,
        tolerance: float = 1e-9,
        time_limit: float = 1000.0,
    ) -> Recording:
        """Hold stimuli and targets until local convergence.

        Cells with membrane noise never get there: they are simulated up to the time limit, which is then no fault.
        Each batch draws its noise anew from the cell's seed.

        Parameters
        ----------
        stimuli : array of shape (presentation, *model.input)
            Basal potentials of the input layer.
        targets : array of shape (presentation, output cell), optional
            What the teacher asks for; without targets there is no teacher and all errors vanish.
        start : {"rest", "settled"}
            Begin with all potentials at zero, or with the stimuli already settled bottom-up, so that time zero is
            the moment the target appears.
        record : Record, optional
            What to record; by default basal, apical, soma and error of all cells, every ms.
        tolerance : float
            Local convergence is max τ|d·/dt| below this, over all compartments of all cells (dimensionless).
        time_limit : float
            Model time in ms after which to stop anyway.

        Returns
        -------
        Recording
            The potentials over time, and for each presentation whether and when it converged.

        Raises
        ------
        DataError
            Stimuli or targets have the wrong shape or hold NaN.

        Warns
        -----
        NotConverged
            The time limit came first.
        """
        stimuli = self._checked("stimuli", stimuli, self.model.sizes[0])
        taught = targets is not None
        if targets is None:
            targets = np.zeros((len(stimuli), self.model.sizes[-1]))
        targets = self._checked("targets", targets, self.model.sizes[-1])
        if len(targets) != len(stimuli):
            raise DataError(f"there are {len(stimuli)} stimuli but {len(targets)} targets; give one target for each.")
        record = record or Record()
        strength = self.model.teacher.strength if taught else 0.0
        pieces, states = [], []
        for first in range(0, len(stimuli), self.batch):
            part = slice(first, first + self.batch)
            simulation = self._simulation(len(stimuli[part]), record)
            values = self._values(simulation, stimuli[part], targets[part], tolerance, time_limit)
            if start == "settled":
                simulation.run(values)
                values |= self._potentials(simulation)
            output = simulation.assembly.layers["output"]
            values[output, "teacher"] = np.full(len(output), strength)
            simulation.run(values)
            states.append(self._state(simulation))
            pieces.append(self._recording(simulation, states[-1]))
        self.state = {
            layer: {name: np.concatenate([state[layer][name] for state in states]) for name in variables}
            for layer, variables in states[0].items()
        }
        recording = Recording.join(pieces, stimuli, targets, self._provenance(start, tolerance, taught))
        if not recording.converged and not recording.noisy:
            warnings.warn(recording.reason, NotConverged, stacklevel=2)
        return recording

    def updates(self) -> Parameters:
        """Return the weight changes that the converged cells ask for, the mean over presentations of ΔW, Δb, ΔΘ.

        Raises
        ------
        DataError
            Nothing has been relaxed yet.
        """
        if not self.state:
            raise DataError("the circuit has no state yet; call relax(stimuli, targets) first.")
        return equilibrium_updates(self.model, self.state)

    def _checked(self, what: str, array: np.ndarray, width: int) -> np.ndarray:
        array = np.asarray(array, dtype=float)
        if array.ndim != 2 or array.shape[1] != width or len(array) == 0:
            raise DataError(
                f"{what} have shape {array.shape} where {self.model.architecture} needs (presentations, {width}); "
                "give one row for each presentation."
            )
        if not np.isfinite(array).all():
            row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
            raise DataError(f"{what} hold NaN or infinite values, first in presentation {row}; remove or replace them.")
        return array

    def _simulation(self, presentations: int, record: Record) -> Simulation:
        key = (presentations, record)
        if key not in self._simulations:
            self._simulations[key] = simulate(self.model, presentations, self.target, self.dt, record)
        return self._simulations[key]

    def _values(
        self,
        simulation: Simulation,
        stimuli: np.ndarray,
        targets: np.ndarray,
        tolerance: float,
        time_limit: float,
    ) -> dict[tuple[Any, str], np.ndarray]:
        assembly = simulation.assembly
        values = {
            (assembly.layers["input"], "basal"): stimuli,
            (assembly.layers["output"], "target"): targets,
            (assembly.convergence, "tolerance"): np.array([tolerance]),
            (assembly.convergence, "limit"): np.array([time_limit / 1000]),
            (assembly.convergence, "settled"): np.full(len(stimuli), -1.0),
        }
        for name, projection in assembly.feedforward.items():
            values[projection, "weights"] = self.parameters.W[name]
            values[projection, "bias"] = self.parameters.bias[name]
        for name, projection in assembly.feedback.items():
            values[projection, "weights"] = self.parameters.theta[name]
        return values

    def _potentials(self, simulation: Simulation) -> dict[tuple[Any, str], np.ndarray]:
        assembly = simulation.assembly
        return {
            (assembly.layers[layer], name): simulation.read(assembly.layers[layer], name)
            for layer in self.model.layer_names
            for name in assembly.layers[layer].equations.diff_eq_names
        }

    def _state(self, simulation: Simulation) -> dict[str, dict[str, np.ndarray]]:
        """Read the cells at the end of a run."""
        state: dict[str, dict[str, np.ndarray]] = {}
        for layer, group in simulation.assembly.layers.items():
            held = [name for name in STATES if isinstance(group.variables.get(name), ArrayVariable)]
            state[layer] = {
                name: simulation.read(group, name).reshape(simulation.assembly.presentations, -1) for name in held
            }
            if "feedback" in held:
                state[layer].setdefault("apical", state[layer]["feedback"])
            if layer != "input":
                state[layer]["error"] = state[layer]["soma"] - state[layer]["basal"]
        return state

    def _recording(self, simulation: Simulation, state: dict[str, dict[str, np.ndarray]]) -> xr.Dataset:
        """Read the monitors, and add the state at the end as the last sample."""
        assembly = simulation.assembly
        neurons = assembly.record.selection(self.model)
        samples: dict[str, dict[str, np.ndarray]] = {name: {} for name in assembly.record.chosen(self.model)}
        for layer, monitor in assembly.monitors.items():
            for name in monitor.record_variables:
                shape = (-1, assembly.presentations, len(neurons[layer]))
                recorded = simulation.read(monitor, name).reshape(shape).transpose(1, 0, 2)
                last = state[layer][name][:, None, neurons[layer]]
                samples[name][layer] = np.concatenate([recorded, last], axis=1) * VARIABLES[name].scale
        end = float(simulation.read(assembly.convergence, "duration")[0]) * 1000 + self.dt
        settled = simulation.read(assembly.convergence, "settled") * 1000
        return piece(
            time=np.append(simulation.read(monitor, "t") * 1000, end),
            samples=samples,
            neurons=neurons,
            settled=np.where(settled < 0, np.nan, settled),
            motion=simulation.read(assembly.convergence, "motion"),
        )

    def _provenance(self, start: str, tolerance: float, taught: bool) -> dict[str, str | float | int]:
        cell = self.model.cell
        noise = cell.noise if cell.kind == "conductance" else 0.0
        return {
            "model": self.model.name,
            "layers": " ".join(self.model.layer_names),
            "architecture": self.model.architecture,
            "fingerprint": self.model.fingerprint,
            "target": self.target.name,
            "integrator": "euler" if noise > 0 else "exponential_euler",
            "start": start,
            "cell": cell.kind,
            "coupling": cell.coupling if cell.kind == "conductance" else "one-way",
            "noise": noise,
            "teacher": self.model.teacher.kind if taught else "none",
            "dt": self.dt,
            "tau_soma": cell.tau_soma,
            "tau_basal": cell.tau_basal,
            "tau_apical": cell.tau_apical,
            "tolerance": tolerance,
            "dendrosim": version("dendrosim"),
            "brian2": brian2.__version__,
        }
