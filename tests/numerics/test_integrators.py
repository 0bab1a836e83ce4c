"""Three ways to one fixed point: convergence order, the exact settling, and refusals."""

import numpy as np
import pytest
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model

from dendrosim.audit.agreement import compare
from dendrosim.circuit import Circuit
from dendrosim.circuit.integrator import largest_euler_step
from dendrosim.errors import CircuitError
from dendrosim.recording import Record

MODEL = small_model((5, 6, 5, 3), cell={"tau_soma": 10.0, "tau_basal": 4.0, "tau_apical": 3.0})


def soma_at(time, integrator, dt):
    circuit = Circuit(MODEL, parameters_of(MODEL, 1), integrator=integrator, dt=dt)
    recording = circuit.relax(
        *presentations_of(MODEL, 1, 1), record=Record(("soma",), interval=dt), time_limit=time + dt, tolerance=1e-15
    )
    return recording.layer("hidden-1")["soma"].sel(time=time, method="nearest").values


@pytest.mark.filterwarnings("ignore::dendrosim.errors.NotConverged")
@pytest.mark.parametrize("integrator", ["euler", "exponential_euler"])
def test_the_error_halves_with_the_time_step(integrator):
    coarse, middle, fine = (soma_at(20.0, integrator, dt) for dt in (0.2, 0.1, 0.05))
    assert np.log2(np.abs(coarse - middle).max() / np.abs(middle - fine).max()) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("hidden", [0, 1, 2, 4])
def test_settling_is_exact_after_three_steps_a_hidden_layer_and_one(hidden):
    model = small_model((5, *[6] * hidden, 3))
    circuit = Circuit(model, parameters_of(model, 2), integrator="settle")
    stimuli, targets = presentations_of(model, 3, 2)
    recording = circuit.relax(stimuli, targets, tolerance=1e-12)
    assert round(recording.convergence_time.max(), 6) <= 3 * hidden + 1
    assert compare(circuit, stimuli, targets).largest < 1e-12


def test_settling_a_recurrent_network_takes_as_many_sweeps_as_the_sequence_has_steps():
    model = model_of([6, 3], [{"kind": "recurrent", "units": 4}, dense(3)])
    circuit = Circuit(model, parameters_of(model, 2), integrator="settle")
    stimuli, targets = presentations_of(model, 2, 2)
    recording = circuit.relax(stimuli, targets, tolerance=1e-12)
    assert round(recording.convergence_time.max(), 6) <= 3 * 6 + 1
    assert compare(circuit, stimuli, targets).largest < 1e-12


def test_all_integrators_reach_the_same_fixed_point():
    model = model_of([1, 6, 6], [convolution(2), {"kind": "average-pool", "size": 2}, dense(3)])
    stimuli, targets = presentations_of(model, 2, 3)
    for integrator, dt in (("euler", 0.5), ("exponential_euler", 5.0), ("settle", None)):
        circuit = Circuit(model, parameters_of(model, 3), integrator=integrator, dt=dt)
        circuit.relax(stimuli, targets, tolerance=1e-11)
        assert compare(circuit, stimuli, targets).largest < 1e-8


@pytest.mark.parametrize(
    ("integrator", "dt", "message"),
    [
        ("exact", None, "'exact' never settles where time constants are equal; use 'exponential_euler'"),
        ("heun", None, "no integrator 'heun'; choose exponential_euler, euler, settle"),
        ("euler", 6.0, "unstable at a step of 6 ms.*below 6 ms"),
        ("exponential_euler", np.nan, "the time step dt is (nan|inf); give a finite number"),
        ("exponential_euler", np.inf, "the time step dt is (nan|inf); give a finite number"),
        ("settle", 0.1, "no time step to choose"),
        ("exponential_euler", 0.0, "does not advance"),
    ],
)
def test_what_would_never_settle_is_refused(integrator, dt, message):
    with pytest.raises(CircuitError, match=message):
        Circuit(MODEL, parameters_of(MODEL, 0), integrator=integrator, dt=dt)


