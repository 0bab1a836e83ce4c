"""Oracles: closed forms of single parts, what is known of the cell, and the prototype of the project's reference."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms, pA

from dendrosim.cells import ActiveCell
from dendrosim.circuit.active_cells import bac_firing, back_propagation, critical_frequency, plateau_time, spike_train
from dendrosim.circuit.burst_code import burst_curves, calibrated
from dendrosim.circuit.isolated import isolated
from dendrosim.errors import CircuitError

CELL = ActiveCell()
# I_s, I_d in pA → rate of events in Hz, share of bursts: 60 cells for 1 s, in NumPy by Euler's method.
PROTOTYPE = {
    (300, 0): (4.8, 0.30),
    (300, 200): (5.2, 0.67),
    (300, 400): (8.2, 0.77),
    (400, 0): (6.7, 0.32),
    (400, 200): (6.3, 0.68),
    (500, 0): (8.3, 0.34),
    (500, 200): (7.7, 0.64),
    (500, 400): (8.9, 0.80),
}


@pytest.fixture(scope="module")
def critical():
    return critical_frequency(CELL)


def spike_times(found, trial):
    return found["time"].values[found["spikes"].sel(trial=trial).values > 0]


def test_a_dendritic_current_turns_one_spike_into_a_burst():
    found = bac_firing(CELL)
    assert len(spike_times(found, "soma")) == 1
    assert found["V_dendrite"].sel(trial="soma").max() < -38  # no plateau by the back-propagating spike alone
    burst = spike_times(found, "both")
    assert len(burst) >= 3
    np.testing.assert_allclose(np.diff(burst)[:2], [5.5, 6.3], atol=0.2)  # the prototype, on its grid of 0.1 ms
    assert found["V_dendrite"].sel(trial="both").max() > 0


def test_a_back_propagating_spike_charges_the_dendrite_as_a_pulse_charges_an_rc_circuit():
    passive = CELL.model_copy(update={"dendrite_plateau": 0.0, "dendrite_adaptation": 0.0})
    assert back_propagation(passive) == pytest.approx(2600 * 7 / 170 * (1 - np.exp(-2 / 7)), abs=1e-6)
    assert back_propagation(CELL) > back_propagation(passive) - 1  # the plateau makes up for what adapts
    assert back_propagation(passive.model_copy(update={"pulse": 0.0})) == pytest.approx(0, abs=1e-9)


def test_a_train_opens_the_plateau_above_a_critical_frequency_and_only_with_back_propagating_spikes(critical):
    assert 70 <= critical <= 100
    train = spike_train(CELL, [critical - 10, critical + 10])
    slow, fast = plateau_time(train).values
    assert slow < 5 < 10 < fast
    assert train["spikes"].sum("time")[0] == 4  # as many as there are pulses
    assert np.isnan(critical_frequency(CELL.model_copy(update={"pulse": 0.0}), highest=150))
    # Passive, the dendrite is that depolarised only while many spikes a second arrive.
    assert np.isnan(critical_frequency(CELL.model_copy(update={"dendrite_plateau": 0.0}), highest=150))


def test_what_the_soma_feels_of_a_plateau_is_more_spikes_and_not_its_critical_frequency(critical):
    blocked = CELL.model_copy(update={"soma_plateau": 0.0})
    assert critical_frequency(blocked, highest=100) == pytest.approx(critical, abs=5)
    spikes = [int(spike_train(cell, [120.0])["spikes"].sum()) for cell in (CELL, blocked)]
    assert spikes[0] > spikes[1] == 4


def test_trains_that_are_none_are_refused():
    for frequencies in ([], [0.0], [600.0], [[10.0]]):
        with pytest.raises(CircuitError, match=r"the frequencies are not all above 0 and below 500 Hz"):
            spike_train(CELL, frequencies)


def test_currents_that_are_none_are_refused():
    for soma in ("much", [np.nan], [[300.0]], []):
        with pytest.raises(CircuitError, match=r"the currents"):
            burst_curves(CELL, soma, [0.0])
    with pytest.raises(CircuitError, match=r"the seed is -1"):
        burst_curves(CELL, [300.0], [0.0], seed=-1)


def test_events_and_bursts_are_those_that_a_list_of_spike_times_gives():
    cells = isolated(CELL, 40, seed=3)
    cells.I_soma, cells.I_dendrite = 600 * pA, np.linspace(-200, 300, 40) * pA
    monitor = b2.SpikeMonitor(cells)
    b2.Network(cells, monitor).run(600 * ms)
    for index, train in monitor.spike_trains().items():
        events, bursts, last, is_second = 0, 0, -1e3, False
        for time in np.array(train / ms):
            is_event = time - last > 16 + 1e-9
            events, bursts = events + is_event, bursts + (is_second and not is_event)
            is_second, last = is_event, time
        assert (events, bursts) == (cells.event_count[index], cells.burst_count[index])


@pytest.mark.slow
def test_the_rate_of_events_follows_the_soma_and_the_share_of_bursts_the_dendrite_as_in_the_prototype():
    cells, duration = 200, 600.0
    curves = burst_curves(CELL, [300.0, 400.0, 500.0], [0.0, 200.0, 400.0], cells=cells, duration=duration)
    assert curves["event_rate"].attrs["units"] == "Hz"
    seconds = cells * duration / 1000
    for (soma, dendrite), (rate, share) in PROTOTYPE.items():
        ours = curves.sel(soma=soma, dendrite=dendrite)
        # Poisson and binomial errors of both; 0.05 Hz and 0.005 is what the prototype rounded off.
        of_rate = np.sqrt(rate * (1 / 60 + 1 / seconds))
        of_share = np.sqrt(share * (1 - share) / rate * (1 / 60 + 1 / seconds))
        assert abs(float(ours["event_rate"]) - rate) < 3 * of_rate + 0.05
        assert abs(float(ours["burst_probability"]) - share) < 3 * of_share + 0.005
    assert (curves["burst_probability"].diff("dendrite") > 0).all()
    assert (curves["event_rate"].sel(dendrite=0.0).diff("soma") > 0).all()


@pytest.mark.slow
def test_the_code_of_the_cell_is_what_is_measured_on_it():
    found = calibrated(CELL, cells=200, duration=500.0, seed=7)
    # Standard errors by repetition with 100 cells: 0.09 Hz, 0.15 Hz, 0.004 and 0.02; those of the defaults are lower.
    assert found.base_rate == pytest.approx(CELL.base_rate, abs=0.4)
    assert found.gain == pytest.approx(CELL.gain, abs=0.6)
    assert found.base_probability == pytest.approx(CELL.base_probability, abs=0.02)
    assert found.burst_gain == pytest.approx(CELL.burst_gain, abs=0.08)
    assert found.model_copy(update={name: getattr(CELL, name) for name in type(CELL).model_fields}) == CELL


def test_a_cell_whose_currents_carry_no_code_is_not_calibrated():
    with pytest.raises(CircuitError, match="where both have to rise; choose other soma_current"):
        calibrated(CELL.model_copy(update={"soma_current": 2600.0}), cells=20, duration=200.0)
