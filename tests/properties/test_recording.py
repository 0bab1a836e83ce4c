"""Recordings: dimensions, units, files, and batches that are taken in turns."""

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.recording import Record, Recording

MODEL = small_model((5, 4, 3, 2))


@pytest.fixture(scope="module")
def circuit():
    return Circuit(MODEL, parameters_of(MODEL, 0))


@pytest.fixture(scope="module")
def recording(circuit):
    return circuit.relax(*presentations_of(MODEL, 3, 0))


def test_every_variable_has_presentation_time_and_neuron_and_a_unit(recording):
    for name in ("basal", "apical", "soma", "error"):
        variable = recording.dataset[name]
        assert variable.dims == ("presentation", "time", "neuron")
        assert variable.attrs["units"] == "1"
        assert variable.attrs["long_name"]
    assert recording.dataset["time"].attrs["units"] == "ms"
    assert dict(recording.dataset.sizes)["neuron"] == 4 + 3 + 2
    assert list(recording.layer("hidden-2")["index"].values) == [0, 1, 2]


def test_the_error_is_the_difference_of_soma_and_basal_dendrite(recording):
    dataset = recording.dataset
    np.testing.assert_array_equal(dataset["error"], dataset["soma"] - dataset["basal"])


def test_an_output_cell_has_no_apical_dendrite(recording):
    assert np.isnan(recording.layer("output")["apical"]).all()
    assert np.isfinite(recording.layer("hidden-1")["apical"]).all()


def test_time_increases_and_the_last_sample_is_the_state_at_the_end(circuit):
    recording = circuit.relax(*presentations_of(MODEL, 3, 0))
    assert (np.diff(recording.dataset["time"]) > 0).all()
    for layer in MODEL.layer_names:
        last = recording.layer(layer).isel(time=-1)
        np.testing.assert_array_equal(last["basal"], circuit.state[layer]["basal"])


def test_a_file_gives_back_the_recording(recording, tmp_path):
    again = Recording.load(recording.save(tmp_path / "recording.nc"))
    assert again.dataset.identical(recording.dataset)
    assert again.reason == recording.reason
    assert [file.name for file in tmp_path.iterdir()] == ["recording.nc"]


def test_only_what_was_asked_for_is_recorded(circuit):
    record = Record(("soma",), neurons={"hidden-1": (2, 0)}, interval=5.0)
    recording = circuit.relax(*presentations_of(MODEL, 2, 0), record=record)
    assert "basal" not in recording.dataset
    assert list(recording.dataset["index"].values) == [2, 0]
    np.testing.assert_allclose(np.diff(recording.dataset["time"])[:-1], 5.0)
    np.testing.assert_array_equal(recording.dataset["soma"].isel(time=-1), circuit.state["hidden-1"]["soma"][:, [2, 0]])


def test_presentations_beyond_the_batch_are_taken_in_turns_with_the_same_result(recording):
    stimuli, targets = presentations_of(MODEL, 3, 0)
    turns = Circuit(MODEL, parameters_of(MODEL, 0), batch=2)
    in_turns = turns.relax(stimuli, targets)
    np.testing.assert_allclose(in_turns.convergence_time, recording.convergence_time)
    assert turns.state["hidden-1"]["soma"].shape == (3, 4)
    early = {"time": slice(0, 100)}
    np.testing.assert_allclose(in_turns.dataset["soma"].sel(early), recording.dataset["soma"].sel(early), atol=1e-12)


def test_stimuli_and_targets_are_kept_with_the_potentials(recording):
    stimuli, targets = presentations_of(MODEL, 3, 0)
    np.testing.assert_array_equal(recording.dataset["stimulus"], stimuli)
    np.testing.assert_array_equal(recording.dataset["target"], targets)


def test_the_provenance_names_model_target_and_versions(recording):
    attributes = recording.dataset.attrs
    assert attributes["model"] == "small"
    assert attributes["fingerprint"] == MODEL.fingerprint
    assert attributes["target"] == "numpy"
    assert attributes["brian2"]
