"""The network in the page is the circuit: the same potentials at every millisecond, the same learning."""

import shutil

import numpy as np
import pytest
from networks import ACTIVATIONS, parameters_of, presentations_of, small_model
from selenium import webdriver

from dendrosim.circuit import Circuit
from dendrosim.errors import NotConverged
from dendrosim.play import write_play_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
VARIABLES = ("basal", "apical", "soma", "error")
HOLD = """
const [stimulus, target] = arguments, { network } = window.dendrosim;
window.dendrosim.pause?.();
network.restore(); network.input.set(stimulus); network.target = target && Float64Array.from(target); network.rest();
"""


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Chromium and chromedriver on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield browser
    browser.quit()


def opened(browser, tmp_path, model, parameters):
    browser.get(write_play_page(tmp_path / "play.html", model, parameters).as_uri())
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
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
def test_potentials_at_every_millisecond_are_those_of_the_circuit(browser, tmp_path, tables, taught):
    model = small_model((16, 6, 5, 3), **tables)
    parameters = parameters_of(model, 0)
    stimuli, targets = presentations_of(model, 1, 0)
    circuit = Circuit(model, parameters)
    with pytest.warns(NotConverged):
        recording = circuit.relax(stimuli, targets if taught else None, time_limit=60.0, tolerance=1e-15)
    page = opened(browser, tmp_path, model, parameters)
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


def test_learning_for_one_presentation_is_that_of_the_circuit(browser, tmp_path):
    model = small_model(
        (16, 6, 5, 3),
        rules={"dll": {"feedback": "kolen-pollack"}},
        plasticity={"streams": 1, "epochs": 1, "schedule": "constant"},
    )
    parameters = parameters_of(model, 0)
    stimuli, targets = presentations_of(model, 1, 0)
    circuit = Circuit(model, parameters)
    learned = circuit.learn(stimuli, targets).parameters
    page = opened(browser, tmp_path, model, parameters)
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
