"""Oracles: the closed form of a double exponential, Jahr and Stevens' formula, and SciPy on the membrane equation."""

from itertools import pairwise

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms
from networks import dense, model_of, parameters_of
from scipy.integrate import solve_ivp

from dendrosim.cells import AMPA, GABA, NMDA, ActiveCell, ConductanceCell, synaptic_input
from dendrosim.circuit import Circuit
from dendrosim.circuit.isolated import isolated
from dendrosim.errors import CircuitError, DataError

SYNAPSES = (AMPA(), NMDA(), GABA())
SPIKES = np.array([1.0, 4.0, 4.5])  # ms


def double_exponential(synapse, weight, time):
    """In nS: a peak of `weight` after each spike, by brute force."""
    alone = lambda t: np.where(t > 0, np.exp(-t / synapse.decay) - np.exp(-t / synapse.rise), 0.0)  # noqa: E731
    peak = alone(np.linspace(0, 10 * synapse.decay, 2_000_001)).max()
    return weight / peak * sum(alone(time - spike) for spike in SPIKES)


def driven(cells, compartment, synapses, weight, names, duration, network=None):
    """The variables of one cell while spikes arrive at all its synapses, at the beginning of each time step."""
    clock = cells.clock
    source = b2.SpikeGeneratorGroup(1, [0, 0, 0], SPIKES * ms - clock.dt, clock=clock)
    on_pre = "\n".join(synapse.on_pre(compartment, f"{weight}*nS") for synapse in synapses)
    arrival = b2.Synapses(source, cells, on_pre=on_pre, clock=clock)
    arrival.connect()
    monitor = b2.StateMonitor(cells, names, record=[0], clock=clock, when="start")
    network = network or b2.Network(cells)
    network.add(source, arrival, monitor)
    network.run(duration * ms, namespace={})
    return np.array(monitor.t / ms), *(np.array(getattr(monitor, f"{name}_"))[0] for name in names)


def test_conductances_of_all_receptors_on_one_compartment_are_double_exponentials_with_the_peak_of_their_weight():
    cell, compartment = ActiveCell(noise=0.0), "dendrite"
    cells = isolated(cell, 1, synaptic_input(compartment, *SYNAPSES), dt=0.02)
    names = [synapse.conductance(compartment) for synapse in SYNAPSES]
    time, *found = driven(cells, compartment, SYNAPSES, 0.5, names, 30.0)
    for synapse, conductance in zip(SYNAPSES, found, strict=True):
        np.testing.assert_allclose(conductance * 1e9, double_exponential(synapse, 0.5, time), rtol=0, atol=1e-6)


def test_a_peak_is_where_and_as_high_as_its_closed_form_says():
    for synapse in SYNAPSES:
        time = np.linspace(0, 5 * synapse.decay, 1_000_001)
        course = synapse.normalisation * (np.exp(-time / synapse.decay) - np.exp(-time / synapse.rise))
        assert course.max() == pytest.approx(1, abs=1e-9)
        assert time[course.argmax()] == pytest.approx(synapse.peak_time, abs=5e-4 * synapse.decay)


def test_magnesium_blocks_by_the_formula_of_jahr_and_stevens():
    potential = np.linspace(-90, 40, 14)
    for magnesium in (0.0, 0.5, 1.0, 2.0):
        wanted = 1 / (1 + magnesium / 3.57 * np.exp(-0.062 * potential))
        np.testing.assert_allclose(NMDA(magnesium=magnesium).unblocked(potential), wanted, rtol=1e-14)
    assert NMDA().unblocked(-1 / 0.062 * np.log(3.57)) == pytest.approx(0.5)


def membrane(synapses, weight, end, step):
    """The basal dendrite of a conductance cell, coupled one way: 150 pF, 30 nS, rest at −70 mV."""

    def slope(t, V):
        current = -30 * (V + 70)
        for synapse in synapses:
            share = synapse.unblocked(V) if isinstance(synapse, NMDA) else 1.0
            current += double_exponential(synapse, weight, np.array(t)) * share * (synapse.reversal - V)
        return current / 150

    state, found = [-70.0], []
    for begin, until in pairwise([0.0, *SPIKES, end]):  # a solver likes no kinks
        times = np.arange(round(begin / step), round(until / step) + 1) * step
        part = solve_ivp(slope, (begin, times[-1]), state, "DOP853", times, rtol=1e-12, atol=1e-12)
        state, found = part.y[:, -1], [*found, part.y[0, :-1]]
    return np.concatenate(found)


