"""Recordings: dimensions, units, files, and batches that are taken in turns."""

import shutil
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from networks import dense, model_of, parameters_of, presentations_of, small_model

import dendrosim as ds
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError
from dendrosim.model import Model
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


def test_the_provenance_is_enough_to_describe_the_network_again(recording):
    attributes = recording.dataset.attrs
    assert Model.model_validate_json(attributes["description"]).model_dump() == MODEL.model_dump()
    assert attributes["weights"] == parameters_of(MODEL, 0).digest != parameters_of(MODEL, 1).digest
    assert {"seed", "python", "numpy", "dendrosim"} <= set(attributes)
    assert attributes["command"].split()[0]


def test_classes_are_labels_of_their_presentations_or_steps(recording):
    _, targets = presentations_of(MODEL, 3, 0)
    np.testing.assert_array_equal(recording.dataset["label"], targets.argmax(axis=1))
    assert recording.dataset["label"].dims == ("presentation",)
    sequence = model_of([3, 2], [{"kind": "recurrent", "units": 2}, dense(2)])
    stimuli, targets = presentations_of(sequence, 2, 0)
    recurrent = Circuit(sequence, parameters_of(sequence, 0)).relax(stimuli, targets)
    np.testing.assert_array_equal(recurrent.dataset["label"], targets.argmax(axis=2))


def test_no_label_is_made_up_where_nobody_taught_or_the_output_is_no_class():
    stimuli, targets = presentations_of(MODEL, 1, 0)
    regression = small_model((5, 4, 3, 2), output="identity")
    assert "label" not in Circuit(MODEL, parameters_of(MODEL, 0)).relax(stimuli).dataset.coords
    assert "label" not in Circuit(regression, parameters_of(regression, 0)).relax(stimuli, targets).dataset.coords


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_a_recording_streamed_to_a_file_is_the_one_that_was_held_in_memory(target, tmp_path):
    stimuli, targets = presentations_of(MODEL, 5, 0)
    record = Record(interval=2.0, synapses={"hidden-2": [(0, 1)]})
    in_turns = {"target": target, "batch": 2, "dt": 1.0}
    held = Circuit(MODEL, parameters_of(MODEL, 0), **in_turns).relax(stimuli, targets, record=record)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), **in_turns)
    streamed = circuit.relax(stimuli, targets, record=record, out=tmp_path / "recording.nc")
    assert streamed.dataset.identical(held.dataset)
    assert Recording.load(tmp_path / "recording.nc").dataset.identical(held.dataset)
    assert streamed.reason == held.reason
    assert [file.name for file in tmp_path.iterdir()] == ["recording.nc"]
    assert circuit.state["hidden-1"]["soma"].shape == (5, 4)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_presentations_of_a_streamed_recording(tmp_path):
    wide = small_model((5, 120, 60, 2))
    circuit = Circuit(wide, parameters_of(wide, 0), batch=4, dt=1.0)
    stimuli, targets = presentations_of(wide, 24, 0)
    circuit.relax(stimuli[:4], targets[:4], out=tmp_path / "first.nc")  # what is built once does not count
    peaks, recorded = [], []
    for count in (8, 24):
        tracemalloc.start()
        recording = circuit.relax(stimuli[:count], targets[:count], out=tmp_path / f"{count}.nc")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        recorded.append(recording.dataset.nbytes)
    assert peaks[1] - peaks[0] < 0.1 * (recorded[1] - recorded[0])


def test_weights_of_chosen_synapses_are_recorded(circuit):
    record = Record(synapses={"hidden-2": [(2, 1), (0, 3)], "hidden-1": [(1, 4)]})
    dataset = circuit.relax(*presentations_of(MODEL, 1, 0), record=record).dataset
    W, theta = circuit.parameters.W, circuit.parameters.theta
    np.testing.assert_array_equal(dataset["weight"], [[W["hidden-2"][2, 1], W["hidden-2"][0, 3], W["hidden-1"][1, 4]]])
    np.testing.assert_array_equal(dataset["feedback_weight"][0, :2], [theta["hidden-2"][2, 1], theta["hidden-2"][0, 3]])
    assert np.isnan(dataset["feedback_weight"][0, 2])  # nothing is fed back to the stimulus
    assert list(dataset["connection"].values) == ["hidden-2", "hidden-2", "hidden-1"]
    assert [list(dataset[axis].values) for axis in ("post", "pre")] == [[2, 0, 1], [1, 3, 4]]


