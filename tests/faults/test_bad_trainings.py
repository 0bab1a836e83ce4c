"""Trainings that diverge, cannot be resumed, or ask for what this machine lacks."""

import json
import sys

import numpy as np
import pytest
import torch
from networks import dense, model_of
from safetensors.torch import load_file, save_file
from trainings import change_data, state_of, training_of

from dendrosim.errors import RunError
from dendrosim.model import Parameters
from dendrosim.training import Hardware, train
from dendrosim.training import checkpoint as checkpoints
from dendrosim.training.checkpoint import NAME, Checkpoint
from dendrosim.training.tensorboard import tensorboard
from dendrosim.training.trainer import Trainer


def explosive(**training):
    """Squared error, relu and long steps: the potentials of the first layers grow without bound."""
    settings = {"optimizer": "sgd", "schedule": "constant", "rule": "backpropagation", "epochs": 6, "batch_size": 200}
    return model_of(
        [64],
        [dense(30), dense(30), dense(10)],
        data="digits",
        activation="relu",
        output="identity",
        training=settings | training,
    )


def test_divergence_names_epoch_and_layer_and_the_last_good_checkpoint_which_loads(tmp_path):
    folder, late = tmp_path / "run", explosive(learning_rate=0.68)
    with pytest.raises(RunError) as raised:
        train(late, folder=folder)
    sentence = str(raised.value)
    kept = Checkpoint.read(folder)
    assert kept.epoch > 0
    assert f"diverged in epoch {kept.epoch + 1}: '" in sentence
    assert f"(the checkpoint after epoch {kept.epoch} is in {folder})." in sentence
    layer = sentence.split("'")[1]
    assert layer.split(".")[0] in late.layer_names
    assert all(torch.isfinite(tensor).all() for tensor in kept.tensors.values())
    with pytest.raises(RunError, match=f"diverged in epoch {kept.epoch + 1}: '{layer}'"):
        train(late, folder=folder, resume=True)


def test_the_layer_that_diverged_first_is_the_one_that_is_named(monkeypatch):
    initialise = Parameters.initialise

    def infinite_second_layer(*arguments, **settings):
        parameters = initialise(*arguments, **settings)
        parameters.W["hidden-2"][:] = np.inf
        return parameters

    monkeypatch.setattr(Parameters, "initialise", infinite_second_layer)
    with pytest.raises(RunError, match="diverged in epoch 1: 'hidden-2' holds NaN or infinite values"):
        train(explosive())


def test_a_clamp_rescues_from_steps_that_are_too_long_but_not_from_nan(monkeypatch):
    with pytest.raises(RunError, match="diverged"):
        train(explosive(learning_rate=3.0))
    run = train(explosive(learning_rate=3.0, clamp=0.01))
    assert np.isfinite(run.history["train_loss"]).all()
    change_data(monkeypatch, "train", stimuli=with_nan)
    with pytest.raises(RunError, match="holds NaN"):
        train(explosive(learning_rate=3.0, clamp=0.01))


def with_nan(values):
    values[3, ..., 0] = np.nan
    return values


@pytest.mark.parametrize(
    ("split", "epoch"),
    [("train", 0), ("validation", 0), ("test", 2)],
)
@pytest.mark.parametrize(("inside", "named"), [("stimuli", "input"), ("targets", "targets")])
def test_nan_in_the_data_is_told_from_divergence(split, epoch, inside, named, monkeypatch, tmp_path):
    change_data(monkeypatch, split, **{inside: with_nan})
    message = f"stopped after epoch {epoch}: {named} of 'digits' holds NaN or infinite values; correct the data set"
    with pytest.raises(RunError, match=message):
        train(training_of("mlp", epochs=2), folder=tmp_path / "run")
    assert Checkpoint.read(tmp_path / "run").epoch == epoch


@pytest.fixture
def trained(tmp_path):
    train(training_of("mlp", epochs=1), folder=tmp_path / "run")
    return tmp_path / "run"


def test_a_checkpoint_that_was_cut_anywhere_is_reported(trained):
    whole = (trained / NAME).read_bytes()
    for length in np.linspace(0, len(whole) - 1, 25).astype(int):
        (trained / NAME).write_bytes(whole[:length])
        with pytest.raises(RunError, match=r"checkpoint is damaged .*; start the training again with --overwrite"):
            train(training_of("mlp", epochs=1), folder=trained, resume=True)


def test_a_checkpoint_with_one_wrong_byte_anywhere_is_reported(trained):
    whole = (trained / NAME).read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    places = [*range(8, header, 7), *np.linspace(header, len(whole) - 1, 40).astype(int)]
    for place in places:
        wrong = bytearray(whole)
        wrong[place] ^= 0x10
        (trained / NAME).write_bytes(bytes(wrong))
        with pytest.raises(RunError, match="checkpoint is damaged"):
            Checkpoint.read(trained)


