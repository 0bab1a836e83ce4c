"""Oracle: the weights that noise has passed. In a circuit Θ tends to W as fast, and errs as much, as was derived."""

import math

import numpy as np
import pytest
from brian2 import Network, StateMonitor, ms
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model

from dendrosim.cells.mirror import passed_variance
from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError, ModelError, PluginError
from dendrosim.model.local_update import LocalUpdate, LocalUpdates

MIRROR = {"dll": {"feedback": "mirror"}}
CELLS = {
    "rate": {"kind": "rate", "noise": 0.3},
    "conductance": {"kind": "conductance", "noise": 3.0},
    "two-way": {"kind": "conductance", "noise": 3.0, "coupling": "two-way"},
    "bursting": {"kind": "bursting"},
}
TASK_OFF = 1e-12  # a learning rate under which no weight moves
STREAMS, TIME, HIGH_PASS, DT = 8, 200.0, 5.0, 0.5
IMAGES = model_of(
    [1, 7, 6],
    [
        convolution(2),
        {"kind": "max-pool", "size": 2},
        convolution(3, 2, 1),
        {"kind": "average-pool", "size": 2},
        dense(4),
        dense(3),
    ],
    # So little that it rarely decides which cell of a window is the largest: what is chosen has less noise.
    cell={"kind": "rate", "noise": 0.03},
    rules=MIRROR,
)
SEQUENCE = model_of([4, 3], [{"kind": "recurrent", "units": 6}, dense(3)], cell=CELLS["rate"], rules=MIRROR)
BRANCHES = model_of(
    [1, 4, 4],
    [{"kind": "branches", "layers": [convolution(2), convolution(2, 2)]}, dense(3)],
    cell=CELLS["rate"],
    rules=MIRROR,
)


def slow(*values, **settings):
    return pytest.param(*values, marks=pytest.mark.slow, **settings)


def learned(model, seed=0, rate=TASK_OFF, time=5 * TIME, target="numpy", **plasticity):
    """What one long presentation changes: the parameters before and after."""
    settings = {"streams": STREAMS, "epochs": 1, "schedule": "constant", "presentation_time": time}
    settings |= {"learning_rate": rate, "mirror_time": TIME, "high_pass": HIGH_PASS}
    model = model.changed(plasticity=settings | plasticity, cell={"seed": seed})
    before = parameters_of(model, seed)
    circuit = Circuit(model, before, target, dt=DT)
    circuit.learn(*presentations_of(model, STREAMS, seed))
    return before, circuit.parameters


def samples_of(model):
    """Independent samples in the mean that Θ is: each lasts as long as the squared autocorrelation of fluctuations."""
    return STREAMS * 2 * TIME * (1 / model.cell.hidden(model).noise.time_constant + 1 / HIGH_PASS)


def angle(a, b):
    return math.degrees(math.acos(float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))))


@pytest.mark.parametrize(("time_constant", "high_pass", "dt"), [(10.0, 5.0, 0.5), (20.0, 5.0, 2.0), (5.0, 20.0, 0.1)])
def test_the_variance_that_is_left_after_the_high_pass_is_that_of_a_long_simulation(time_constant, high_pass, dt):
    kept, slow = math.exp(-dt / time_constant), math.exp(-dt / high_pass)
    drawn = np.random.default_rng(0).standard_normal((400, 4000)) * math.sqrt(2 * time_constant / dt)
    zeta, mean, squares = np.zeros(400), np.zeros(400), []
    for noise in drawn.T:
        squares.append(np.mean((zeta - mean) ** 2))
        mean = slow * mean + (1 - slow) * zeta
        zeta = kept * zeta + (1 - kept) * noise
    assert passed_variance(time_constant, high_pass, dt) == pytest.approx(np.mean(squares[1000:]), rel=0.02)


@pytest.mark.parametrize("kind", ["rate", "bursting", *(slow(kind) for kind in ("conductance", "two-way"))])
def test_the_two_fluctuations_at_a_synapse_tell_its_weight_in_the_mean(kind):
    model = small_model((3, 8, 4), cell=CELLS[kind], rules=MIRROR).changed(plasticity={"learning_rate": TASK_OFF})
    parameters, network, rows = parameters_of(model, 0), Network(), 20
    circuit = Circuit(model, parameters, dt=DT).embed(rows, network=network, learning=True)
    circuit.present(presentations_of(model, rows, 0)[0])
    noise, drive = (
        StateMonitor(circuit[layer], name, record=True, dt=2 * ms, when="groups", order=-1)
        for layer, name in (("hidden-1", "noise_fluctuation"), ("output", "drive_fluctuation"))
    )
    network.add(noise, drive)
    network.run(2000 * ms)
    zeta = np.array(noise.noise_fluctuation).reshape(rows, 8, -1)[..., 50:]
    rho = np.array(drive.drive_fluctuation).reshape(rows, 4, -1)[..., 50:]
    by_row = np.einsum("rit,rjt->rij", rho, zeta) / zeta.shape[-1]
    expected = parameters.W["output"]
    if kind == "two-way":  # a soma draws current from its dendrite, which takes back a part of what the axon sends
        share = float((by_row.mean(axis=0) * expected).sum() / (expected**2).sum())
        assert 0.5 < share < 1
        expected = share * expected
    error = (by_row.mean(axis=0) - expected) / (by_row.std(axis=0, ddof=1) / math.sqrt(rows))
    assert np.abs(error).max() < 4.5


