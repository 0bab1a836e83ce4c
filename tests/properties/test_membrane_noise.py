"""Membrane noise: as strong as the model says, independent wherever two cells could share it, and reproducible."""

import pickle

import numpy as np
import pytest
from networks import model_of, parameters_of, presentations_of, small_model
from scipy import stats

from dendrosim.circuit import Circuit, kernels
from dendrosim.recording import Record

POTENTIALS = ("V_soma", "V_basal", "V_apical")
CELL = {"kind": "conductance", "noise": 2.0, "seed": 3}
MODEL = small_model((2, 40, 2), output="identity", cell=CELL)
SOMA = Record(("V_soma",), neurons={"hidden-1": tuple(range(40))})


def noisy(model=MODEL, target="numpy", presentations=4, time_limit=60.0, **settings):
    """A circuit, and what it records of the somata of the first layer for one stimulus over and over again."""
    parameters = parameters_of(model, 0)
    parameters.theta["output"][:] = 0  # what the noise of the somata does to the cells above does not come back
    circuit = Circuit(model, parameters, target, **{"dt": 0.2, **settings})
    stimuli, targets = (np.repeat(array, presentations, axis=0) for array in presentations_of(model, 1, 0))
    recording = circuit.relax(stimuli, targets, record=SOMA, time_limit=time_limit)
    return circuit, recording.dataset["V_soma"].values


def test_the_numbers_are_normally_distributed_and_those_of_two_seeds_or_steps_do_not_correlate():
    one, other, later = (
        kernels.normal(np.array([seed], dtype=np.uint64), step, 20_000)[0] for seed, step in ((5, 0), (6, 0), (5, 1))
    )
    # 400 tests at once: under the hypothesis their p-values are uniform.
    many = kernels.normal(np.arange(400, dtype=np.uint64), 0, 2000)
    assert stats.kstest([stats.kstest(each, "norm").pvalue for each in many], "uniform").pvalue > 0.01
    for partner in (other, later, np.roll(one, 1)):
        assert abs(np.corrcoef(one, partner)[0, 1]) < 4 / np.sqrt(len(one))


@pytest.mark.parametrize("integrator", ["exponential_euler", "euler"])
def test_membrane_noise_gives_the_soma_the_standard_deviation_that_the_model_says(integrator):
    _, soma = noisy(time_limit=400.0, integrator=integrator)
    # 160 cells for about 60 time constants each: the estimate errs by about 1/√(2·160·30), so 4 % are four of its
    # standard deviations; Euler steps of a 26th of the time constant add another one per cent.
    assert soma[:, 100:].std(axis=1).mean() == pytest.approx(2.0, rel=0.04)


def test_noise_does_not_explode_at_a_step_that_is_too_long_for_euler():
    _, soma = noisy(dt=12.0, time_limit=2000.0)
    assert np.abs(soma - MODEL.cell.resting_potential).max() < 10 * MODEL.cell.scale


def correlations(a, b):
    """Of the fluctuations of every cell, with that of the same cell in another trial."""
    a, b = (each - each.mean(axis=0) for each in (a[50:], b[50:]))
    return (a * b).sum(axis=0) / np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))


def test_noise_is_independent_across_presentations_batches_and_runs():
    circuit, first = noisy(batch=2, time_limit=250.0)
    stimuli, targets = (np.repeat(array, 4, axis=0) for array in presentations_of(MODEL, 1, 0))
    second = circuit.relax(stimuli, targets, record=SOMA, time_limit=250.0).dataset["V_soma"].values
    trials = [*first, *second]
    for place, one in enumerate(trials):
        for other in trials[place + 1 :]:
            # 40 cells with some 38 independent samples each
            assert abs(correlations(one, other).mean()) < 4 / np.sqrt(40 * 38)


def test_noise_is_independent_across_cells_layers_and_the_epochs_of_a_learning():
    model = small_model((2, 3, 3, 2), output="identity", cell=CELL, teacher={"kind": "nudged", "strength": 0.5})
    model = model.changed(plasticity={"streams": 2, "epochs": 3, "learning_rate": 1e-12, "presentation_time": 5.0})
    circuit = Circuit(model, parameters_of(model, 0), dt=0.5)
    seen = []

    def look(row):
        (simulation,) = learners
        groups = simulation.assembly.layers
        seen.extend(np.array(groups[layer].fluctuation[:]) for layer in ("hidden-1", "hidden-2", "output"))

    learners = []
    with pytest.MonkeyPatch.context() as patch:
        from dendrosim.circuit import learning

        simulate = learning.simulate
        patch.setattr(learning, "simulate", lambda *arguments: learners.append(simulate(*arguments)) or learners[0])
        circuit.learn(*presentations_of(model, 4, 0), report=look)
    numbers = np.concatenate(seen)
    assert len(numbers) == 3 * (2 * 3 + 2 * 3 + 2 * 2)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_the_seed_decides_on_all_noise_whatever_the_batch(target):
    _, whole = noisy(target=target)
    _, again = noisy(target=target)
    _, by_two = noisy(target=target, batch=2)
    _, other = noisy(MODEL.changed(cell={"seed": 4}), target)
    np.testing.assert_array_equal(whole, again)
    np.testing.assert_allclose(by_two, whole, rtol=0, atol=1e-9)
    assert np.abs(whole - other).max() > 1.0


def test_every_step_of_a_sequence_has_noise_of_its_own():
    model = model_of([3, 2], [{"kind": "recurrent", "units": 4}, {"kind": "dense", "units": 2}], cell=CELL)
    circuit = Circuit(model, parameters_of(model, 0))
    circuit.relax(*presentations_of(model, 2, 0), time_limit=20.0)
    potentials = circuit.state["hidden-1"]["V_soma"]
    assert len(np.unique(potentials)) == potentials.size


@pytest.mark.parametrize("target", ["cpp_standalone", pytest.param("cython", marks=pytest.mark.slow)])
def test_the_noise_is_the_same_on_every_target(target):
    np.testing.assert_allclose(noisy(target=target)[1], noisy()[1], rtol=0, atol=1e-9)


def test_a_noisy_circuit_leaves_the_random_numbers_of_its_caller_alone():
    np.random.seed(123)  # noqa: NPY002 - it is what a caller may have done
    before = np.random.get_state()  # noqa: NPY002
    noisy(time_limit=5.0)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_noisy_network_runs_to_the_time_limit_and_says_why():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    recording = circuit.relax(*presentations_of(MODEL, 1, 0), time_limit=40.0)
    assert not recording.converged
    assert "membrane noise keeps the cells moving" in recording.reason
    assert recording.dataset.attrs["integrator"] == "exponential_euler"
    assert float(recording.dataset["time"][-1]) >= 40.0


def test_a_pickled_circuit_goes_on_with_the_noise_that_the_original_has():
    circuit, _ = noisy(time_limit=5.0)
    copy = pickle.loads(pickle.dumps(circuit))
    one, other = (each.relax(*presentations_of(MODEL, 2, 0), record=SOMA, time_limit=5.0) for each in (circuit, copy))
    np.testing.assert_array_equal(one.dataset["V_soma"], other.dataset["V_soma"])
