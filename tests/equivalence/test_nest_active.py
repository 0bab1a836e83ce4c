"""Oracle: NEST. What it has of the active cell and of synapses; its models share no code and no solver with ours.

NEST has no cell with a plateau f(V_d) that flows as a current, so that BAC firing cannot be compared. What can be: the
soma without plateau and with a fixed threshold is an integrate-and-fire cell with spike-triggered adaptation
(`aeif_cond_exp` with Delta_T = 0), the dendrite without plateau one with subthreshold adaptation; the conductances of
`cm_default` are double exponentials normalised as ours. Its NMDA receptor blocks by 1/(1 + 0.3 exp(−0.1 V)) instead of
Jahr and Stevens' formula, which `iaf_bw_2001` has.
"""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, nS

from dendrosim.cells import AMPA, GABA, NMDA, ActiveCell, ConductanceCell, synaptic_input
from dendrosim.circuit.active_cells import stimulate
from dendrosim.circuit.isolated import isolated

nest = pytest.importorskip("nest", reason="nest-simulator has no wheel for this platform")

RESOLUTION = 0.05  # ms
PASSIVE = ActiveCell(noise=0.0, soma_plateau=0.0, dendrite_plateau=0.0, pulse=0.0, threshold_step=0.0)


@pytest.fixture(autouse=True)
def kernel():
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = RESOLUTION


def recorded(neuron, names, duration):
    meter = nest.Create("multimeter", params={"record_from": names, "interval": RESOLUTION})
    nest.Connect(meter, neuron)
    nest.Simulate(duration + RESOLUTION)
    return meter.events["times"], *(meter.events[name] for name in names)


def integrate_and_fire(**params):
    common = {"E_L": -70.0, "V_m": -70.0, "V_reset": -70.0, "Delta_T": 0.0, "t_ref": 0.0, "gsl_error_tol": 1e-9}
    return nest.Create("aeif_cond_exp", params=common | params)


def test_a_soma_without_plateau_fires_as_an_adapting_integrate_and_fire_cell():
    soma = {"C_m": 370.0, "g_L": 370.0 / 16.0, "V_th": -50.0, "V_peak": -50.0, "a": 0.0, "b": 200.0, "tau_w": 100.0}
    neuron = integrate_and_fire(I_e=1500.0, **soma)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neuron, recorder)
    nest.Simulate(300.0)
    steps = round(300.0 / RESOLUTION)
    found = stimulate(PASSIVE, np.full((1, steps), 1500.0), np.zeros((1, steps)), dt=RESOLUTION)
    ours = found["time"].values[found["spikes"][0] > 0] + RESOLUTION
    theirs = recorder.events["times"]
    assert len(theirs) == len(ours) > 8
    # NEST resets between two points of the grid, ours at the next: every spike is late by up to one step more.
    assert (np.abs(ours - theirs) < 2 * RESOLUTION * np.arange(1, len(ours) + 1)).all()


def test_a_dendrite_without_plateau_adapts_as_a_cell_with_subthreshold_adaptation():
    dendrite = {"C_m": 170.0, "g_L": 170.0 / 7.0, "V_th": 0.0, "V_peak": 0.0, "a": 13.0, "b": 0.0, "tau_w": 30.0}
    times, potential = recorded(integrate_and_fire(I_e=300.0, **dendrite), ["V_m"], 80.0)
    steps = len(times) + 1
    ours = stimulate(PASSIVE, np.zeros((1, steps)), np.full((1, steps), 300.0), dt=RESOLUTION)["V_dendrite"][0]
    assert np.ptp(potential) > 5
    np.testing.assert_allclose(ours[1 : len(times) + 1], potential, rtol=0, atol=1e-4)


BASAL = ConductanceCell()  # coupled one way: its basal dendrite is a membrane of 150 pF and 30 nS