@pytest.mark.parametrize("synapse", SYNAPSES, ids=lambda each: each.receptor)
def test_the_membrane_follows_the_equation_as_the_step_becomes_short(synapse, monkeypatch):
    monkeypatch.setattr(f"{__name__}.double_exponential", cheap(synapse))
    errors = []
    for dt in (0.1, 0.05):
        cells = isolated(ConductanceCell(), 1, synaptic_input("basal", synapse), dt=dt)
        _, potential = driven(cells, "basal", (synapse,), 20.0, ["V_basal"], 15.0)
        wanted = membrane((synapse,), 20.0, 15.0, dt)
        errors.append(np.abs(potential * 1e3 - wanted).max())
        assert np.ptp(wanted) > 1
    order = 1 if isinstance(synapse, NMDA) else 4  # its block is that of the beginning of a step
    assert errors[1] < errors[0] / 2**order * 1.3 + 1e-7
    assert errors[1] < (0.05 if order == 1 else 1e-4)


def cheap(synapse):
    """The same closed form with the peak of the synapse, for a solver that asks often."""
    return lambda _, weight, t: (
        weight
        * synapse.normalisation
        * sum(np.exp(-(t - s) / synapse.decay) - np.exp(-(t - s) / synapse.rise) for s in SPIKES if t > s)
    )


def test_synapses_of_a_circuit_have_the_conductances_of_a_single_cell_at_its_own_step():
    model, compartment = model_of([2], [dense(3), dense(2)], cell={"kind": "conductance"}), "apical"
    embedded = Circuit(model, parameters_of(model, 0), dt=0.25).embed(
        network=(network := b2.Network()), inputs=synaptic_input(compartment, *SYNAPSES)
    )
    layer, names = embedded["hidden-1"], [synapse.conductance(compartment) for synapse in SYNAPSES]
    time, *found = driven(layer, compartment, SYNAPSES, 0.5, [*names, f"V_{compartment}"], 30.0, network)
    for synapse, conductance in zip(SYNAPSES, found, strict=False):  # exponential Euler is exact here, at any step
        np.testing.assert_allclose(conductance * 1e9, double_exponential(synapse, 0.5, time), rtol=0, atol=1e-6)
    assert np.ptp(found[-1]) > 0.1e-3
    assert not np.any(getattr(embedded["output"], names[0])[:] * 1e9)  # no spike arrives there


def test_mistakes_are_one_sentence():
    with pytest.raises(DataError, match=r"a synapse of nmda rises with 90 ms and decays with 75 ms; choose a slower"):
        NMDA(rise=90.0)
    with pytest.raises(DataError, match=r"a synapse of ampa: decay: .* but it is -1"):
        AMPA(decay=-1.0)
    with pytest.raises(DataError, match=r"the synapses are ampa, ampa; give one of each receptor"):
        synaptic_input("soma", AMPA(), AMPA(decay=5.0))
    with pytest.raises(DataError, match=r"the synapses are none"):
        synaptic_input("soma")
    with pytest.raises(
        CircuitError, match=r"cells of kind 'active' have no input 'I_basal'; write equations of I_soma"
    ):
        isolated(ActiveCell(), 1, synaptic_input("basal", AMPA()))
    with pytest.raises(CircuitError, match=r"cells of kind 'conductance' have no input 'spare'; write equations"):
        isolated(ConductanceCell(), 1, synaptic_input("basal", AMPA()) + "dspare/dt = -spare/ms : 1")
    model = model_of([2], [dense(3), dense(2)])
    with pytest.raises(CircuitError, match=r"the input 'I_basal' of cells of kind 'rate' has the unit 1, not"):
        Circuit(model, parameters_of(model, 0)).embed(inputs=synaptic_input("basal", AMPA()))
    with pytest.raises(CircuitError, match=r"'soma' cannot be isolated; give a ConductanceCell or an ActiveCell"):
        isolated("soma")
