"""An activation of one's own: two formulas, from which both engines, all targets and all rules derive."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model

import dendrosim as ds
from dendrosim.circuit import Circuit
from dendrosim.errors import ModelError
from dendrosim.model import ACTIVATIONS
from dendrosim.registry import RULES
from dendrosim.training import train

SOFTSIGN = ds.register_activation("softsign", ds.Activation("z/(1 + abs(z))", slope="(1 - abs(u))**2"))
# A max pool, convolutions and dense layers, which all have the activation.
IMAGES = model_of(
    [1, 8, 8],
    [convolution(3), {"kind": "max-pool", "size": 2}, convolution(2, 2), dense(4), dense(3)],
    activation="softsign",
)
SEQUENCES = model_of([4, 2], [{"kind": "recurrent", "units": 3}, dense(2)], activation="softsign")


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", [small_model(activation="softsign"), IMAGES, SEQUENCES], ids=["dense", "cnn", "rnn"])
def test_both_engines_agree_on_an_activation_of_ones_own(model, target):
    if target == "cython" and model is not IMAGES:
        pytest.skip("one network is enough for what Cython compiles")
    stimuli, targets = presentations_of(model, 3, 0)
    circuit = Circuit(model, parameters_of(model, 0), target, integrator="settle")
    circuit.relax(stimuli, targets)
    assert ds.compare(circuit, stimuli, targets).largest < 1e-9


@pytest.mark.parametrize("kind", ["rate", "conductance"])
def test_both_kinds_of_cell_relax_with_it(kind):
    model = small_model(activation="softsign", cell={"kind": kind})
    stimuli, targets = presentations_of(model, 3, 0)
    circuit = Circuit(model, parameters_of(model, 0))
    assert circuit.relax(stimuli, targets).converged
    assert ds.compare(circuit, stimuli, targets).largest < 1e-6


@pytest.mark.parametrize("rule", sorted(set(RULES._places)))
def test_every_rule_learns_with_it(rule):
    model = model_of([64], [dense(16), dense(12), dense(10)], activation="softsign").changed(
        training={"rule": rule, "epochs": 1, "batch_size": 128}
    )
    history = train(model, seed=1).history
    assert np.isfinite(history["validation_loss"]).all()


def test_its_slope_is_that_of_autograd():
    z = torch.linspace(-3, 3, 50, dtype=torch.float64, requires_grad=True)
    u = SOFTSIGN.value(torch, z)
    (slope,) = torch.autograd.grad(u.sum(), z)
    torch.testing.assert_close(SOFTSIGN.derivative(torch, u.detach()), slope, rtol=1e-12, atol=0)
    np.testing.assert_allclose(SOFTSIGN.value(np, z.detach().numpy()), u.detach().numpy(), rtol=1e-15)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "identity", "softsign"])
def test_the_integral_that_is_not_given_is_that_of_the_slope(name):
    given = ACTIVATIONS[name]
    numeric = ds.Activation(given.function, given.slope)
    u = given.value(torch, torch.linspace(-2, 2, 41, dtype=torch.float64))
    h = numeric.antiderivative(torch, u)
    if given.integral is not None:
        closed = given.antiderivative(torch, u)
        torch.testing.assert_close(h - h[20], closed - closed[20], rtol=0, atol=1e-12)
    else:  # ∫ (1 − |u|)² du
        torch.testing.assert_close(h, u.sign() * (1 - (1 - u.abs()) ** 3) / 3, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("target", "dtype"),
    [("numpy", "float32"), ("numpy", "float64"), pytest.param("cpp_standalone", "float32", marks=pytest.mark.slow)],
)
def test_softplus_keeps_slope_and_value_where_it_is_tiny_or_large_in_every_engine(target, dtype):
    drives = np.array([-20.0, -1.0, 0.0, 20.0, 100.0])
    model = model_of([1], [dense(5), dense(2)], activation="softplus", output="identity")
    parameters = ds.Parameters.initialise(model, 0, np.float64)
    parameters.W["hidden-1"][:], parameters.bias["hidden-1"][:] = 0.0, drives
    circuit = Circuit(model, parameters, target, integrator="settle", dtype=dtype)
    circuit.relax(np.zeros((1, 1)), np.ones((1, 2)))
    cells = {name: array[0].astype(float) for name, array in circuit.state["hidden-1"].items()}
    tolerance = 8 * np.finfo(dtype).eps
    np.testing.assert_allclose(cells["prediction"], np.logaddexp(0, drives), rtol=tolerance)
    state = ds.Network(model).sweep(parameters.map(torch.from_numpy), torch.zeros(1, 1))
    slope = ACTIVATIONS["softplus"].derivative(torch, state.basal["hidden-1"])[0]
    np.testing.assert_allclose(slope, 1 / (1 + np.exp(-drives)), rtol=1e-14)
    # What a cell sends down is ξ f'; where it holds a large potential, ξ = x − u is rounded as that is.
    felt = np.abs(cells["error"]) > 1e3 * np.finfo(dtype).eps * np.abs(cells["basal"])
    np.testing.assert_allclose((cells["delta"] / cells["error"])[felt], slope[felt], rtol=tolerance)
    assert felt[:3].all()
    assert cells["delta"].all()


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("function", "exact"),
    [("expm1(z)", np.expm1), ("log1p(exp(z))", lambda z: np.logaddexp(0, z)), ("maximum(minimum(z, 1), -2)", None)],
)
def test_functions_that_brian_lacks_are_written_without_loss(function, exact, target):
    drives = np.array([-40.0, -1e-12, 0.0, 1e-15, 0.5, 1.0, 7.0, 40.0])
    name = f"written-{len(function)}"
    ACTIVATIONS._registered[name] = ds.Activation(function, slope="1")
    model = model_of([1], [dense(len(drives)), dense(2)], activation=name)
    parameters = ds.Parameters.initialise(model, 0, np.float64)
    parameters.W["hidden-1"][:], parameters.bias["hidden-1"][:] = 0.0, drives
    circuit = Circuit(model, parameters, target, integrator="settle")
    circuit.relax(np.zeros((1, 1)))
    wanted = np.clip(drives, -2, 1) if exact is None else exact(drives)
    np.testing.assert_allclose(circuit.state["hidden-1"]["prediction"][0], wanted, rtol=2e-15)
    np.testing.assert_allclose(ACTIVATIONS[name].value(np, drives), wanted, rtol=2e-15)


def test_a_file_names_it_where_its_module_is_imported(tmp_path):
    (tmp_path / "bent.py").write_text(
        "import dendrosim as ds\nds.register_activation('bent', ds.Activation('arctan(z)', slope='cos(0)/1 - 0'))\n"
    )
    (tmp_path / "good.py").write_text(
        "import dendrosim as ds\n"
        "ds.register_activation('cubic', ds.Activation('z + maximum(z, 0)', slope='1.5 + 0.5*sign(u)'))\n"
    )
    model = 'activation = "cubic"\ninput = [4]\nlayers = [{ kind = "dense", units = 2 }]\n'
    (tmp_path / "model.toml").write_text(model)
    script = "import sys, dendrosim as ds; print(ds.load_model('model.toml', imports=[sys.argv[1]]).activation)"

    def run(module):
        return subprocess.run([sys.executable, "-c", script, module], cwd=tmp_path, capture_output=True, text=True)

    assert run("good").stdout == "cubic\n"
    assert "the slope 'cos(0)/1 - 0' of the activation 'bent' gives a slope of 1 at z" in run("bent").stderr
    with pytest.raises(ModelError, match=r"model\.toml: activation: there is no activation 'cubic'; known are tanh"):
        ds.load_model(tmp_path / "model.toml")