def test_the_time_to_convergence_grows_by_a_few_time_constants_a_layer():
    times = []
    for hidden in (1, 2, 3, 4):
        model = small_model((5, *[6] * hidden, 3))
        circuit = Circuit(model, parameters_of(model, 2))
        times.append(circuit.relax(*presentations_of(model, 2, 2), tolerance=1e-6).convergence_time.max() / 10.0)
    assert np.all(np.diff(times) > 0.5)
    assert np.all(np.diff(times) < 5.0)
    assert times[0] < 20


TWO_WAY = small_model((3, 4, 2), cell={"kind": "conductance", "coupling": "two-way"})


def test_the_limit_of_eulers_method_is_that_of_the_eigenvalues_of_the_cell():
    cell = TWO_WAY.cell
    fastest = np.linalg.eigvals(cell.conductances / cell.capacitances[:, None]).real.max()
    assert largest_euler_step(TWO_WAY) == pytest.approx(2 / fastest)
    assert largest_euler_step(TWO_WAY) < 2 * min(cell.tau_soma, cell.tau_basal, cell.tau_apical)
    assert largest_euler_step(MODEL) == pytest.approx(2 * 3.0)


@pytest.mark.parametrize("teacher", [{"kind": "clamped"}, {"kind": "nudged", "strength": 1.0}])
def test_the_largest_step_that_is_accepted_converges_and_the_next_one_is_refused(teacher):
    model = TWO_WAY.changed(teacher=teacher)
    limit, pairs = largest_euler_step(model), presentations_of(model, 2, 0)
    circuit = Circuit(model, parameters_of(model, 0), integrator="euler", dt=0.98 * limit)
    recording = circuit.relax(*pairs, time_limit=3000.0)
    assert recording.converged
    assert np.nanmax(np.abs(recording.dataset["V_soma"])) < 1000
    with pytest.raises(CircuitError, match="choose dt below"):
        Circuit(model, parameters_of(model, 0), integrator="euler", dt=1.02 * limit)


def test_the_modes_of_a_nudged_cell_are_those_of_its_jacobian():
    model = TWO_WAY.changed(teacher={"kind": "nudged", "strength": 0.7}, output="identity")
    circuit = Circuit(model, parameters_of(model, 0), integrator="euler", dt=1e-3)
    rates = []
    for start in np.eye(3):
        simulation = circuit._simulation(1, Record(neurons={}))
        group = simulation.assembly.layers["output"]
        names = ("V_soma", "V_basal", "V_apical")
        rest = model.cell.resting_potential / 1000
        values = {(group, name): np.full(2, rest + 1e-3 * place) for name, place in zip(names, start, strict=True)}
        values |= {(group, "teacher"): np.full(2, 0.7), (simulation.assembly.convergence, "limit"): np.zeros(1)}
        zero = simulation.assembly.weights(circuit.parameters.map(np.zeros_like))
        simulation.run(values | zero)
        moved = np.array([simulation.read(group, name)[0] - rest for name in names]) / 1e-3
        rates.append((start - moved) / 1e-3)
    found = np.sort(np.linalg.eigvals(np.transpose(rates)).real)
    np.testing.assert_allclose(found, np.sort(model.cell.rates(0.7).real), rtol=1e-6)


def test_potentials_that_run_away_are_an_error_and_no_recording(tmp_path):
    # Feedback that is much too strong for a linear two-way network: a loop that amplifies.
    model = small_model((3, 4, 4, 2), activation="identity", cell={"kind": "conductance", "coupling": "two-way"})
    parameters = parameters_of(model, 0)
    for name in ("hidden-2", "output"):
        parameters.theta[name] *= 1e3
    with pytest.raises(CircuitError, match=r"the potentials of layer 'hidden-1' ran away to .* choose a time step"):
        Circuit(model, parameters, dt=2.0).relax(*presentations_of(model, 2, 0), out=tmp_path / "recording.nc")
    assert list(tmp_path.iterdir()) == []
