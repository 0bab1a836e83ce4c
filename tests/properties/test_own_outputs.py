"""An output with its loss of one's own: the same in both engines, and its gradient is that of the loss."""

import numpy as np
import pytest
import torch
from networks import dense, model_of, parameters_of, presentations_of

import dendrosim as ds
from dendrosim.audit.agreement import compare
from dendrosim.circuit import Circuit
from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError, PluginError
from dendrosim.rules import Backpropagation

COUNTS = ds.Output("exp(z)", "u - t*log(u)")
SIGMOID = ds.Output("1/(1 + exp(-z))", "-t*log(u) - (1 - t)*log(1 - u)")


@pytest.fixture(params=["counts", "yes-no"])
def model(request):
    """A network whose outputs are counts, or independent probabilities."""
    ds.register_output("counts", COUNTS)
    ds.register_output("yes-no", SIGMOID)
    return model_of([3], [dense(5), dense(2)], output=request.param)


def test_the_circuit_settles_to_the_equilibrium(model):
    assert model.loss == "canonical"
    stimuli, targets = presentations_of(model, 3, 0)
    circuit = Circuit(model, parameters_of(model, 0))
    circuit.relax(stimuli, targets)
    assert compare(circuit, stimuli, targets).largest < 1e-7


@pytest.mark.parametrize("target", ["cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_compiled_targets_compute_it_too(target):
    ds.register_output("counts", COUNTS)
    model = model_of([3], [dense(5), dense(2)], output="counts")
    stimuli, targets = presentations_of(model, 2, 0)
    circuit = Circuit(model, parameters_of(model, 0), target)
    circuit.relax(stimuli, targets)
    assert compare(circuit, stimuli, targets).largest < 1e-7


def test_backpropagation_is_the_gradient_of_its_loss(model):
    network, parameters = Network(model), parameters_of(model, 0).map(torch.from_numpy)
    stimuli, targets = map(torch.from_numpy, presentations_of(model, 4, 0))
    state = network.sweep(parameters, stimuli)
    found = dict(Backpropagation.from_model(model).updates(network, parameters, state, targets))
    weights = {name: array.clone().requires_grad_() for name, array in parameters.W.items()}
    below = stimuli
    for name in ("hidden-1", "output"):
        drive = below @ weights[name].T + parameters.bias[name]
        below = torch.tanh(drive) if name != "output" else drive
    output = torch.exp(below) if model.output == "counts" else torch.sigmoid(below)
    terms = output - targets * output.log()
    if model.output == "yes-no":
        terms = torch.nn.functional.binary_cross_entropy(output, targets, reduction="none")
    loss = terms.sum(dim=-1).mean()
    loss.backward()
    for name, weight in weights.items():
        torch.testing.assert_close(found[f"{name}.W"], -weight.grad, rtol=1e-9, atol=1e-12)
    assert float(network.loss(network.output(state), targets)) == pytest.approx(loss.item())


def test_counts_are_learned_better_than_by_a_straight_line(tmp_path):
    ds.register_output("counts", COUNTS)
    generator = np.random.default_rng(0)
    stimuli = generator.normal(size=(400, 2)).astype(np.float32)
    counts = generator.poisson(np.exp(stimuli[:, :1])).astype(float)
    data = ds.Dataset.from_arrays(stimuli, counts)
    layers = [{"kind": "dense", "units": 8}, {"kind": "dense", "units": 1}]
    model = ds.Model(input=[2], layers=layers, output="counts", training={"epochs": 20})
    run = ds.train(model, data=data, folder=tmp_path / "run")
    assert (run.predict(stimuli) > 0).all()
    first, last = run.history["validation_loss"].iloc[[0, -1]]
    assert last < first
    assert ds.Run.load(tmp_path / "run").model.output == "counts"


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        (
            "squared",
            ds.Output("exp(z)", "0.5*(t - u)**2"),
            r"changes with z by .* where u − t is",
        ),
        ("other", 3, r"the output 'other' is 3; give a dendrosim\.Output"),
        ("a name", COUNTS, r"'a name' is no name of an output"),
        ("unknown", ds.Output("erf(z)", "u"), r"the function 'erf' is unknown"),
        ("three", ds.Output("exp(z)", "u - x"), r"'x' is unknown.*write it with u and t"),
        ("softmax", COUNTS, r"the name 'softmax' is taken by another output"),
    ],
)
def test_what_is_no_canonical_pair_is_refused(name, output, message):
    with pytest.raises(PluginError, match=message):
        ds.register_output(name, output)


def test_a_model_names_only_outputs_that_there_are():
    with pytest.raises(ModelError, match=r"output: there is no output 'softmux'; did you mean 'softmax'"):
        model_of([3], [dense(2)], output="softmux")


def test_torch_has_no_module_for_it(model):
    with pytest.raises(ModelError, match=r"is no module of torch; use dendrosim\.nn\.Network, or Run\.predict"):
        ds.to_torch(model, parameters_of(model, 0))
