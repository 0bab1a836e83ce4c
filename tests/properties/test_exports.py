"""Recordings in the formats of others: NWB reads back equal and passes its inspector, Neo holds the same numbers."""

import warnings

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of, small_model
from spiking_cells import period, unheard

from dendrosim.circuit import Circuit
from dendrosim.errors import Clipped, DataError
from dendrosim.recording import Record, Recording

IMAGE = model_of([1, 4, 4], [{"kind": "conv2d", "channels": 2, "kernel": 3}, dense(3)])
SEQUENCE = model_of([3, 2], [{"kind": "recurrent", "units": 2}, dense(2)])
MODELS = {
    "rate cells": small_model((5, 4, 3, 2)),
    "conductance cells": small_model((5, 4, 3, 2), cell={"kind": "conductance"}),
    "images": IMAGE,
    "sequences": SEQUENCE,
    "regression": small_model((5, 4, 3, 2), output="identity"),
    "spikes": small_model((5, 4, 3, 2), cell={"kind": "bursting"}),
    "spikes along sequences": model_of(
        [3, 2], [{"kind": "recurrent", "units": 2}, dense(2)], cell={"kind": "bursting", "ensemble": 50}
    ),
    "more neurons than samples": small_model((5, 40, 30, 2)),
}


@pytest.fixture(scope="module", params=MODELS)
def recording(request):
    model = MODELS[request.param]
    wide = request.param == "more neurons than samples"
    record = Record(synapses="all", interval=20.0 if wide else 2.0)
    # Two turns that end at different times, so that some samples are missing.
    circuit = Circuit(model, parameters_of(model, 0), dt=1.0, batch=2)
    stimuli, targets = presentations_of(model, 3, 0)
    stimuli = stimuli * np.array([1, 1, 1e-4]).reshape(3, *[1] * (stimuli.ndim - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        return circuit.relax(stimuli, targets, record=record, time_limit=1000.0 if model.cell.settles else 30.0)


def test_an_nwb_file_gives_back_the_recording(recording, tmp_path):
    again = Recording.from_nwb(recording.to_nwb(tmp_path / "recording.nwb"))
    assert again.dataset.identical(recording.dataset)
    assert again.reason == recording.reason
    assert [file.name for file in tmp_path.iterdir()] == ["recording.nwb"]


def test_a_loaded_recording_can_be_exported_too(recording, tmp_path):
    loaded = Recording.load(recording.save(tmp_path / "recording.nc"))
    assert Recording.from_nwb(loaded.to_nwb(tmp_path / "recording.nwb")).dataset.identical(recording.dataset)


def test_the_nwb_inspector_finds_nothing_critical(recording, tmp_path):
    from nwbinspector import Importance, inspect_nwbfile

    found = list(inspect_nwbfile(nwbfile_path=recording.to_nwb(tmp_path / "recording.nwb")))
    assert [
        f"{message.check_function_name}: {message.message}"
        for message in found
        if message.importance in (Importance.ERROR, Importance.PYNWB_VALIDATION, Importance.CRITICAL)
    ] == []


def test_nwb_has_compartments_with_units_and_presentations_as_trials(recording, tmp_path):
    import pynwb

    with pynwb.NWBHDF5IO(recording.to_nwb(tmp_path / "recording.nwb"), "r") as stream:
        file = stream.read()
        circuit, dataset = file.processing["circuit"], recording.dataset
        trial = file.trials[1]
        begin, end = float(trial["start_time"].iloc[0]), float(trial["stop_time"].iloc[0])
        np.testing.assert_array_equal(trial["stimulus"].iloc[0], dataset["stimulus"][1])
        np.testing.assert_array_equal(trial["target"].iloc[0], dataset["target"][1])
        clock = circuit["time_in_presentation"]
        inside = (clock.timestamps[:] >= begin) & (clock.timestamps[:] <= end)
        time = (
            dataset["time"][np.isfinite(dataset["soma"][1]).any(axis=1).values]
            if "soma" in dataset
            else dataset["time"]
        )
        np.testing.assert_allclose(clock.timestamps[inside] - begin, time / 1000)
        if "V_soma" in dataset:
            series = circuit["V_soma"]
            assert (series.unit, series.conversion) == ("volts", 1e-3)
            volts = series.data[inside] * series.conversion
            np.testing.assert_allclose(1e3 * volts, dataset["V_soma"].isel(presentation=1).sel(time=time))


def test_a_neo_block_holds_the_same_numbers_with_their_units_and_times(recording):
    import quantities

    dataset = recording.dataset
    block = recording.to_neo()
    units = {"1": quantities.dimensionless, "mV": quantities.mV, "Hz": quantities.Hz}
    assert [segment.name for segment in block.segments] == [f"presentation {n}" for n in range(3)]
    assert block.annotations["weights"] == dataset.attrs["weights"]
    for number, segment in enumerate(block.segments):
        ends = {signal.name: signal for signal in segment.irregularlysampledsignals}
        for signal in segment.analogsignals:
            layer, variable = signal.name.split()
            cells = recording.layer(layer)[variable].isel(presentation=number).dropna("time")
            assert signal.units == units[cells.attrs["units"]]
            pieces = [signal, ends[signal.name]] if signal.name in ends else [signal]
            times = np.concatenate([piece.times.rescale("ms").magnitude for piece in pieces])
            np.testing.assert_allclose(times, cells["time"], atol=1e-9)
            np.testing.assert_array_equal(np.concatenate([piece.magnitude for piece in pieces]), cells)
            np.testing.assert_array_equal(signal.array_annotations["index"], cells["index"])
    assert {signal.name for signal in block.segments[0].analogsignals} >= {"output basal", "output soma"}


@pytest.fixture(scope="module")
def spiking():
    """Ensembles of one cell, whose events are Poisson at 120 + 100 tanh(0.4) Hz and bursts three in ten of them."""
    model, parameters = unheard(60, ensemble=1)
    circuit = Circuit(model, parameters, dt=0.5)
    record = Record(("basal",), {"hidden-1": range(60)}, 100.0)
    return circuit.relax(np.zeros((2, 1)), start="settled", record=record, time_limit=1000.0)


def test_nwb_units_are_the_spikes_of_each_neuron_in_each_presentation(spiking, tmp_path):
    import pynwb

    path = spiking.to_nwb(tmp_path / "spikes.nwb")
    assert Recording.from_nwb(path).dataset.identical(spiking.dataset)
    with pynwb.NWBHDF5IO(path, "r") as stream:
        file = stream.read()
        assert len(file.units) == 120
        assert file.units.resolution == 5e-4
        unit = file.units.to_dataframe().query("layer == 'hidden-1' and neuron == 7 and presentation == 1").iloc[0]
        begin, end = (float(file.trials[1][name].iloc[0]) for name in ("start_time", "stop_time"))
    wanted = spiking.spikes("hidden-1", presentation=1).query("neuron == 7")
    np.testing.assert_allclose(unit["spike_times"], begin + wanted["time"] / 1000, atol=1e-12)
    np.testing.assert_array_equal(unit["burst"], wanted["burst"])
    np.testing.assert_allclose(unit["obs_intervals"], [[begin, end]])
    assert end - begin == pytest.approx(1.0005)


def test_neo_trains_have_times_in_ms_within_their_presentation_and_flags(spiking):
    import quantities

    for number, segment in enumerate(spiking.to_neo().segments):
        assert [train.annotations["neuron"] for train in segment.spiketrains] == list(range(60))
        train = segment.spiketrains[7]
        wanted = spiking.spikes("hidden-1", presentation=number).query("neuron == 7")
        assert (train.units, train.t_start, train.name) == (quantities.ms, 0.0, "hidden-1 neuron 7")
        assert float(train.t_stop) == pytest.approx(1000.5)
        np.testing.assert_array_equal(train.magnitude, wanted["time"])
        np.testing.assert_array_equal(train.array_annotations["burst"], wanted["burst"])


@pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")  # elephant's own
def test_elephant_finds_poisson_events_of_their_rate_in_the_trains(spiking):
    """CV of intervals is 1, their mean 1/e, and spike counts have a Fano factor of 1, all within four errors."""
    from elephant import statistics

    trains = [train for segment in spiking.to_neo().segments for train in segment.spiketrains]
    rate = 120 + 100 * np.tanh(0.4)
    intervals = np.concatenate([statistics.isi(train).magnitude for train in trains])
    assert abs(intervals.mean() - 1000 / rate) < 4 * 1000 / rate / np.sqrt(len(intervals))
    assert abs(statistics.cv(intervals) - 1) < 4 / np.sqrt(len(intervals))  # of an exponential, to first order
    rates = [float(statistics.mean_firing_rate(train).rescale("Hz")) for train in trains]
    assert abs(np.mean(rates) - rate) < 4 * np.sqrt(rate / len(trains))
    assert abs(statistics.fanofactor(trains) - 1) < 4 * np.sqrt(2 / (len(trains) - 1))
    bursts = np.concatenate([train.array_annotations["burst"] for train in trains])
    assert abs(bursts.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / len(bursts))


@pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")  # elephant's own
def test_elephant_finds_the_regular_intervals_of_a_cell_with_a_threshold():
    from elephant import statistics

    model, parameters = unheard(1, bias=np.arctanh(0.4), kind="leaky")
    recording = Circuit(model, parameters, dt=0.1).relax(np.zeros((1, 1)), start="settled", time_limit=200.0)
    (train,) = [each for each in recording.to_neo().segments[0].spiketrains if each.annotations["layer"] == "hidden-1"]
    intervals = statistics.isi(train)
    assert statistics.cv(intervals) < 1e-9
    assert statistics.lv(intervals) < 1e-9
    assert 0 <= float(intervals.mean()) - period(0.4) < 0.1


def test_a_recording_of_weights_alone_is_refused_with_a_remedy(tmp_path):
    model = small_model((5, 4, 3, 2), plasticity={"epochs": 1, "streams": 2})
    circuit = Circuit(model, parameters_of(model, 0), dt=1.0)
    weights = circuit.learn(*presentations_of(model, 2, 0), record=Record(synapses="all")).recording
    with pytest.raises(DataError, match="holds weights only, and NWB wants potentials over time; export a relaxation"):
        weights.to_nwb(tmp_path / "weights.nwb")
    with pytest.raises(DataError, match="holds weights only, and Neo wants"):
        weights.to_neo()


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    (tmp_path / "other.nwb").write_text("something else")
    for name, message in (("other.nwb", "cannot be read .*; choose another file"), ("missing.nwb", "there is no such")):
        with pytest.raises(DataError, match=message):
            Recording.from_nwb(tmp_path / name)
