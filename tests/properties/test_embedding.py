"""A circuit in a Brian2 network of the user's own: what it computes there, what drives it, and what it leaves alone."""

import subprocess
import sys

import brian2 as b2
import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of

from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError, ParametersError

LAYERS = [dense(4), dense(4), dense(2)]
CELLS = {
    "rate": {"kind": "rate"},
    "instantaneous": {"kind": "rate", "tau_apical": 0.0},
    "conductance": {"kind": "conductance"},
    "two-way": {"kind": "conductance", "coupling": "two-way"},
}
RNN = [{"kind": "recurrent", "units": 4}, dense(2)]
LONG = 400 * b2.ms


def described(cell="rate", teacher="clamped", **tables):
    strength = {"kind": teacher} if teacher == "clamped" else {"kind": teacher, "strength": 0.5}
    return model_of([3], LAYERS, cell=CELLS[cell], teacher=strength, **tables)


def placed(model, presentations=2, target="numpy", **settings):
    """A circuit, its stimuli and targets, and the network that holds it."""
    circuit, network = Circuit(model, parameters_of(model, 0), target), b2.Network()
    embedded = circuit.embed(presentations, network, **settings)
    stimuli, targets = presentations_of(model, presentations, 0)
    embedded.present(stimuli, targets)
    return circuit, embedded, network, stimuli, targets


def rows(embedded, layer, variable, presentations=2):
    return np.array(getattr(embedded[layer], variable)[:]).reshape(presentations, -1)


@pytest.mark.parametrize("teacher", ["clamped", "nudged"])
@pytest.mark.parametrize("cell", CELLS)
def test_what_is_presented_settles_to_what_the_circuit_relaxes_to(cell, teacher):
    circuit, embedded, network, stimuli, targets = placed(described(cell, teacher))
    circuit.relax(stimuli, targets)
    network.run(LONG, namespace={})
    for layer in circuit.model.layer_names:
        wanted = circuit.state[layer]["error"]
        np.testing.assert_allclose(rows(embedded, layer, "soma") - rows(embedded, layer, "basal"), wanted, atol=1e-7)


def test_a_sequence_is_presented_too():
    model = model_of([4, 3], RNN)
    circuit, embedded, network, stimuli, targets = placed(model)
    circuit.relax(stimuli, targets)
    network.run(600 * b2.ms, namespace={})
    found = np.array(embedded["output"].basal[:]).reshape(4, 2, 2).swapaxes(0, 1)
    np.testing.assert_allclose(found, circuit.state["output"]["basal"], atol=1e-8)


def test_cython_computes_the_same():
    found = []
    for target in ("numpy", "cython"):
        _, embedded, network, *_ = placed(described(), target=target)
        network.run(20 * b2.ms, namespace={})
        found.append(rows(embedded, "hidden-1", "soma"))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)


@pytest.mark.parametrize(("cell", "unit"), [("rate", 1), ("conductance", b2.pA)])
def test_inputs_move_the_compartments_that_they_flow_into(cell, unit):
    circuit, embedded, network, *_ = placed(described(cell))
    for name in ("I_soma", "I_basal", "I_apical"):
        setattr(embedded["hidden-2"], name, 0.0 * unit)
    network.run(LONG, namespace={})
    before = {name: rows(embedded, "hidden-2", name) for name in ("soma", "basal", "apical")}
    embedded["hidden-2"].I_apical = 0.1 if cell == "rate" else 0.1 * circuit.model.cell.scale * b2.mV * 10 * b2.nS
    network.run(LONG, namespace={})
    after = {name: rows(embedded, "hidden-2", name) for name in before}
    moved = {name: after[name] - before[name] for name in before}
    np.testing.assert_allclose(moved["basal"], 0, atol=1e-9)
    # The teacher clamps the output, so that what is fed back changes by nothing but the input; x = u + a.
    assert (np.abs(moved["apical"]) > 0.01).all()
    np.testing.assert_allclose(moved["soma"], moved["apical"], atol=1e-7)