def test_a_foreign_file_is_no_checkpoint(trained):
    save_file(load_file(trained / NAME), trained / NAME, {"dendrosim": json.dumps({"epoch": 1})})
    with pytest.raises(RunError, match="checkpoint is damaged"):
        train(training_of("mlp", epochs=1), folder=trained, resume=True)


def test_resuming_without_a_checkpoint_is_refused_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(RunError, match="no checkpoint to resume; start the training without --resume"):
        train(training_of("mlp"), folder=tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()
    with pytest.raises(RunError, match="without a run folder"):
        train(training_of("mlp"), resume=True)


def test_resuming_with_other_settings_names_the_first_of_them(trained):
    before = state_of(trained)
    with pytest.raises(RunError, match=r"other settings \(training.batch_size was 200 and is 50\)"):
        train(training_of("mlp", epochs=5, batch_size=50), folder=trained, resume=True)
    with pytest.raises(RunError, match=r"other settings \(rules.dll.feedback was kolen-pollack and is fixed\)"):
        train(training_of("mlp", epochs=1, rules={"dll": {"feedback": "fixed"}}), folder=trained, resume=True)
    with pytest.raises(RunError, match=r"training.seed was 0 and is 3"):
        train(training_of("mlp", epochs=1), seed=3, folder=trained, resume=True)
    with pytest.raises(RunError, match=r"holds float32 and the training wants float64; resume with --dtype float32"):
        train(training_of("mlp", epochs=1), folder=trained, resume=True, hardware=Hardware(dtype="float64"))
    assert state_of(trained) == before


def test_an_existing_run_is_refused_and_overwritten_only_on_request(trained):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    with pytest.raises(
        RunError, match=r"already holds a run; go on with it by --resume \(resume=True\), choose another --out"
    ):
        train(training_of("mlp", epochs=2), folder=trained)
    with pytest.raises(RunError, match="choose --resume or --overwrite"):
        train(training_of("mlp", epochs=1), folder=trained, resume=True, overwrite=True)
    assert before == {path.name: path.read_bytes() for path in trained.iterdir()}
    train(training_of("mlp", epochs=2), folder=trained, overwrite=True)
    assert Checkpoint.read(trained).epoch == 2


def test_an_overwritten_run_that_is_interrupted_holds_nothing_of_the_old_one(trained):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(training_of("mlp", epochs=2), folder=trained, overwrite=True, progress=interrupt)
    assert [path.name for path in trained.iterdir()] == [NAME]
    assert Checkpoint.read(trained).epoch == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match=r"run: the run cannot be written .*; make room"):
        train(training_of("mlp"), folder=tmp_path / "file" / "run")


def test_a_disk_that_becomes_full_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    folder, replace_file = tmp_path / "run", checkpoints.replace_file

    def full(path, content):
        if Checkpoint.read(folder).epoch == 2:
            raise OSError(28, "No space left on device")
        replace_file(path, content)

    def fill(row):
        monkeypatch.setattr(checkpoints, "replace_file", full)

    with pytest.raises(RunError, match=r"No space left on device.*the checkpoint after epoch"):
        train(training_of("mlp"), folder=folder, report=fill)
    assert Checkpoint.read(folder).epoch == 2
    monkeypatch.undo()
    train(training_of("mlp"), folder=folder, resume=True)
    train(training_of("mlp"), folder=tmp_path / "whole")
    assert state_of(folder) == state_of(tmp_path / "whole")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"device": "tpu"}, r"no device 'tpu'; choose cpu, cuda, auto"),
        ({"dtype": "float16"}, r"no dtype 'float16'; choose float32 or float64"),
        ({"threads": 0}, r"0 threads cannot compute anything; choose 1 or more"),
    ],
)
def test_unknown_hardware_is_refused(asked, message):
    with pytest.raises(RunError, match=message):
        train(training_of("mlp"), hardware=Hardware(**asked))


def test_a_gpu_is_asked_for_in_vain_and_auto_takes_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(RunError, match="no GPU on this machine; choose device cpu, or auto"):
        train(training_of("mlp"), hardware=Hardware(device="cuda"))
    assert Hardware(device="auto").chosen == "cpu"
    assert train(training_of("mlp", epochs=1), hardware=Hardware(device="auto")).epoch == 1


def test_an_operation_that_is_not_deterministic_is_refused_with_its_name(monkeypatch):
    def epoch(trainer, progress):
        torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))

    monkeypatch.setattr(Trainer, "epoch", epoch)
    try:
        with pytest.raises(RunError, match="put_ has no deterministic form on this device; choose device cpu"):
            train(training_of("mlp"), hardware=Hardware(deterministic=True))
    finally:
        torch.use_deterministic_algorithms(False)


def test_more_ranks_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    with pytest.raises(RunError, match="4 ranks on this machine need a GPU each and it has 1; start 1"):
        Hardware(device="auto").prepare()


def test_without_tensorboard_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(RunError, match=r"run pip install 'dendrosim\[tensorboard\]'"), tensorboard(tmp_path):
        pass
