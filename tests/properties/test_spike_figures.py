"""What rasters, rates and flashes show is what was recorded; bursts can be told by their form."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from networks import dense, model_of, parameters_of, presentations_of
from spiking_cells import unheard

import dendrosim as ds
from dendrosim import plot
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError
from dendrosim.recording import Record

MODEL = model_of([3], [dense(6), dense(3)], cell={"kind": "bursting"})


@pytest.fixture(scope="module")
def recording():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0).map(lambda array: array / 3), dt=0.5)
    return circuit.relax(*presentations_of(MODEL, 2, 0), record=Record(interval=2.0), time_limit=60.0)


def drawn(ax):
    """Times of ticks and of diamonds, by row."""
    spikes = {"|": {}, "D": {}}
    for line in ax.get_lines():
        for time, row in zip(line.get_xdata(), line.get_ydata(), strict=True):
            spikes[line.get_marker()].setdefault(float(row), []).append(float(time))
    return spikes


def test_a_raster_shows_every_spike_of_its_neurons_in_a_row_of_their_own(recording):
    ax = plot.raster(recording, "hidden-1", presentation=1, time=(10.0, 50.0))
    frame = recording.spikes("hidden-1", 1).query("10 <= time <= 50")
    for marker, flag in (("|", False), ("D", True)):
        for neuron in range(6):
            times = frame[(frame["neuron"] == neuron) & (frame["burst"] == flag)]["time"]
            assert sorted(drawn(ax)[marker].get(float(neuron), [])) == sorted(times)
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"single spike", "burst"}
    assert ax.get_xlim() == (10.0, 50.0)


def test_a_raster_of_all_layers_has_them_above_each_other_and_the_busiest_neurons(recording):
    ax = plot.raster(recording, neurons=2)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["hidden-1\n2 of 6", "output\n2 of 3"]
    low, high = ax.get_yticks()
    assert low < high
    counts = recording.spikes("hidden-1", 0)["neuron"].value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    busiest = sorted(counts.index[:2])
    frame = recording.spikes("hidden-1", 0)
    frame = frame[(frame["time"] <= ax.get_xlim()[1]) & ~frame["burst"]]
    for row, neuron in enumerate(busiest):
        assert sorted(drawn(ax)["|"][float(row)]) == sorted(frame[frame["neuron"] == neuron]["time"])


def test_of_a_cell_with_a_threshold_the_legend_says_that_each_spike_of_a_burst_is_drawn():
    model, parameters = unheard(2, bias=np.arctanh([0.3, 0.4]), kind="leaky")
    recording = Circuit(model, parameters, dt=0.5).relax(np.zeros((1, 1)), start="settled", time_limit=100.0)
    ax = plot.raster(recording, "hidden-1")
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"single spike", "spike of a burst"}
    assert set(drawn(ax)["|"]) == {0.0}
    assert set(drawn(ax)["D"]) == {1.0}


def test_rates_shares_and_averages_are_those_that_are_computed(recording):
    rate, share = plot.population_rate(recording, interval=10.0), plot.burst_probability(recording, interval=10.0)
    for number, layer in enumerate(MODEL.layer_names):
        for ax, measure in ((rate, ds.spikes.population_rate), (share, ds.spikes.burst_probability)):
            line = ax.get_lines()[number]
            np.testing.assert_array_equal(line.get_ydata(), measure(recording, layer, interval=10.0))
            assert line.get_label() == layer
    assert len({line.get_linestyle() for line in rate.get_lines()}) == 2
    assert rate.get_ylabel().endswith("(Hz)")
    ax = plot.spike_triggered_average(recording, "output", "error", window=(-10.0, 10.0))
    events, bursts, _ = ax.get_lines()
    for line, kind in ((events, "events"), (bursts, "bursts")):
        wanted = ds.spikes.spike_triggered_average(recording, "output", "error", window=(-10.0, 10.0), kind=kind)
        np.testing.assert_array_equal(line.get_ydata(), wanted)
        assert line.get_label() == f"{wanted.attrs['triggers']:,} {kind}"


def test_the_page_has_raster_rates_and_shares(recording):
    figure = plot.spikes_page(recording, presentation=1)
    assert [ax.get_ylabel() for ax in figure.axes] == ["", "events of a neuron (Hz)", "burst probability"]


def test_a_drawn_network_flashes_where_spikes_were_sent(recording):
    for time in (20.0, 40.0):
        ax = plot.network(recording, presentation=1, time=time)
        signs = [each for each in ax.collections if isinstance(each, PathCollection) and not len(each.get_facecolor())]
        assert len(signs) == 4  # rings and stars of two layers
        forms = {len(sign.get_paths()[0]) for sign in signs}
        assert len(forms) == 2
        for layer, (rings, stars) in zip(MODEL.layer_names, (signs[:2], signs[2:]), strict=True):
            frame = recording.spikes(layer, 1)
            frame = frame[(frame["time"] - time).between(-0.75, 1.25)]
            for artist, flag in ((rings, False), (stars, True)):
                wide = np.asarray(artist.get_linewidths())
                counts = np.bincount(frame["neuron"][frame["burst"] == flag], minlength=len(wide))
                np.testing.assert_array_equal(wide > 0, counts > 0)
                assert (np.diff(wide[np.argsort(counts, kind="stable")]) >= 0).all()


def test_without_spikes_nothing_flashes_and_a_raster_says_what_to_record():
    silent = MODEL.changed(cell={"kind": "rate"})
    recording = Circuit(silent, parameters_of(silent, 0), dt=1.0).relax(*presentations_of(silent, 1, 0))
    assert plot.network(recording).get_legend() is None
    with pytest.raises(DataError, match="this recording holds no spikes; record cells that send some"):
        plot.raster(recording)


def test_what_cannot_be_drawn_is_said(recording):
    with pytest.raises(DataError, match="there is no time from 5 to 5 ms; give the earlier one first"):
        plot.raster(recording, time=(5.0, 5.0))
    with pytest.raises(DataError, match="no spikes were recorded of layer 'hidden-9'; choose out of hidden-1, output"):
        plot.population_rate(recording, "hidden-9")
    with pytest.raises(DataError, match="there is no presentation 2"):
        plot.spikes_page(recording, presentation=2)
