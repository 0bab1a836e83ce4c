"""Oracle: SciPy's DOP853 on the equations of one cell, written out here by hand."""

from itertools import pairwise

import numpy as np
import pytest
from networks import parameters_of, small_model
from scipy.integrate import solve_ivp

from dendrosim.cells import ConductanceCell
from dendrosim.circuit import Circuit
from dendrosim.circuit.electrophysiology import current_clamp
from dendrosim.recording import Record

POTENTIALS = ("V_soma", "V_basal", "V_apical")
BIAS, THETA, TARGET, END = 0.7, 0.6, 1.0, 16.0


def tree(back):
    """dV/dt in mV/ms of soma, basal and apical dendrite with the default parameters, for currents in pA."""

    def derivative(potentials, soma=0.0, basal=0.0, apical=0.0):
        vs, vb, va = potentials
        return [
            (-9 * (vs + 70) + 30 * (vb - vs) + 18 * (va - vs) + soma) / 300,
            (-30 * (vb + 70) + back * 30 * (vs - vb) + basal) / 150,
            (-30 * (va + 70) + back * 18 * (vs - va) + apical) / 150,
        ]

    return derivative


def solved(derivative, states, times):
    found = solve_ivp(
        lambda _, y: derivative(y), (0, times[-1]), [-70.0] * states, "DOP853", times, rtol=1e-12, atol=1e-12
    )
    return found.y


@pytest.mark.parametrize(("coupling", "basal", "apical"), [("one-way", 30, 30), ("two-way", 30 + 30, 30 + 18)])
def test_a_time_constant_is_the_capacitance_over_all_conductances_that_load_a_compartment(coupling, basal, apical):
    cell = ConductanceCell(coupling=coupling)
    taus = cell.tau_soma, cell.tau_basal, cell.tau_apical
    assert taus == pytest.approx((300 / (9 + 30 + 18), 150 / basal, 150 / apical))


@pytest.mark.parametrize("coupling", ["one-way", "two-way"])
@pytest.mark.parametrize("compartment", ["soma", "basal", "apical"])
def test_the_response_to_a_current_step_is_the_solution_of_the_equations(coupling, compartment):
    derivative = tree(float(coupling == "two-way"))
    clamp = current_clamp(
        ConductanceCell(coupling=coupling), [100.0], compartment, before=0.0, step=40.0, after=0.0, dt=0.05
    )
    wanted = solved(lambda y: derivative(y, **{compartment: 100.0}), 3, clamp["time"].values)
    # Fourth-order steps of a hundredth of the shortest time constant: the stepping adds less than 1e-9 mV.
    np.testing.assert_allclose([clamp[name][0] for name in POTENTIALS], wanted, rtol=0, atol=1e-8)


@pytest.mark.parametrize("coupling", ["two-way", pytest.param("one-way", marks=pytest.mark.slow)])
def test_a_cell_of_the_circuit_with_constant_drive_and_target_is_the_solution_of_the_equations(coupling):
    back = float(coupling == "two-way")
    model = small_model((1, 1, 1), output="identity", cell={"kind": "conductance", "coupling": coupling})
    parameters = parameters_of(model, 0)
    for name, bias in (("hidden-1", BIAS), ("output", 0.0)):
        parameters.W[name][:], parameters.bias[name][:] = 0.0, bias
    parameters.theta["output"][:] = THETA
    record = Record(POTENTIALS, neurons={"hidden-1": (0,)}, interval=4.0)

    def simulated(dt):
        circuit = Circuit(model, parameters, dt=dt)
        dataset = circuit.relax(np.zeros((1, 1)), np.full((1, 1), TARGET), record=record).dataset
        return np.array([dataset[name].sel(time=slice(0, END)).values[0, :, 0] for name in POTENTIALS])

    # The exponential Euler method is first order with an error in powers of dt: seven halvings, extrapolated to dt = 0.
    table = [simulated(0.5 / 2**level) for level in range(7)]
    for order in range(1, len(table)):
        table = [fine + (fine - coarse) / (2**order - 1) for coarse, fine in pairwise(table)]

    g = np.array([[57, -30, -18], [-30 * back, 30 + 30 * back, 0], [-18 * back, 0, 30 + 18 * back]])
    z = np.linalg.inv(g)[0]

    def network(y):
        # y[3] is the output's basal dendrite; its soma is clamped to the target.
        clamped = -70 + 15 * TARGET
        out = 30 * (y[3] + 70) + back * 30 * (y[3] - clamped)
        error = TARGET - z[1] / 15 * out
        cell = tree(back)(y[:3], basal=15 * np.tanh(BIAS) / z[1], apical=15 * THETA * error / z[2])
        return [*cell, -out / 150]

    wanted = solved(network, 4, np.arange(0, END + 1, 4.0))[:3]
    np.testing.assert_allclose(table[0], wanted, rtol=0, atol=1e-8)