@pytest.mark.slow
def test_the_error_of_theta_is_the_derived_one_over_twenty_seeds_and_the_angle_with_it():
    model = small_model((3, 24, 6), cell=CELLS["rate"], rules=MIRROR)
    left = math.exp(-5.0)  # of what Θ was drawn with, after five time constants
    samples = samples_of(model)
    errors, angles = [], []
    for seed in range(20):
        before, after = learned(model, seed)
        W, theta = after.W["output"], after.theta["output"]
        drawn = left * (before.theta["output"] - before.W["output"])
        errors.append(((theta - W - drawn) ** 2).sum() / (W**2).sum())
        angles.append(math.tan(math.radians(angle(W, theta))) ** 2)
    expected = (24 + 1) / samples * (1 - left**2)
    spread = np.std(errors, ddof=1) / math.sqrt(20)
    assert np.mean(errors) == pytest.approx(expected, abs=4 * spread, rel=0.1)
    # What Θ was drawn with is at right angles to W in the mean, and shortens the part along W.
    drawn = left**2 * np.mean([(parameters_of(model, seed).theta["output"] ** 2).sum() for seed in range(20)])
    assert np.mean(angles) == pytest.approx(expected + drawn / (W**2).sum(), rel=0.25)


@pytest.mark.parametrize("kind", ["rate", slow("conductance"), slow("bursting")])
def test_theta_finds_w_while_the_task_is_learned_and_none_of_the_two_waits_for_the_other(kind):
    model = small_model((3, 24, 6), cell=CELLS[kind], rules=MIRROR)
    shown = {"time": 50.0, "epochs": 20}
    before, still = learned(model, 1, **shown)
    _, moving = learned(model, 1, rate=0.2, **shown)
    changed = np.linalg.norm(moving.W["output"] - before.W["output"]) / np.linalg.norm(before.W["output"])
    assert changed > 0.05
    derived = math.degrees(math.atan(math.sqrt(25 / samples_of(model))))  # where nothing but noise moves the cells
    for after in (still, moving):
        assert angle(after.W["output"], after.theta["output"]) < 2 * derived
    assert angle(before.W["output"], before.theta["output"]) > 60


@pytest.mark.parametrize(
    "model", [slow(IMAGES, id="images"), pytest.param(SEQUENCE, id="sequence"), slow(BRANCHES, id="branches")]
)
def test_theta_finds_w_in_every_kind_of_network(model):
    _, after = learned(model, 0, time=10 * TIME)
    for name, theta in after.theta.items():
        assert angle(after.W[name], theta) < 15, name
        along = float((after.W[name] * theta).sum() / (after.W[name] ** 2).sum())
        assert along == pytest.approx(1.0, abs=0.12), name


@pytest.mark.parametrize("target", ["cython", slow("cpp_standalone")])
@pytest.mark.parametrize("model", [slow(IMAGES, id="images"), pytest.param(SEQUENCE, id="sequence")])
def test_every_target_mirrors_alike(model, target):
    _, numpy = learned(model, rate=0.1, time=10.0)
    _, other = learned(model, rate=0.1, time=10.0, target=target)
    for name, array in numpy.items():
        np.testing.assert_allclose(dict(other.items())[name], array, rtol=0, atol=1e-11, err_msg=name)


def test_a_circuit_in_a_network_of_the_users_own_mirrors_as_one_that_learns_by_itself_does():
    model = small_model((3, 24, 6), cell=CELLS["rate"], rules=MIRROR)
    model = model.changed(plasticity={"learning_rate": TASK_OFF, "mirror_time": TIME})
    network = Network()
    circuit = Circuit(model, parameters_of(model, 0), dt=DT).embed(STREAMS, network=network, learning=True)
    circuit.present(*presentations_of(model, STREAMS, 0))
    network.run(5 * TIME * ms)
    after = circuit.parameters
    assert angle(after.W["output"], after.theta["output"]) < 10


@pytest.mark.parametrize("kind", ["rate", "conductance"])
def test_the_soma_holds_the_noise_that_the_axon_sends(kind):
    quiet, noisy = (
        small_model((3, 8, 4), cell={**CELLS[kind], "noise": noise}, rules=MIRROR)
        for noise in (0.0, CELLS[kind]["noise"])
    )
    parameters = parameters_of(noisy, 0)
    parameters.theta["output"][:] = 0  # else what the cells above make of the noise comes back
    stimuli, _ = presentations_of(noisy, 2, 0)
    states = []
    for model in (quiet, noisy):
        circuit = Circuit(model, parameters, dt=DT)
        circuit.relax(stimuli, time_limit=200.0, tolerance=1e-6)
        states.append(circuit.state["hidden-1"])
    np.testing.assert_allclose(
        states[1]["soma"] - states[0]["soma"], states[1]["sent"] - states[1]["basal"], rtol=0, atol=1e-5
    )
    assert np.abs(states[1]["sent"] - states[1]["basal"]).max() > 0.05


def test_cells_without_noise_have_nothing_to_mirror():
    model = small_model(rules=MIRROR)
    with pytest.raises(CircuitError, match=r"of kind 'rate' send none .*set cell\.noise"):
        Circuit(model, parameters_of(model, 0)).learn(*presentations_of(model, 2, 0))
    model = small_model(cell=CELLS["rate"], rules=MIRROR)
    with pytest.raises(CircuitError, match="integrator 'settle' has none"):
        Circuit(model, parameters_of(model, 0), integrator="settle").learn(*presentations_of(model, 2, 0))


def test_the_spikes_of_a_bursting_cell_are_all_its_noise():
    with pytest.raises(ModelError, match="the spikes of a bursting cell are its noise; leave out noise"):
        small_model(cell={"kind": "bursting", "noise": 0.1})


@pytest.mark.parametrize("update", [LocalUpdate("noise_fluctuation"), LocalUpdate("basal", "drive_fluctuation")])
def test_fluctuations_are_read_by_the_mirror_alone(update):
    with pytest.raises(PluginError, match="reads fluctuations; set 'mirror'"):
        LocalUpdates(theta=update)
