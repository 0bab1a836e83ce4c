"""Rates, shares of bursts and spike-triggered averages, against closed forms and a loop over spikes."""

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of
from spiking_cells import period, unheard

import dendrosim as ds
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError
from dendrosim.recording import Record, Recording

ENSEMBLE, CELLS, PRESENTATIONS, TIME = 5, 40, 4, 400.0


@pytest.fixture(scope="module")
def unheard_recording():
    """Ensembles whose u comes from rest to tanh(0.4) with τ_basal, so that e(t) = K (r0 + r1 u(t)) is known."""
    model, parameters = unheard(CELLS, ensemble=ENSEMBLE, tau_basal=10.0)
    record = Record(("basal",), {"hidden-1": range(CELLS)}, 1.0)
    circuit = Circuit(model, parameters, dt=1.0)
    return circuit.relax(np.zeros((PRESENTATIONS, 1)), record=record, time_limit=TIME)


def expected_events(time):
    """Of one neuron in a time step of 1 ms."""
    return ENSEMBLE * (120 + 100 * potential(time)) / 1000


def potential(time):
    return np.tanh(0.4) * (1 - np.exp(-time / 10.0))


@pytest.mark.parametrize(("kind", "share"), [("events", 1.0), ("spikes", 1.0), ("bursts", 0.3)])
def test_the_population_rate_is_that_of_the_inhomogeneous_poisson_process(unheard_recording, kind, share):
    rate = ds.spikes.population_rate(unheard_recording, "hidden-1", interval=5.0, kind=kind)
    expected = share * expected_events(np.arange(TIME)).reshape(-1, 5).sum(axis=1) * 1000 / 5
    error = np.sqrt(expected / (CELLS * PRESENTATIONS * 0.005))
    assert rate.attrs["units"] == "Hz"
    np.testing.assert_allclose(rate["time"], np.arange(2.5, TIME, 5.0))
    standardised = (rate.values - expected) / error
    assert np.abs(standardised).max() < 4.5
    assert standardised.std() == pytest.approx(1.0, abs=0.25)
    one = [ds.spikes.population_rate(unheard_recording, "hidden-1", number, kind=kind) for number in range(4)]
    np.testing.assert_allclose(np.mean(one, axis=0), rate)


def test_the_burst_probability_is_p(unheard_recording):
    share = ds.spikes.burst_probability(unheard_recording, "hidden-1", interval=20.0)
    events = expected_events(np.arange(TIME)).reshape(-1, 20).sum(axis=1) * CELLS * PRESENTATIONS
    assert np.abs((share.values - 0.3) / np.sqrt(0.3 * 0.7 / events)).max() < 4.5


def test_the_average_before_an_event_is_the_signal_weighted_by_its_rate(unheard_recording):
    """The mean of u(t + lag) over events of rate e(t) is Σ e(t) u(t + lag) / Σ e(t)."""
    average = ds.spikes.spike_triggered_average(unheard_recording, "hidden-1", "basal", window=(-10.0, 30.0))
    time = np.arange(10.0, TIME + 1 - 30.0)
    expected = [
        np.sum(expected_events(time) * potential(time + lag)) / np.sum(expected_events(time))
        for lag in average["lag"].values
    ]
    np.testing.assert_allclose(average, expected, atol=4 * 0.1 / np.sqrt(average.attrs["triggers"]))
    assert average.attrs["triggers"] == pytest.approx(expected_events(time).sum() * CELLS * PRESENTATIONS, rel=0.02)


@pytest.mark.parametrize("kind", ["events", "bursts"])
def test_the_average_is_that_of_a_loop_over_spikes(kind):
    model = model_of([3, 2], [{"kind": "recurrent", "units": 4}, dense(2)], cell={"kind": "bursting", "ensemble": 2})
    circuit = Circuit(model, parameters_of(model, 0).map(lambda array: array / 3), dt=0.5)
    recording = circuit.relax(*presentations_of(model, 2, 0), record=Record(interval=2.0), time_limit=60.0)
    average = ds.spikes.spike_triggered_average(recording, "hidden-1", "error", window=(-8.0, 6.0), kind=kind)
    cells, found = recording.layer("hidden-1"), []
    for spike in recording.spikes("hidden-1").itertuples():
        sample = int(np.ceil(round(spike.time / 0.5) / 4 - 0.5))  # halfway between two samples: the earlier one
        whole = sample >= 4 and sample + 3 < cells.sizes["time"] - 1
        if whole and (kind == "events" or spike.burst):
            column = ((cells["index"] == spike.neuron) & (cells["step"] == spike.step)).values.nonzero()[0]
            found.append(cells["error"].values[spike.presentation, sample - 4 : sample + 4, column[0]])
    np.testing.assert_allclose(average, np.mean(found, axis=0), rtol=1e-12)
    np.testing.assert_allclose(average["lag"], np.arange(-8.0, 7.0, 2.0))
    assert average.attrs["triggers"] == len(found)


