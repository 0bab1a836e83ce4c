"""Stimuli, targets, records and targets of code generation that cannot be used."""

import shutil

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import DataError, RunError, TargetError
from dendrosim.model import load_model
from dendrosim.recording import Record, Recording
from dendrosim.training import train

MODEL = small_model()


@pytest.fixture(scope="module")
def circuit():
    return Circuit(MODEL, parameters_of(MODEL, 0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_stimuli_that_are_not_finite_name_the_presentation(circuit, value):
    stimuli, targets = presentations_of(MODEL, 4, 0)
    stimuli[2, 1] = value
    with pytest.raises(DataError, match=r"stimuli hold NaN or infinite values, first in presentation 2"):
        circuit.relax(stimuli, targets)


def test_targets_that_are_not_finite_are_refused(circuit):
    stimuli, targets = presentations_of(MODEL, 2, 0)
    targets[0, 0] = np.nan
    with pytest.raises(DataError, match=r"targets hold NaN"):
        circuit.relax(stimuli, targets)


@pytest.mark.parametrize("shape", [(3, 4), (5,), (0, 5), (2, 5, 1)])
def test_stimuli_of_the_wrong_shape_are_refused(circuit, shape):
    with pytest.raises(DataError, match=r"stimuli have shape .* needs \(presentations, 5\)"):
        circuit.relax(np.zeros(shape))


def test_every_stimulus_needs_a_target(circuit):
    stimuli, targets = presentations_of(MODEL, 3, 0)
    with pytest.raises(DataError, match=r"3 stimuli but 2 targets"):
        circuit.relax(stimuli, targets[:2])


def test_updates_need_a_relaxation_first():
    with pytest.raises(DataError, match=r"call relax"):
        Circuit(MODEL, parameters_of(MODEL, 0)).updates()


def test_records_of_what_is_not_there_are_refused(circuit):
    with pytest.raises(DataError, match=r"a rate cell has no 'voltage'; choose out of basal"):
        circuit.relax(*presentations_of(MODEL, 1, 0), record=Record(("voltage",)))
    with pytest.raises(DataError, match=r"3 cannot be recorded; give names of variables"):
        Record((3,))
    with pytest.raises(DataError, match=r"no layer 'hidden-9'"):
        circuit.relax(*presentations_of(MODEL, 1, 0), record=Record(neurons={"hidden-9": (0,)}))
    with pytest.raises(DataError, match=r"neurons 0 to 3"):
        circuit.relax(*presentations_of(MODEL, 1, 0), record=Record(neurons={"hidden-1": (4,)}))


def test_a_layer_that_was_not_recorded_is_named(circuit):
    recording = circuit.relax(*presentations_of(MODEL, 1, 0), record=Record(neurons={"hidden-1": (0,)}))
    with pytest.raises(DataError, match=r"nothing was recorded of layer 'output'"):
        recording.layer("output")


@pytest.mark.parametrize("content", [b"", b"not a recording"])
def test_a_recording_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "recording.nc"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"recording.nc: this recording cannot be read"):
        Recording.load(path)


def test_a_recording_that_is_not_there_is_named_with_how_to_make_one(tmp_path):
    with pytest.raises(DataError, match=r"recording.nc: there is no such recording; make one with 'dendrosim relax'"):
        Recording.load(tmp_path / "recording.nc")


def test_an_unknown_target_names_those_there_are():
    with pytest.raises(TargetError, match=r"no target 'gpu'; choose numpy, cython, cpp_standalone"):
        Circuit(MODEL, parameters_of(MODEL, 0), target="gpu")


def test_a_target_without_its_compiler_says_so_and_does_not_fall_back(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(TargetError, match=r"'cpp_standalone' needs g\+\+ and make, which this machine lacks"):
        Circuit(MODEL, parameters_of(MODEL, 0), target="cpp_standalone")


def test_a_training_that_diverges_stops_with_epoch_and_parameter():
    model = load_model("digits-mlp").changed(training={"optimizer": "sgd", "learning_rate": 1e30, "epochs": 2})
    with pytest.raises(RunError, match=r"diverged in epoch 1: '.*' holds NaN .* lower training.learning_rate"):
        train(model)


def test_a_run_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    run = train(load_model("digits-mlp").changed(training={"epochs": 1}))
    run.save(tmp_path)
    before = (tmp_path / "weights.safetensors").read_bytes()
    with pytest.raises(RunError, match=r"already holds a run"):
        run.save(tmp_path)
    assert (tmp_path / "weights.safetensors").read_bytes() == before
    run.save(tmp_path, overwrite=True)


def test_a_run_folder_that_cannot_be_written_is_named(tmp_path):
    run = train(load_model("digits-mlp").changed(training={"epochs": 1}))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match=r"cannot be written"):
        run.save(tmp_path / "file" / "run")
