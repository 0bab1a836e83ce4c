"""Oracle: the closed form of how the error descends, 1 − e^{−t/τ} Σ_{j<k} (t/τ)^j / j!."""

from math import factorial

import numpy as np
import pytest
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model
from scipy.stats import gamma

from dendrosim.circuit import Circuit
from dendrosim.circuit.requirements import settling_time
from dendrosim.model import settling_curve
from dendrosim.model.settling import depth_below_output
from dendrosim.recording import Record

TAU = 10.0
MODEL = small_model((5, 6, 5, 4, 3), cell={"tau_soma": TAU, "tau_basal": TAU, "tau_apical": 0.0})


def law(time, depth):
    terms = [(time / TAU) ** j / factorial(j) for j in range(depth)]
    return 1 - np.exp(-time / TAU) * np.sum(terms, axis=0)


def settled_share(dt):
    """Share of the error that has arrived in the layer k below the output, on a grid of τ/20 up to 8 τ."""
    circuit = Circuit(MODEL, parameters_of(MODEL, 3), dt=dt)
    stimuli, targets = presentations_of(MODEL, 2, seed=3)
    recording = circuit.relax(
        stimuli, targets, start="settled", record=Record(("error",), interval=TAU / 20), tolerance=1e-11
    )
    time = np.arange(161) * TAU / 20
    shares = {}
    for depth, layer in enumerate(["hidden-3", "hidden-2", "hidden-1"], start=1):
        error = recording.layer(layer)["error"].values
        shares[depth] = error[:, :161] / error[:, -1:]
        assert np.ptp(shares[depth], axis=(0, 2)).max() < 1e-6  # all cells and presentations follow one curve
        shares[depth] = shares[depth].mean(axis=(0, 2))
    return time, shares


@pytest.fixture(scope="module")
def coarse():
    return settled_share(TAU / 100)


@pytest.fixture(scope="module")
def fine():
    return settled_share(TAU / 200)


def test_the_uppermost_hidden_layer_follows_the_law_to_rounding_because_its_input_is_constant(coarse):
    time, shares = coarse
    np.testing.assert_allclose(shares[1], law(time, 1), atol=1e-9)


@pytest.mark.parametrize("depth", [2, 3])
def test_deeper_layers_lag_by_no_more_than_half_a_step_a_layer(coarse, depth):
    time, shares = coarse
    arrival_rate = (time / TAU) ** (depth - 1) * np.exp(-time / TAU) / factorial(depth - 1)
    bound = (depth - 1) / 2 * 0.01 * arrival_rate.max() * 1.02
    assert np.abs(shares[depth] - law(time, depth)).max() < bound < 3e-3


@pytest.mark.parametrize("depth", [2, 3])
def test_the_error_of_the_integrator_is_first_order_in_the_time_step(coarse, fine, depth):
    time, shares = coarse
    deviation = np.abs(shares[depth] - law(time, depth)).max()
    half = np.abs(fine[1][depth] - law(time, depth)).max()
    assert np.log2(deviation / half) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_extrapolated_to_a_vanishing_step_every_layer_follows_the_law(coarse, fine, depth):
    time, shares = coarse
    np.testing.assert_allclose(2 * fine[1][depth] - shares[depth], law(time, depth), atol=1e-4)


@pytest.mark.slow
def test_at_a_four_hundredth_of_the_time_constant_every_layer_is_within_a_thousandth():
    time, shares = settled_share(TAU / 400)
    for depth, share in shares.items():
        np.testing.assert_allclose(share, law(time, depth), atol=1e-3)


def test_a_dendritic_time_constant_adds_a_filter_to_the_chain():
    model = small_model((4, 5, 3), cell={"tau_soma": 10.0, "tau_basal": 5.0, "tau_apical": 4.0})
    circuit = Circuit(model, parameters_of(model, 1), dt=0.02)
    stimuli, targets = presentations_of(model, 1, seed=1)
    recording = circuit.relax(stimuli, targets, start="settled")
    error = recording.layer("hidden-1")["error"].values[0]
    predicted = settling_curve(recording.dataset["time"].values, 1, tau_soma=10.0, tau_apical=4.0)
    np.testing.assert_allclose(error / error[-1], predicted[:, None] * np.ones(5), atol=1.5e-3)


@pytest.mark.parametrize("layer", ["output", "hidden-2", "hidden-1"])
def test_a_nudged_output_soma_adds_a_filter_too(layer):
    model = small_model((4, 5, 4, 3), cell={"tau_apical": 4.0}, teacher={"kind": "nudged", "strength": 0.4})
    recording = Circuit(model, parameters_of(model, 1), dt=0.02).relax(*presentations_of(model, 1, 1), start="settled")
    error = recording.layer(layer)["error"].values[0]
    time, depth = recording.dataset["time"].values, depth_below_output(model, layer)
    predicted = settling_curve(time, depth, tau_soma=10.0, tau_apical=4.0, nudged=True)
    np.testing.assert_allclose(error / error[-1], predicted[:, None] * np.ones(error.shape[1]), atol=2e-3)


def test_the_depth_of_branches_is_the_same():
    layers = [convolution(2), {"kind": "branches", "layers": [convolution(1), convolution(1, 2)]}, dense(3)]
    model = model_of([1, 8, 8], layers)
    depths = {layer: depth_below_output(model, layer) for layer in model.layer_names}
    assert depths == {"hidden-1": 2, "hidden-2-branch-1": 1, "hidden-2-branch-2": 1, "output": 0}


def test_the_settling_curve_is_the_erlang_law_for_an_instantaneous_dendrite():
    time = np.linspace(0, 120, 61)
    for depth in range(1, 6):
        np.testing.assert_allclose(settling_curve(time, depth, TAU, 0.0), law(time, depth), atol=1e-13)


@pytest.mark.parametrize("steps", [1, 5, 40])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-9])
def test_the_expected_settling_time_is_that_of_a_signal_that_passes_all_layers_and_steps(steps, tolerance):
    cell = {"tau_soma": TAU, "tau_basal": TAU, "tau_apical": TAU}
    model = model_of([steps, 2], [{"kind": "recurrent", "units": 3}, dense(2)], cell=cell)
    chain = 3 * (2 + steps - 1)  # filters with one time constant, whose delays add up to a gamma distribution
    needed = TAU * gamma.isf(tolerance, chain)
    assert needed <= settling_time(model, tolerance) <= 1.5 * needed