def test_the_users_own_synapses_reach_it_and_hear_from_it():
    """An interneuron sums the somata of a layer and inhibits its apical dendrites."""
    _, embedded, network, *_ = placed(described(), presentations=1)
    cells = embedded["hidden-1"]
    interneuron = b2.NeuronGroup(1, "dr/dt = (heard - r)/(5*ms) : 1\nheard : 1", method="exponential_euler")
    up = b2.Synapses(cells, interneuron, "heard_post = 0.25*soma_pre : 1 (summed)")
    down = b2.Synapses(interneuron, cells, "I_apical_post = -r_pre : 1 (summed)")
    up.connect()
    down.connect()
    monitor = b2.StateMonitor(cells, ["apical", "soma"], record=True)
    network.add(interneuron, up, down, monitor)
    network.run(LONG, namespace={})
    assert abs(interneuron.r[0] - np.mean(cells.soma[:])) < 1e-6
    expected = cells.feedback[:] - interneuron.r[0]
    np.testing.assert_allclose(cells.apical[:], expected, atol=1e-6)
    assert monitor.apical.shape == (4, len(monitor.t))


def test_divisive_inhibition_of_apical_dendrites_scales_the_error_by_layer_and_leaves_the_prediction():
    """a = Θ^T δ/(1 + g): the error falls by 1 + g in the upper hidden layer, and by its square in the lower one."""
    circuit, embedded, network, stimuli, targets = placed(described())
    circuit.relax(stimuli, targets)
    interneuron, strength = b2.NeuronGroup(1, "r : 1"), 4.0
    interneuron.r = 1.0
    network.add(interneuron)
    for layer in ("hidden-1", "hidden-2"):
        down = b2.Synapses(interneuron, embedded[layer], "I_apical_post = -g*r_pre*apical_post : 1 (summed)\ng : 1")
        down.connect()
        down.g = strength
        network.add(down)
    network.run(LONG, namespace={})
    for power, layer in enumerate(("output", "hidden-2", "hidden-1")):
        wanted = circuit.state[layer]["error"] / (1 + strength) ** power
        np.testing.assert_allclose(rows(embedded, layer, "soma") - rows(embedded, layer, "basal"), wanted, atol=1e-7)
    np.testing.assert_allclose(rows(embedded, "output", "basal"), circuit.state["output"]["basal"], atol=1e-9)


