"""Recordings to look at, and a browser to look at their pages with."""

import numpy as np
import pytest
import xarray as xr
from browsing import MLP, RNN, assert_no_error
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.recording import Recording
from dendrosim.view import write_page


@pytest.fixture(scope="session")
def recording():
    recorded = _relaxed(MLP, 3)
    recorded.dataset.coords["label"] = ("presentation", ["nought", "</script><b>one", "two"])
    return recorded


@pytest.fixture(scope="session")
def sequence():
    return _relaxed(RNN, 2)


@pytest.fixture(scope="session")
def conductance():
    return _relaxed(small_model((4, 3, 2), cell={"kind": "conductance"}), 1)


@pytest.fixture(scope="session")
def spiking():
    model = small_model((4, 6, 3), cell={"kind": "bursting"})
    circuit = Circuit(model, parameters_of(model, 0).map(lambda array: array / 3), dt=0.5)
    return circuit.relax(*presentations_of(model, 2, 0), start="settled", time_limit=60.0)


@pytest.fixture(scope="session")
def big():
    """Four layers, 16 presentations, 400 samples: errors that grow, the more the higher the index."""
    sizes = {"hidden-1": 1024, "hidden-2": 512, "hidden-3": 256, "output": 10}
    neurons, samples = sum(sizes.values()), np.arange(400.0)
    noise = np.random.default_rng(0).standard_normal((16, 400, neurons), dtype=np.float32)
    index = np.concatenate([np.arange(size) for size in sizes.values()])
    error = noise * (1 + index.astype(np.float32)) * np.float32(1e-4)
    variables = {"basal": noise, "apical": error, "soma": noise, "error": error}
    dimensions = ("presentation", "time", "neuron")
    return Recording(
        xr.Dataset(
            {name: (dimensions, values, {"units": "1"}) for name, values in variables.items()}
            | {"stimulus": (("presentation", "stimulus_axis_1"), np.zeros((16, 784)))},
            {
                "time": samples,
                "layer": ("neuron", np.repeat(list(sizes), list(sizes.values()))),
                "index": ("neuron", index),
            },
            {"cell": "rate"},
        )
    )


@pytest.fixture(scope="session")
def opened(driver, tmp_path_factory):
    """Open the page of a recording as it is at first; see that nothing went wrong in the browser."""
    pages = {}

    def open_page(shown):
        if id(shown) not in pages:
            # The recording is kept as well: its id is its own as long as it lives.
            pages[id(shown)] = shown, write_page(shown, tmp_path_factory.mktemp("pages") / "page.html")
        address = pages[id(shown)][1].as_uri()
        if driver.current_url == address:
            driver.execute_script("begin()")
        else:
            driver.get(address)
        assert_no_error(driver)
        return driver

    return open_page


def _relaxed(model, count):
    return Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, count, 0), start="settled")
