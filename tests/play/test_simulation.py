"""The network in the page is the circuit: the same potentials at every millisecond, the same learning."""

import numpy as np
import pytest
from browsing import assert_no_error
from networks import ACTIVATIONS, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import NotConverged
from dendrosim.play import write_play_page

VARIABLES = ("basal", "apical", "soma", "error")
HOLD = """
const [stimulus, target] = arguments, { network } = window.dendrosim;
window.dendrosim.pause?.();
network.restore(); network.input.set(stimulus); network.target = target && Float64Array.from(target); network.rest();
"""


def opened(browser, tmp_path, model, parameters):
    browser.get(write_play_page(tmp_path / "play.html", model, parameters).as_uri())
    assert_no_error(browser)
    return browser


def assert_agree(found, expected):
    """To 1e-9 of each number; next to zero, of what is left of the largest where two numbers cancel."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15 * max(1.0, np.abs(expected).max()))


CASES = [
    *({"activation": name} for name in ACTIVATIONS),
    {"output": "identity"},
    {"teacher": {"kind": "nudged", "strength": 0.4}},
    {"cell": {"tau_apical": 0.0, "tau_soma": 7.0, "tau_basal": 3.0}},
]


@pytest.mark.parametrize("tables", CASES, ids=lambda tables: str(next(iter(tables.items()))))
@pytest.mark.parametrize("taught", [True, False], ids=["taught", "alone"])
def test_potentials_at_every_millisecond_are_those_of_the_circuit(driver, tmp_path, tables, taught):
    model = small_model((16, 6, 5, 3), **tables)
    parameters = parameters_of(model, 0)
    stimuli, targets = presentations_of(model, 1, 0)
    circuit = Circuit(model, parameters)
    with pytest.warns(NotConverged):
        recording = circuit.relax(stimuli, targets if taught else None, time_limit=60.0, tolerance=1e-15)
    page = opened(driver, tmp_path, model, parameters)
    page.execute_script(HOLD, stimuli[0].tolist(), targets[0].tolist() if taught else None)
    every = round(1 / circuit.dt)
    samples = page.execute_script("return window.dendrosim.advance(arguments[0], arguments[1])", 60 * every, every)
    for place, layer in enumerate(model.layer_names):
        for which, name in enumerate(VARIABLES):
            if name == "apical" and layer == "output":
                continue
            found = np.array([sample[place][which] for sample in samples])
            recorded = recording.layer(layer)[name].values[0]
            assert recording.dataset["time"].values[59] == pytest.approx(59 * every * circuit.dt)
            assert_agree(found, recorded[:60])


def test_a_network_trained_in_single_precision_is_played_from_its_own_weights(driver, tmp_path):
    model = small_model((16, 6, 5, 3))
    single = parameters_of(model, 0).map(lambda array: array.astype(np.float32))
    stimuli, targets = presentations_of(model, 1, 0)
    with pytest.warns(NotConverged):
        recording = Circuit(model, single).relax(stimuli, targets, time_limit=40.0, tolerance=1e-15)
    page = opened(driver, tmp_path, model, single)
    page.execute_script(HOLD, stimuli[0].tolist(), targets[0].tolist())
    samples = page.execute_script("return window.dendrosim.advance(arguments[0], 5)", 200)
    for place, layer in enumerate(model.layer_names):
        assert_agree(np.array([sample[place][0] for sample in samples]), recording.layer(layer)["basal"].values[0][:40])


def test_the_neurons_that_will_err_most_are_found_before_they_do(driver, tmp_path):
    model = small_model((16, 6, 5, 3))
    parameters = parameters_of(model, 0)
    stimuli, targets = presentations_of(model, 1, 0)
    settled = Circuit(model, parameters).relax(stimuli, targets, tolerance=1e-13)
    page = opened(driver, tmp_path, model, parameters)
    page.execute_script(HOLD, stimuli[0].tolist(), targets[0].tolist())
    found = page.execute_script(
        "const settled = window.dendrosim.network.settled();"
        "return settled.map(({ basal, error }) => [Array.from(basal), Array.from(error)])"
    )
    for layer, (basal, error) in zip(model.layer_names, found, strict=True):
        np.testing.assert_allclose(basal, settled.layer(layer)["basal"].values[0, -1], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(error, settled.layer(layer)["error"].values[0, -1], rtol=1e-9, atol=1e-10)


def test_learning_for_one_presentation_is_that_of_the_circuit(driver, tmp_path):
    model = small_model(
        (16, 6, 5, 3),
        rules={"dll": {"feedback": "kolen-pollack"}},
        plasticity={"streams": 1, "epochs": 1, "schedule": "constant"},
    )
    parameters = parameters_of(model, 0)
    stimuli, targets = presentations_of(model, 1, 0)
    circuit = Circuit(model, parameters)
    learned = circuit.learn(stimuli, targets).parameters
    page = opened(driver, tmp_path, model, parameters)
    page.execute_script(HOLD + "network.plastic = true;", stimuli[0].tolist(), targets[0].tolist())
    page.execute_script("window.dendrosim.advance(arguments[0], 1000)", round(50 / circuit.dt))
    connections = page.execute_script(
        "return window.dendrosim.network.connections.map(({W, bias, theta}) =>"
        " [W, bias, theta].map((each) => each && Array.from(each)))"
    )
    for (W, bias, theta), connection in zip(connections, model.connections, strict=True):
        name = connection.name
        assert np.abs(learned.W[name] - parameters.W[name]).max() > 1e-3
        assert_agree(W, learned.W[name].ravel())
        assert_agree(bias, learned.bias[name])
        if connection.has_feedback:
            assert_agree(theta, learned.theta[name].ravel())
