"""Oracle: the closed forms of a passive tree for what an electrode measures."""

import numpy as np
import pytest

from dendrosim.cells import ConductanceCell
from dendrosim.circuit.electrophysiology import (
    current_clamp,
    firing_rate,
    input_resistance,
    membrane_time_constant,
    rate_curve,
    transfer_ratio,
)
from dendrosim.errors import CircuitError

ONE_WAY = ConductanceCell(leak_conductance=12.0, basal_conductance=25.0, apical_conductance=15.0)
TWO_WAY = ONE_WAY.model_copy(update={"coupling": "two-way"})
LAPLACIAN = np.array([[52.0, -25.0, -15.0], [-25.0, 55.0, 0.0], [-15.0, 0.0, 45.0]])  # nS
IMPEDANCE = np.linalg.inv(LAPLACIAN) * 1e3  # MΩ


def test_input_resistance_coupled_one_way_is_one_over_the_total_conductance():
    assert input_resistance(ONE_WAY) == pytest.approx(1e3 / 52, rel=1e-7)
    assert input_resistance(ONE_WAY, "basal") == pytest.approx(1e3 / 30, rel=1e-7)


def test_input_resistance_coupled_two_ways_is_the_diagonal_of_the_inverse_laplacian():
    for index, compartment in enumerate(("soma", "basal", "apical")):
        assert input_resistance(TWO_WAY, compartment) == pytest.approx(IMPEDANCE[index, index], rel=1e-7)


def test_membrane_time_constant_coupled_one_way_is_capacitance_over_total_conductance():
    assert membrane_time_constant(ONE_WAY) == pytest.approx(300 / 52, rel=1e-5)


def test_membrane_time_constant_coupled_two_ways_is_that_of_the_slowest_mode():
    rates = np.linalg.eigvals(LAPLACIAN / np.array([[300.0], [150.0], [150.0]]))
    assert membrane_time_constant(TWO_WAY) == pytest.approx(1 / rates.real.min(), rel=1e-5)


def test_the_transfer_ratio_coupled_one_way_is_the_share_of_the_dendrites_conductance():
    assert transfer_ratio(ONE_WAY, "basal") == pytest.approx(25 / 52, rel=1e-7)
    assert transfer_ratio(ONE_WAY, "apical") == pytest.approx(15 / 52, rel=1e-7)


def test_the_transfer_ratio_coupled_two_ways_is_transfer_over_input_impedance():
    assert transfer_ratio(TWO_WAY, "basal") == pytest.approx(IMPEDANCE[0, 1] / IMPEDANCE[1, 1], rel=1e-7)
    assert transfer_ratio(TWO_WAY, "apical") == pytest.approx(IMPEDANCE[0, 2] / IMPEDANCE[2, 2], rel=1e-7)


def test_transfer_between_two_compartments_is_the_same_both_ways():
    there = current_clamp(TWO_WAY, [50.0], "soma", step=200.0, after=0.0)["V_apical"].values[0, -1]
    back = current_clamp(TWO_WAY, [50.0], "apical", step=200.0, after=0.0)["V_soma"].values[0, -1]
    assert there == pytest.approx(back, abs=1e-9)
    assert there == pytest.approx(-70 + 0.05 * IMPEDANCE[0, 2], abs=1e-6)


def test_the_rate_rises_linearly_with_the_current_between_its_bounds():
    currents = np.array([-2000.0, -300.0, 0.0, 300.0, 2000.0])
    deflection = currents / 52 / 15  # S of activity
    np.testing.assert_allclose(rate_curve(ONE_WAY, currents), 50 * (1 + np.clip(deflection, -1, 1)), rtol=1e-7)
    expected = 150 * np.clip(deflection, 0, 1)
    np.testing.assert_allclose(rate_curve(ONE_WAY, currents, "sigmoid"), expected, rtol=1e-7, atol=1e-9)


def test_nothing_happens_before_the_step_and_everything_is_over_long_after_it():
    clamp = current_clamp(TWO_WAY, [200.0], before=10.0, step=50.0, after=300.0)
    assert (clamp["V_soma"].sel(time=slice(None, 0)) == -70).all()
    assert float(clamp["V_soma"].max()) > -67
    assert float(clamp["V_soma"][0, -1]) == pytest.approx(-70, abs=1e-6)


def test_an_unknown_compartment_or_an_activation_without_bounds_is_one_sentence():
    with pytest.raises(CircuitError, match="the compartment to inject into is 'axon'; choose soma, basal, apical"):
        current_clamp(ONE_WAY, [10.0], "axon")
    with pytest.raises(CircuitError, match="the activation of bounded rates is 'relu'; choose tanh, sigmoid"):
        firing_rate(ONE_WAY, "relu", np.array([-70.0]))


def test_a_step_that_the_method_cannot_follow_is_refused_and_the_next_smaller_one_is_not():
    cell = ConductanceCell(coupling="two-way")
    limit = 2.785 / np.linalg.eigvals(cell.conductances / cell.capacitances[:, None]).real.max()
    with pytest.raises(CircuitError, match="choose a positive dt below"):
        current_clamp(cell, [100.0], dt=1.001 * limit)
    clamp = current_clamp(cell, [100.0], step=60 * limit, after=60 * limit, dt=0.99 * limit)
    assert float(np.abs(clamp["V_soma"] - cell.resting_potential).max()) < 50