def test_the_average_of_the_charge_is_the_ramp_that_leads_to_the_threshold():
    """At a lag s before a spike, V is 4 u (1 − e^{−t/τ}) with t = interval + s, less the step after the reset."""
    model, parameters = unheard(1, bias=np.arctanh(0.4), kind="leaky")
    record = Record(("charge",), {"hidden-1": (0,)}, 0.1)
    recording = Circuit(model, parameters, dt=0.1).relax(
        np.zeros((1, 1)), start="settled", time_limit=300.0, record=record
    )
    between = float(np.diff(recording.spikes("hidden-1")["time"]).mean())
    ramp = ds.spikes.spike_triggered_average(recording, "hidden-1", "charge", window=(-8.0, 0.0), kind="spikes")
    np.testing.assert_allclose(ramp, 1.6 * (1 - np.exp(-(between + ramp["lag"] - 0.1) / 10.0)), atol=1e-3)
    assert 0.99 < float(ramp[-1]) < 1.0


def test_a_burst_of_a_cell_with_a_threshold_is_one_event_of_many_spikes():
    model, parameters = unheard(1, bias=np.arctanh(0.4), kind="leaky")
    recording = Circuit(model, parameters, dt=0.1).relax(np.zeros((1, 1)), start="settled", time_limit=300.0)
    count = len(recording.spikes("hidden-1"))
    assert count == pytest.approx(300 / period(0.4), abs=1)
    for kind, expected in {"spikes": count, "events": 1, "bursts": 1}.items():
        rate = ds.spikes.population_rate(recording, "hidden-1", interval=300.0, kind=kind)
        assert float(rate[0]) == pytest.approx(1000 * expected / 300)
    assert float(ds.spikes.burst_probability(recording, "hidden-1", interval=300.0)[0]) == 1.0


def test_a_presentation_that_ended_early_counts_only_while_it_lasted(unheard_recording):
    dataset = unheard_recording.dataset.copy(deep=True)
    dataset["basal"].loc[{"presentation": [1, 2, 3], "time": slice(200, None)}] = np.nan
    shortened = dataset.isel(
        {
            "spike.hidden-1": ~(
                (dataset["spike_presentation.hidden-1"] > 0) & (dataset["spike_time.hidden-1"] >= 199)
            ).values
        }
    )
    rate = ds.spikes.population_rate(Recording(shortened), "hidden-1", interval=100.0)
    expected = expected_events(np.arange(TIME)).reshape(-1, 100).mean(axis=1) * 1000
    counted = 40 * 0.1 * expected * [4, 4, 1, 1]  # cells, seconds and presentations
    np.testing.assert_array_less(np.abs(rate / expected - 1), 4 / np.sqrt(counted))


def test_what_cannot_be_averaged_is_said(unheard_recording):
    for message, arguments in {
        "'error' of 'hidden-1' was not recorded over time; record it": {"variable": "error"},
        "a window from 5 to -5 ms does not fit": {"variable": "basal", "window": (5.0, -5.0)},
        "a window from -900 to 0 ms does not fit": {"variable": "basal", "window": (-900.0, 0.0)},
        "there is no presentation 9": {"variable": "basal", "presentation": 9},
        "kind is 'all'; choose events, bursts, spikes": {"variable": "basal", "kind": "all"},
    }.items():
        with pytest.raises(DataError, match=message):
            ds.spikes.spike_triggered_average(unheard_recording, "hidden-1", **arguments)
    with pytest.raises(DataError, match="an interval of 0 ms does not divide 401 ms"):
        ds.spikes.population_rate(unheard_recording, "hidden-1", interval=0.0)
    with pytest.raises(DataError, match="no spikes were recorded of layer 'output'; choose out of hidden-1"):
        ds.spikes.burst_probability(unheard_recording, "output")