def test_a_circuit_that_learns_records_its_weights_from_the_beginning_to_the_end(tmp_path):
    model = small_model((5, 4, 3, 2), plasticity={"epochs": 2, "streams": 2})
    start = parameters_of(model, 0)
    learned = Circuit(model, start, dt=1.0).learn(*presentations_of(model, 4, 0), record=Record(synapses="all"))
    dataset = learned.recording.dataset
    assert list(dataset["epoch"].values) == [0, 1, 2]
    for epoch, parameters in ((0, start), (2, learned.parameters)):
        for name, matrix in parameters.W.items():
            recorded = dataset["weight"].sel(epoch=epoch)[(dataset["connection"] == name).values]
            np.testing.assert_array_equal(recorded, matrix.ravel())
    assert dataset.attrs["weights"] == start.digest
    assert Recording.load(learned.recording.save(tmp_path / "learning.nc")).dataset.identical(dataset)


@pytest.mark.parametrize(
    ("synapses", "sentence"),
    [
        ({"hidden-9": [(0, 0)]}, "there is no connection 'hidden-9' to record"),
        ({"hidden-1": [(0, 9)]}, r"a synapse of 'hidden-1' has 2 indices below \(4, 5\)"),
        ({"hidden-1": [(0,)]}, r"a synapse of 'hidden-1' has 2 indices"),
    ],
)
def test_synapses_that_are_not_there_are_refused(circuit, synapses, sentence):
    with pytest.raises(DataError, match=sentence):
        circuit.relax(*presentations_of(MODEL, 1, 0), record=Record(synapses=synapses))


def test_a_recording_that_cannot_be_written_says_so_in_one_sentence(circuit, recording, tmp_path):
    (tmp_path / "file").write_text("in the way")
    nowhere = tmp_path / "file" / "recording.nc"
    with pytest.raises(
        DataError, match=r"the recording cannot be written .*; make room for it, or choose another place"
    ):
        recording.save(nowhere)
    with pytest.raises(DataError, match="the recording cannot be written"):
        circuit.relax(*presentations_of(MODEL, 1, 0), out=nowhere)


def test_where_room_is_short_hdf5_never_meets_the_full_disk_for_that_would_end_the_process(
    circuit, tmp_path, monkeypatch
):
    usage, to_netcdf = shutil.disk_usage(tmp_path), xr.Dataset.to_netcdf
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**20))

    def in_memory(self, path=None, **settings):
        assert path is None
        return to_netcdf(self, path, **settings)

    monkeypatch.setattr(xr.Dataset, "to_netcdf", in_memory)
    pairs = presentations_of(MODEL, 3, 0)
    streamed = circuit.relax(*pairs, out=tmp_path / "recording.nc")
    assert streamed.dataset.equals(circuit.relax(*pairs).dataset)


@pytest.mark.parametrize("cell", [{"kind": "rate"}, {"kind": "conductance"}])
def test_a_recording_of_version_0_1_is_read_and_drawn(cell, tmp_path):
    """Then a file did not say what its variables look like, nor which compartments its cells have, and the residual was
    called motion."""
    model = small_model(cell=cell)
    circuit = Circuit(model, parameters_of(model, 0))
    recording = circuit.relax(*presentations_of(model, 2, 0), start="settled")
    dataset = recording.dataset.rename(residual="motion")
    for variable in dataset.data_vars.values():
        variable.attrs = {name: value for name, value in variable.attrs.items() if name in ("units", "long_name")}
    dataset.attrs = {k: v for k, v in dataset.attrs.items() if k not in ("compartments", "settles", "slowest")}
    there = Recording.load(Recording(dataset).save(tmp_path / "earlier.nc"))
    np.testing.assert_array_equal(there.dataset["residual"], recording.dataset["residual"])
    assert there.converged
    assert there.settles
    for draw in (ds.plot.relaxation, ds.plot.neuron, ds.plot.phase_portrait):
        draw(there, "hidden-1")
    labels = [text.get_text() for text in ds.plot.relaxation(there, "hidden-1").get_legend().get_texts()]
    assert labels == ["basal u", "soma x", "apical a", "error ξ = x − u", "predicted error"]
    ds.plot.network(there)
    ds.view.write_page(there, tmp_path / "earlier.html")
