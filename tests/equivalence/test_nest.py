"""Oracle: NEST's pp_cond_exp_mc_urbanczik, below threshold.

NEST's cell has one dendrite and two couplings: g_sp brings the dendrite's current to the soma, g_ps the soma's to the
dendrite. So g_sp is our g_B, and g_ps is 0 or g_B for one-way and two-way coupling. Our apical dendrite stays at rest
when the coupling is one-way, where it adds g_A to the leak of NEST's soma; coupled two ways it is all but cut off.
"""

import numpy as np
import pytest

from dendrosim.cells import ConductanceCell
from dendrosim.circuit.electrophysiology import current_clamp

nest = pytest.importorskip("nest", reason="nest-simulator has no wheel for this platform")

RESOLUTION = 0.1  # ms
# NEST lets its adaptive Runge-Kutta steps err by up to 1e-3 mV each; the leak forgets the errors of earlier steps.
TOLERANCE = 1e-3  # mV
DURATION, CURRENT = 60.0, 400.0
CELLS = {
    "one-way": ConductanceCell(basal_capacitance=200.0),
    "two-way": ConductanceCell(coupling="two-way", basal_capacitance=200.0, apical_conductance=1e-9),
}


def nest_neuron(cell, somatic_current):
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = RESOLUTION
    return nest.Create(
        "pp_cond_exp_mc_urbanczik",
        params={
            "phi_max": 0.0,  # never a spike
            "g_sp": cell.basal_conductance,
            "g_ps": cell.basal_conductance if cell.coupling == "two-way" else 0.0,
            "soma": {
                "C_m": cell.capacitance,
                "g_L": cell.leak_conductance + cell.apical_conductance,
                "E_L": cell.resting_potential,
                "I_e": somatic_current,
            },
            "dendritic": {
                "C_m": cell.basal_capacitance,
                "g_L": cell.basal_leak_conductance,
                "E_L": cell.resting_potential,
                "tau_syn_ex": 1e12,  # a synaptic current that stays: NEST's dendrite takes no other
            },
        },
    )


def simulated(neuron, duration):
    """Return time, somatic and dendritic potential."""
    multimeter = nest.Create("multimeter", params={"record_from": ["V_m.s", "V_m.p"], "interval": RESOLUTION})
    nest.Connect(multimeter, neuron)
    nest.Simulate(duration + RESOLUTION)
    return multimeter.events["times"], multimeter.events["V_m.s"], multimeter.events["V_m.p"]


def compared(cell, compartment, times, soma, dendrite):
    clamp = current_clamp(cell, [CURRENT], compartment, before=0.0, step=DURATION, after=0.0, dt=RESOLUTION)
    kept = (times > RESOLUTION / 2) & (times < DURATION - RESOLUTION / 2)
    ours = clamp.isel(current=0, time=slice(1, None))
    np.testing.assert_allclose(ours["time"], times[kept], atol=1e-9)
    assert np.ptp(ours["V_soma"].values) > 2.0
    np.testing.assert_allclose(soma[kept], ours["V_soma"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(dendrite[kept], ours["V_basal"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("coupling", CELLS)
def test_a_current_step_into_the_soma_has_the_same_response(coupling):
    neuron = nest_neuron(CELLS[coupling], CURRENT)
    compared(CELLS[coupling], "soma", *simulated(neuron, DURATION))


@pytest.mark.parametrize("coupling", CELLS)
def test_a_current_step_into_the_dendrite_has_the_same_response(coupling):
    neuron = nest_neuron(CELLS[coupling], 0.0)
    spike = nest.Create("spike_generator", params={"spike_times": [1.0]})
    dendrite = nest.GetDefaults("pp_cond_exp_mc_urbanczik", "receptor_types")["dendritic_exc"]
    nest.Connect(spike, neuron, syn_spec={"weight": CURRENT, "delay": 1.0, "receptor_type": dendrite})
    times, *potentials = simulated(neuron, DURATION + 2.0)
    compared(CELLS[coupling], "basal", times - 2.0, *potentials)