def after_one_spike(synapse, weight, duration, dt=RESOLUTION):
    """Conductance in nS and potential in mV of the basal dendrite."""
    cells = isolated(BASAL, 1, synaptic_input("basal", synapse), dt=dt)
    spike = b2.SpikeGeneratorGroup(1, [0], [0] * ms, clock=cells.clock)
    arrival = b2.Synapses(spike, cells, on_pre=synapse.on_pre("basal", f"{weight}*nS"), clock=cells.clock)
    arrival.connect()
    names = [synapse.conductance("basal"), "V_basal"]
    monitor = b2.StateMonitor(cells, names, record=True, clock=cells.clock, when="end")
    b2.Network(cells, spike, arrival, monitor).run(duration * ms)
    return np.array(getattr(monitor, names[0])[0] / nS), np.array(monitor.V_basal[0] / b2.mV)


def compartmental(synapse, weight, duration, resolution):
    """Conductance in nS and potential in mV of NEST's compartment, from its spike on, at every RESOLUTION."""
    nest.ResetKernel()
    nest.resolution, name = resolution, synapse.receptor.upper()
    neuron = nest.Create("cm_default")
    neuron.compartments = [{"parent_idx": -1, "params": {"C_m": 0.15, "g_C": 0.0, "g_L": 0.03, "e_L": -70.0}}]
    times = {f"tau_r_{name}": synapse.rise, f"tau_d_{name}": synapse.decay, f"e_{name}": synapse.reversal}
    neuron.receptors = [{"comp_idx": 0, "receptor_type": name, "params": times}]
    spike = nest.Create("spike_generator", params={"spike_times": [1.0]})
    nest.Connect(spike, neuron, syn_spec={"weight": weight / 1000, "delay": 1.0, "receptor_type": 0})
    time, rising, falling, potential = recorded(neuron, [f"g_r_{name}_0", f"g_d_{name}_0", "v_comp0"], duration)
    kept = time > 2.0 + RESOLUTION / 2
    return 1000 * (rising + falling)[kept], potential[kept]


@pytest.mark.parametrize("synapse", [AMPA(), GABA(), NMDA()], ids=lambda each: each.receptor)
def test_conductances_after_a_spike_are_those_of_a_compartmental_model(synapse):
    weight, duration = 2.0, 60.0
    (theirs, coarse), (_, fine) = (compartmental(synapse, weight, duration, RESOLUTION / n) for n in (1, 2))
    conductance, potential = (each[1 : len(theirs) + 1] for each in after_one_spike(synapse, weight, duration))
    # NEST's steps are exact; the fourth-order method errs in e^−t by h⁴/120 t e^−t and less than a fifth more.
    tolerance = weight * synapse.normalisation * (RESOLUTION / synapse.rise) ** 4 / (100 * np.e)
    np.testing.assert_allclose(conductance, theirs, rtol=0, atol=tolerance)
    assert conductance.max() == pytest.approx(weight, rel=1e-3)
    if synapse.receptor != "nmda":  # NEST's blocks by another formula
        assert np.ptp(potential) > 0.1
        # The potentials of cm_default are of first order in its resolution: what is left once that is taken off.
        np.testing.assert_allclose(potential, 2 * fine - coarse, rtol=0, atol=1e-3)


def test_magnesium_blocks_as_in_the_cell_of_brunel_and_wang():
    sender, receiver = nest.Create("iaf_bw_2001_exact", 2)
    receiver.set({"V_th": 100.0, "C_m": 20.0, "g_L": 2.0})
    spikes = nest.Create("spike_generator", params={"spike_times": list(np.arange(1.0, 100.0, 4.0))})
    receptors = nest.GetDefaults("iaf_bw_2001_exact", "receptor_types")
    nest.Connect(spikes, sender, syn_spec={"weight": 2000.0, "receptor_type": receptors["AMPA"]})
    nest.Connect(sender, receiver, syn_spec={"weight": 30.0, "receptor_type": receptors["NMDA"]})
    _, current, potential, opened = recorded(receiver, ["I_NMDA", "V_m", "s_NMDA"], 150.0)
    kept = (opened > 1e-3) & (potential < -1)
    share = current[kept] / (opened[kept] * potential[kept])
    assert np.ptp(potential[kept]) > 40  # mV of the curve
    factor = share / NMDA().unblocked(potential[kept])
    np.testing.assert_allclose(factor, factor[0], rtol=1e-6)  # the weight, and the sign of the current