def test_a_poisson_input_decays_as_its_equation_says():
    inputs = "dI_basal/dt = -I_basal/(5*ms) : 1"
    _, embedded, network, *_ = placed(described(), inputs=inputs)
    cells = embedded["hidden-1"]
    b2.seed(3)
    noise = b2.PoissonInput(cells, "I_basal", N=20, rate=50 * b2.Hz, weight=0.02)
    monitor = b2.StateMonitor(cells, "I_basal", record=True)
    network.add(noise, monitor)
    network.run(500 * b2.ms, namespace={})
    assert np.mean(monitor.I_basal[:, len(monitor.t) // 4 :]) == pytest.approx(20 * 50 * 0.02 * 0.005, rel=0.1)


def test_stimuli_come_from_a_timed_array():
    _, embedded, network, stimuli, _ = placed(described(), presentations=1)
    network.run(0 * b2.ms)
    signal = b2.TimedArray(np.array([stimuli[0], 2 * stimuli[0]]), dt=50 * b2.ms)
    embedded["input"].run_regularly("basal = signal(t, i)", dt=1 * b2.ms)
    monitor = b2.StateMonitor(embedded["input"], "basal", record=True, dt=25 * b2.ms)
    network.add(monitor)
    network.run(100 * b2.ms, namespace={"signal": signal})
    np.testing.assert_allclose(monitor.basal[:, 1], stimuli[0])
    np.testing.assert_allclose(monitor.basal[:, -1], 2 * stimuli[0])


def test_an_input_that_is_an_expression_of_time_is_computed_in_every_step():
    _, embedded, network, *_ = placed(described(), inputs="I_basal = 0.5*sin(t/(20*ms)) : 1")
    output, before_the_move = embedded["output"], {"when": "groups", "order": -1}
    monitor = b2.StateMonitor(output, ["basal", "prediction"], record=[0], clock=output.clock, **before_the_move)
    network.add(monitor)
    network.run(100 * b2.ms, namespace={})
    time, dt = np.array(monitor.t / b2.ms), float(monitor.clock.dt / b2.ms)
    goal = monitor.prediction[0] + 0.5 * np.sin(time / 20)
    tau = embedded.model.cell.tau_basal
    wanted = goal + (monitor.basal[0] - goal) * np.exp(-dt / tau)
    np.testing.assert_allclose(monitor.basal[0][1:], wanted[:-1], atol=1e-12)


def test_weights_are_read_and_written_while_the_network_runs():
    _, embedded, network, *_ = placed(described())
    network.run(50 * b2.ms, namespace={})
    seen = []

    @b2.network_operation(dt=10 * b2.ms)
    def silence():
        parameters = embedded.parameters
        parameters.W["hidden-1"][:] = 0.0
        parameters.bias["hidden-1"][:] = 0.3
        embedded.set_parameters(parameters)
        seen.append(rows(embedded, "hidden-1", "basal"))

    network.add(silence)
    network.run(LONG, namespace={})
    assert not embedded.parameters.W["hidden-1"].any()
    np.testing.assert_allclose(rows(embedded, "hidden-1", "basal"), np.tanh(0.3), atol=1e-6)
    assert len(seen) == 40


def test_plasticity_is_the_rate_times_what_the_settled_cells_ask_for():
    model = described(plasticity={"presentation_time": 50.0, "decay": 0.0})
    circuit, embedded, network, stimuli, targets = placed(model, learning=True)
    assert embedded.learning_rate == pytest.approx(model.plasticity.learning_rate)
    embedded.learning_rate = 0.0
    network.run(LONG, namespace={})
    before = dict(embedded.parameters.items())
    for name, given in circuit.parameters.items():
        np.testing.assert_array_equal(before[name], given, err_msg=name)
    circuit.relax(stimuli, targets)
    embedded.learning_rate = 1e-4
    network.run(5 * b2.ms, namespace={})
    after = dict(embedded.parameters.items())
    for name, update in circuit.updates().items():
        np.testing.assert_allclose(
            after[name] - before[name], 1e-4 * 5 / 50 * update, rtol=1e-2, atol=1e-9, err_msg=name
        )


def test_names_that_the_network_has_already_are_refused_before_anything_is_added():
    model = described()
    network = b2.Network(b2.NeuronGroup(1, "v : 1", name="output"))
    circuit = Circuit(model, parameters_of(model, 0))
    with pytest.raises(CircuitError, match="already has objects of the names output; give the circuit a prefix"):
        circuit.embed(network=network)
    assert len(network.objects) == 1
    circuit.embed(network=network, prefix="mine_")
    with pytest.raises(CircuitError, match=r"already has objects of the names .*mine_output"):
        circuit.embed(network=network, prefix="mine_")


def test_two_circuits_live_in_one_network():
    model, network = described(), b2.Network()
    stimuli, targets = presentations_of(model, 1, 0)
    circuits = [Circuit(model, parameters_of(model, seed)).embed(1, network, prefix=f"of_{seed}_") for seed in (0, 1)]
    for embedded in circuits:
        embedded.present(stimuli, targets)
    network.run(LONG, namespace={})
    for seed, embedded in enumerate(circuits):
        alone = Circuit(model, parameters_of(model, seed))
        alone.relax(stimuli, targets)
        np.testing.assert_allclose(rows(embedded, "hidden-1", "soma", 1), alone.state["hidden-1"]["soma"], atol=1e-7)


def test_nothing_of_the_process_changes():
    before = (b2.get_device(), b2.prefs.as_file, float(b2.defaultclock.dt), np.random.get_state()[1].tolist())  # noqa: NPY002
    _, _, network, *_ = placed(described("conductance"))
    network.run(5 * b2.ms, namespace={})
    after = (b2.get_device(), b2.prefs.as_file, float(b2.defaultclock.dt), np.random.get_state()[1].tolist())  # noqa: NPY002
    assert after == before


STANDALONE = """
import sys
import brian2 as b2, numpy as np
sys.path.insert(0, {tests!r})
from networks import dense, model_of, parameters_of, presentations_of
from dendrosim.circuit import Circuit

model = model_of([3], [dense(4), dense(4), dense(2)], cell={cell!r}, plasticity={{"decay": 0.0}})
stimuli, targets = presentations_of(model, 2, 0)
wanted, runtime = [], b2.Network()
embedded = Circuit(model, parameters_of(model, 0)).embed(2, runtime, learning=True)
embedded.present(stimuli, targets)
runtime.run(30 * b2.ms, namespace={{}})
wanted = np.array(embedded["hidden-1"].soma[:]), embedded.parameters

b2.set_device("cpp_standalone", directory={folder!r})
b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O0"]
circuit = Circuit(model, parameters_of(model, 0), "cpp_standalone")
network = b2.Network()
embedded = circuit.embed(2, network, learning=True)
embedded.present(stimuli, targets)
monitor = b2.StateMonitor(embedded["hidden-1"], "soma", record=True)
spikes = b2.PoissonGroup(3, 100 * b2.Hz)
network.add(monitor, spikes)
network.run(30 * b2.ms, namespace={{}})
np.testing.assert_allclose(embedded["hidden-1"].soma[:], wanted[0], atol=1e-10)
for (name, found), (_, given) in zip(embedded.parameters.items(), wanted[1].items()):
    np.testing.assert_allclose(found, given, atol=1e-10, err_msg=name)
    assert np.abs(found - dict(circuit.parameters.items())[name]).max() > 0
print(monitor.soma.shape)
"""


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["rate", "conductance"])
def test_a_standalone_device_of_the_user_runs_it(cell, tmp_path, request):
    script = STANDALONE.format(
        tests=str(request.config.rootpath / "tests"), cell=CELLS[cell], folder=str(tmp_path / "project")
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("(8, ")


def test_what_does_not_fit_is_refused_before_anything_is_made():
    model = described()
    circuit = Circuit(model, parameters_of(model, 0))
    with pytest.raises(CircuitError, match=r"'I_tuft'; write equations of I_soma, I_basal, I_apical"):
        circuit.embed(inputs="dI_tuft/dt = -I_tuft/(5*ms) : 1")
    with pytest.raises(CircuitError, match=r"equations of the inputs cannot be read"):
        circuit.embed(inputs="dI_soma = 3")
    with pytest.raises(CircuitError, match=r"presentations"):
        circuit.embed(0)
    with pytest.raises(CircuitError, match=r"integrator 'settle' has no time"):
        Circuit(model, parameters_of(model, 0), integrator="settle").embed()
    with pytest.raises(CircuitError, match=r"this circuit is of float32 and Brian2 works in float64"):
        Circuit(model, parameters_of(model, 0), dtype="float32").embed()
    with pytest.raises(CircuitError, match=r"'cpp_standalone', which does not run on Brian2's present device; call"):
        Circuit(model, parameters_of(model, 0), "cpp_standalone").embed()
    other = model.changed(training={"rule": "predictive-coding"})
    with pytest.raises(CircuitError, match=r"a circuit cannot learn by 'predictive-coding'"):
        Circuit(other, parameters_of(model, 0)).embed(learning=True)


def test_what_is_presented_and_written_is_checked():
    _, embedded, _, stimuli, _ = placed(described())
    with pytest.raises(CircuitError, match=r"embedded with 2 presentations, and there are 1; give as many"):
        embedded.present(stimuli[:1])
    with pytest.raises(CircuitError, match=r"there is no layer 'hidden-9' in this circuit; choose input, hidden-1"):
        embedded["hidden-9"]
    with pytest.raises(CircuitError, match=r"embedded without plasticity; embed it with learning=True"):
        embedded.learning_rate = 0.1
    learning = Circuit(described(), parameters_of(described(), 0)).embed(learning=True)
    with pytest.raises(CircuitError, match=r"the learning rate is -0\.1"):
        learning.learning_rate = -0.1
    with pytest.raises(ParametersError):
        embedded.set_parameters(parameters_of(model_of([3], [dense(2)]), 0))
