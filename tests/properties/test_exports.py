"""Recordings in the formats of others: NWB reads back equal and passes its inspector, Neo holds the same numbers."""

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import DataError
from dendrosim.recording import Record, Recording

IMAGE = model_of([1, 4, 4], [{"kind": "conv2d", "channels": 2, "kernel": 3}, dense(3)])
SEQUENCE = model_of([3, 2], [{"kind": "recurrent", "units": 2}, dense(2)])
MODELS = {
    "rate cells": small_model((5, 4, 3, 2)),
    "conductance cells": small_model((5, 4, 3, 2), cell={"kind": "conductance"}),
    "images": IMAGE,
    "sequences": SEQUENCE,
    "regression": small_model((5, 4, 3, 2), output="identity"),
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
    return circuit.relax(stimuli * np.array([1, 1, 1e-4]).reshape(3, *[1] * (stimuli.ndim - 1)), targets, record=record)


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
    assert [segment.name for segment in block.segments] == [f"presentation {n}" for n in range(3)]
    assert block.annotations["weights"] == dataset.attrs["weights"]
    for number, segment in enumerate(block.segments):
        ends = {signal.name: signal for signal in segment.irregularlysampledsignals}
        for signal in segment.analogsignals:
            layer, variable = signal.name.split()
            cells = recording.layer(layer)[variable].isel(presentation=number).dropna("time")
            assert signal.units == (quantities.mV if variable.startswith("V_") else quantities.dimensionless)
            pieces = [signal, ends[signal.name]] if signal.name in ends else [signal]
            times = np.concatenate([piece.times.rescale("ms").magnitude for piece in pieces])
            np.testing.assert_allclose(times, cells["time"], atol=1e-9)
            np.testing.assert_array_equal(np.concatenate([piece.magnitude for piece in pieces]), cells)
            np.testing.assert_array_equal(signal.array_annotations["index"], cells["index"])
    assert {signal.name for signal in block.segments[0].analogsignals} >= {"output basal", "output soma"}


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
