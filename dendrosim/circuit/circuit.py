"""The circuit: a network of pyramidal cells in continuous time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from brian2 import Network

from dendrosim.checks import flag, function, of_kind, path_of, shown, whole
from dendrosim.circuit import requirements
from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.build import compile_project
from dendrosim.circuit.embedding import EmbeddedCircuit, embedded
from dendrosim.circuit.integrator import METHODS, choose_integrator
from dendrosim.circuit.interruption import interruptible
from dendrosim.circuit.learning import Learned, Learner
from dendrosim.circuit.provenance import provenance
from dendrosim.circuit.relaxation import Relaxation, relaxed
from dendrosim.circuit.report import Report
from dendrosim.circuit.simulation import Simulation, StandaloneSimulation, simulate
from dendrosim.circuit.spiking import warn_of_clipping
from dendrosim.circuit.target import find_target
from dendrosim.circuit.updates import equilibrium_updates, warn_of_other_prediction
from dendrosim.errors import CircuitError, DataError, Interrupted, NotConverged, printable
from dendrosim.model import Model, Parameters
from dendrosim.notebook import circuit_html
from dendrosim.recording import Record, Recording

# Default tolerance of local convergence: well above the rounding of a potential near 1.
TOLERANCES = {"float64": 1e-9, "float32": 1e-4}


class Circuit:
    """A network of pyramidal cells in continuous time, simulated by Brian2.

    Parameters
    ----------
    model : Model
        The network.
    parameters : Parameters of numpy.ndarray
        Its weights, as trained or initialised.
    target : {"numpy", "cython", "cpp_standalone", "cuda_standalone"}
        How code is generated.
    integrator : {"exponential_euler", "euler", "settle"}
        How time advances; see :mod:`dendrosim.circuit.integrator`.
    dt : float, optional
        Time step in ms, or as a quantity of Brian2; by default a tenth of the shortest time constant.
    batch : int
        Presentations that are simulated at once; more are taken in turns.
    dtype : {"float64", "float32"}
        Type of all potentials and weights; times are always double precision.
    threads : int
        Number of threads, for target ``cpp_standalone``.
    blas : bool
        Whether ``cpp_standalone`` takes its matrix products from a BLAS found on this machine, instead of the built-in
        kernel.

    Attributes
    ----------
    state : dict
        After :meth:`relax`, ``state[layer][variable]`` at the end, of shape (presentation, cell), or
        (presentation, step, cell) for a recurrent network.
    seconds : float
        How long the simulation of the last :meth:`relax` took, without building it.

    Raises
    ------
    ParametersError
        The parameters do not fit the model.
    TargetError
        The target is unknown, not available on this machine, or cannot have this dtype or so many threads.
    CircuitError
        The integrator is unknown, or would not settle with this time step.
    """

    def __init__(
        self,
        model: Model,
        parameters: Parameters,
        target: str = "numpy",
        *,
        integrator: str = "exponential_euler",
        dt: float | None = None,
        batch: int = 128,
        dtype: Literal["float64", "float32"] = "float64",
        threads: int = 1,
        blas: bool = False,
    ):
        requirements.checked_network(model, parameters)
        dt, batch, dtype, threads, blas = requirements.checked_settings(
            target, integrator, dt, batch, dtype, threads, blas
        )
        self.model, self.parameters = model, parameters
        self.target = find_target(target, dtype, threads, blas)
        self.dtype = dtype
        self.integrator, self.dt = choose_integrator(integrator, model, dt)
        self._simulated = model
        if integrator == "settle" and (settling := model.cell.settling()) is not None:
            # It takes every compartment to its goal in one step: only the fixed point is that of the real cell.
            self._simulated = model.changed(cell=settling.model_dump())
        self.batch = batch
        self.state: dict[str, dict[str, np.ndarray]] = {}
        self.seconds = 0.0
        self._simulations: dict[tuple[int, Record], Simulation] = {}
        self._runs = 0  # tells the noise of one run from that of the next
        self._asked = (target, dtype, threads, blas)

    def __repr__(self) -> str:
        simulated = f"{self.target.name} {self.dtype}, {self.integrator}, dt {self.dt:g} ms"
        return printable(f"Circuit({self.model.name}, {self.model.architecture}, {simulated})")

    def _repr_html_(self) -> str:
        return circuit_html(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return all but what Brian2 has built, which is built anew where the circuit is needed."""
        return {**self.__dict__, "target": None, "_simulations": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.target = find_target(*self._asked)

    def relax(
        self,
        stimuli: Any,
        targets: np.ndarray | None = None,
        *,
        start: Literal["rest", "settled"] = "rest",
        record: Record | None = None,
        tolerance: float | None = None,
        time_limit: float = 1000.0,
        out: str | Path | None = None,
        report: Report | None = None,
    ) -> Recording:
        r"""Hold stimuli and targets until local convergence.

        Cells with membrane noise never get there: they are simulated up to the time limit, which is then no fault.
        Every presentation, and every call, has noise of its own; the seed of the cell decides on all of it, whatever
        the batch and the target.

        Parameters
        ----------
        stimuli : array of shape (presentation, \*model.input), or a split of a Dataset, with its targets
            Basal potentials of the input layer.
        targets : array of shape (presentation, output cell) or (presentation, step, output cell), optional
            Targets of the output cells; without them there is no teacher and all errors vanish.
        start : {"rest", "settled"}
            Begin with all potentials at zero, or with the stimuli already settled bottom-up, so that time zero is
            the moment the target appears.
        record : Record, optional
            What to record; by default basal, apical, soma and error of all cells, every ms, and all spikes, where cells
            send some.
        tolerance : float, optional
            Local convergence is max τ|d·/dt| below this, over all compartments of all cells (dimensionless); by default
            what rounding lets a circuit reach, 1e-9 in float64 and 1e-4 in float32.
        time_limit : float
            Model time in ms, or as a quantity of Brian2, after which to stop anyway.
        out : str or Path, optional
            File that the recording is streamed to, so that memory holds what is recorded of one batch only; the
            recording then reads from that file what is asked of it.
        report : callable, optional
            Called about every ms of model time, and once at the end of each batch, with a mapping: ``presentation``
            (the first of the batch), ``time`` (ms), ``residual`` (the largest τ|d·/dt|), ``tolerance``, and by layer
            ``error.LAYER`` (the largest absolute ξ). A target that runs as a binary reports the end alone.

        Returns
        -------
        Recording
            The potentials over time, and for each presentation whether and when it converged.

        Raises
        ------
        DataError
            Stimuli or targets have the wrong shape or hold NaN.
            The file cannot be written.
        CircuitError
            It does not fit in memory, the potentials ran away, or the compiled circuit failed.
        Interrupted
            Ctrl-C came. Presentations of the batches that had ended are in its ``finished``, and in the file.

        Warns
        -----
        NotConverged
            The time limit came first.
        OtherPrediction
            The model's rule predicts otherwise than by the bottom-up sweep, to which the circuit settles.
        Clipped
            Spikes were cut off in more than 1 % of the time steps; the attribute ``clipped`` says in how many.
        """
        stimuli, targets, taught = requirements.checked_pairs(self.model, stimuli, targets)
        report = function(report, "report", CircuitError)
        out = None if out is None else path_of(out, "out")
        tolerance = TOLERANCES[self.dtype] if tolerance is None else tolerance
        record, tolerance, time_limit = requirements.checked_relaxation(
            self._simulated, self.dt, start, record, tolerance, time_limit
        )
        duration = min(time_limit, requirements.settling_time(self._simulated, tolerance))
        held = len(stimuli) if out is None else min(len(stimuli), self.batch)
        itemsize = np.dtype(self.dtype).itemsize
        requirements.check_memory(self._simulated, record, held, self.batch, duration, self.dt, itemsize)
        self._runs += 1
        how = Relaxation(
            self.model,
            self.parameters,
            lambda presentations: self._simulation(presentations, record),
            self.batch,
            self.dt,
            tolerance,
            time_limit,
            start,
            self.model.teacher.strength if taught else 0.0,
            record,
            self._runs,
        )
        found = relaxed(how, stimuli, targets, self._provenance(start, tolerance, taught), out, report)
        self.state, self.seconds, recording = found.state, found.seconds, found.recording
        warn_of_other_prediction(self.model, stacklevel=2)
        if not recording.converged and recording.settles:
            warnings.warn(recording.reason, NotConverged, stacklevel=2)
        warn_of_clipping(found.clipped, stacklevel=2)
        return recording

    def learn(
        self,
        stimuli: Any,
        targets: np.ndarray | None = None,
        *,
        seed: int = 0,
        record: Record | None = None,
        report: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> Learned:
        r"""Learn from stimuli and targets as ``model.plasticity`` says, and keep the new weights.

        Parameters
        ----------
        stimuli : array of shape (sample, \*model.input), or Dataset or one of its splits
            Basal potentials of the input layer; of a data set its training split, with its targets.
        targets : array of shape (sample, output cell) or (sample, step, output cell)
            Targets of the output cells, beside an array of stimuli.
        seed : int
            Of the order of the samples.
        record : Record, optional
            Names the synapses whose weights are kept at the beginning and after each epoch.
        report : callable, optional
            Called after each epoch with the new row of the history.

        Raises
        ------
        DataError
            Stimuli or targets have the wrong shape or hold NaN.
        CircuitError
            The circuit did not converge, or its weights became NaN or infinite; it then has the weights after the last
            epoch that ended well.
        Interrupted
            Ctrl-C came. What the epochs that had ended have learned is in its ``finished``.
        """
        stimuli, targets, taught = requirements.checked_pairs(self.model, getattr(stimuli, "train", stimuli), targets)
        if not taught:
            raise DataError("there are no targets to learn; give them beside the stimuli, or a data set.")
        record, seed = requirements.checked_learning(
            self._simulated, record, seed, self.dt, np.dtype(self.dtype).itemsize
        )
        report = function(report, "report", CircuitError)
        self._runs += 1
        learner = Learner(
            self._simulated,
            self.parameters,
            stimuli,
            targets,
            self.target,
            self.dt,
            METHODS[self.integrator],
            seed,
            self._runs,
        )
        source = provenance(self._simulated, self.parameters)
        try:
            with interruptible() as interrupted:
                learner.learn(record, report)
        finally:
            self.parameters = learner.parameters
        learned = learner.learned(source)
        warn_of_clipping(learned.history.get("clipped", []), stacklevel=2)
        if interrupted:
            epochs = f"{len(learned.history)} of {self.model.plasticity.epochs} epochs"
            raise Interrupted(f"the learning was interrupted after {epochs}; the circuit has their weights.", learned)
        return learned

    def build(self, presentations: int, folder: Path, record: Record | None = None, *, compiled: bool = True) -> Path:
        """Generate the code of a standalone target, and compile it, without running it; :meth:`relax` does so itself.

        Parameters
        ----------
        presentations : int
            How many are simulated at once.
        folder : Path
            Where to write the project, which is compiled to ``folder/main`` if `compiled` is true.
        record : Record, optional
            What it will record; by default as :meth:`relax`.

        Raises
        ------
        CircuitError
            The target has no binary, or the code does not compile.
        """
        presentations, folder, record = requirements.checked_build(presentations, folder, record)
        simulation = self._simulation(presentations, record)
        if not isinstance(simulation, StandaloneSimulation):
            raise CircuitError(
                f"target '{self.target.name}' runs from Python and has nothing to build; use cpp_standalone."
            )
        folder.mkdir(parents=True, exist_ok=True)
        simulation.generate(folder)
        if compiled:
            compile_project(folder)
        return folder

    def embed(
        self,
        presentations: int = 1,
        network: Network | None = None,
        *,
        learning: bool = False,
        inputs: str = "",
        prefix: str = "",
    ) -> EmbeddedCircuit:
        """Make the layers objects of a Brian2 network of your own, which runs for as long as you say.

        They stand on Brian2's present device (`runtime` for the targets numpy and cython, else the one of the target),
        keep the time step and the integrator of this circuit, and have copies of its weights.

        Parameters
        ----------
        presentations : int
            How many stimuli are presented side by side, each to a row of cells of its own.
        network : brian2.Network, optional
            Gets all objects; without it, give ``embedded.objects()`` to one.
        learning : bool
            Whether the weights change all the time, by the rule of the model and with its ``plasticity``.
        inputs : str, optional
            Brian2 equations of inputs that have dynamics of their own, such as
            ``"dI_basal/dt = -I_basal/(5*ms) : 1"`` for a PoissonInput, or those of synapses of conductance
            (:func:`dendrosim.cells.synaptic_input`); others hold what is written.
        prefix : str
            What the names of all objects begin with, so that several circuits fit into one network.

        Raises
        ------
        CircuitError
            The target does not run on the present device or in its precision, the inputs are no equations of inputs
            that the cells have, the network has objects of the same names, the rule has no local updates, or this
            integrator has no time of its own.

        Examples
        --------
        >>> import brian2 as b2
        >>> import numpy as np
        >>> import dendrosim as ds
        >>> from dendrosim.circuit import Circuit
        >>> model = ds.Model(input=[3], layers=[{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}])
        >>> circuit = Circuit(model, ds.Parameters.initialise(model, seed=0, dtype=np.float64))
        >>> network = b2.Network()
        >>> embedded = circuit.embed(network=network)
        >>> embedded.present(np.ones((1, 3)), np.array([[1.0, 0.0]]))
        >>> embedded["hidden-1"].I_basal = 0.1
        >>> network.run(50 * b2.ms)
        >>> embedded["hidden-1"].soma[:].shape
        (4,)
        """
        presentations = whole(presentations, "presentations", 1, error=CircuitError)
        learning = flag(learning, "learning", CircuitError)
        if not isinstance(prefix, str) or not (not prefix or (prefix.isidentifier() and prefix.isascii())):
            raise CircuitError(f"prefix is {shown(prefix)}; give a name of letters, digits and underscores.")
        if network is not None:
            network = of_kind(network, Network, "network", CircuitError)
        if self.integrator == "settle":
            raise CircuitError("integrator 'settle' has no time that a network could share; use 'exponential_euler'.")
        method = METHODS[self.integrator]
        warn_of_other_prediction(self.model, stacklevel=2)
        where = (presentations, network, learning, prefix, inputs)
        return embedded(self.model, self.parameters, self.target, self.dtype, self.dt, method, *where)

    def updates(self) -> Parameters:
        """Return the weight changes of the converged cells, the mean over presentations of ΔW, Δb, ΔΘ.

        Raises
        ------
        DataError
            Nothing has been relaxed yet.
        """
        requirements.check_relaxed(self.state)
        return equilibrium_updates(self.model, self.state)

    def _simulation(self, presentations: int, record: Record) -> Simulation:
        key = (presentations, record)
        if key not in self._simulations:
            method = METHODS[self.integrator]
            self._simulations[key] = simulate(
                lambda: Assembly(self._simulated, presentations, self.target, self.dt, method, record), self.target
            )
        return self._simulations[key]

    def _provenance(self, start: str, tolerance: float, taught: bool) -> dict[str, str | float | int]:
        found = provenance(self._simulated, self.parameters)
        return found | {
            "target": self.target.name,
            "dtype": self.dtype,
            "integrator": self.integrator,
            "dt": self.dt,
            "start": start,
            "teacher": self.model.teacher.kind if taught else "none",
            "tolerance": tolerance,
        }
