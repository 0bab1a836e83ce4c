"""A training that was interrupted ends as if it had not been: to the bit, wherever it stopped."""

import multiprocessing
import random
import shutil
import signal
import time

import numpy as np
import pytest
import torch
from trainings import change_data, start, state_of, training_of

from dendrosim.errors import RunError
from dendrosim.model import Parameters
from dendrosim.training import Hardware, Run, train
from dendrosim.training.checkpoint import NAME, Checkpoint
from dendrosim.training.run import FILES

CROPPED = {"augmentation": "crop-flip"}
TRAININGS = {
    "mlp, adam, kolen-pollack": training_of("mlp"),
    "mlp, sgd, paper, linear": training_of(
        "mlp", optimizer="sgd", learning_rate=0.1, schedule="linear", rules={"dll": {"feedback": "paper"}}
    ),
    "mlp, adam, patience": training_of("mlp", patience=1, learning_rate=0.1, epochs=20, schedule="constant"),
    "cnn, adam, augmented": training_of("cnn", preparation=CROPPED),
    "cnn, sgd, patience, backpropagation": training_of(
        "cnn", optimizer="sgd", learning_rate=0.1, patience=2, rule="backpropagation"
    ),
    "rnn, adam, smoothed": training_of("rnn", label_smoothing=0.1, epochs=3),
    "rnn, sgd, predictive coding": training_of("rnn", optimizer="sgd", rule="predictive-coding", epochs=3),
}


def interrupted_everywhere(model, folder, hardware=None):
    """Train once, with a copy of the run folder from before the first epoch and from after each."""
    copies = []

    def keep(*_):
        copies.append(folder.with_name(f"after-{len(copies)}"))
        shutil.copytree(folder, copies[-1])

    run = train(model, folder=folder, hardware=hardware, report=keep, progress=lambda *_: copies or keep())
    return run, copies


@pytest.mark.parametrize("name", TRAININGS)
def test_resuming_after_any_epoch_gives_the_same_bits(name, tmp_path):
    model = TRAININGS[name]
    run, copies = interrupted_everywhere(model, tmp_path / "whole")
    assert len(copies) == len(run.history) + 1
    for folder in copies:
        resumed = train(model, folder=folder, resume=True)
        assert state_of(folder) == state_of(tmp_path / "whole"), folder.name
        assert (resumed.epoch, resumed.test) == (run.epoch, run.test)
        weights = [(path / "weights.safetensors").read_bytes() for path in (folder, tmp_path / "whole")]
        assert weights[0] == weights[1]
    if name == "mlp, adam, patience":
        assert len(run.history) < model.training.epochs  # it did stop early


def test_resuming_in_double_precision_gives_the_same_bits(tmp_path):
    model, double = training_of("cnn", epochs=2), Hardware(dtype="float64")
    run, copies = interrupted_everywhere(model, tmp_path / "whole", double)
    train(model, folder=copies[1], resume=True, hardware=double)
    assert state_of(copies[1]) == state_of(tmp_path / "whole")
    assert {array.dtype for _, array in run.parameters.items()} == {np.dtype(np.float64)}


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_under_a_constant_schedule_more_epochs_give_the_bits_of_a_training_that_had_them_from_the_start(name, tmp_path):
    settings = {"schedule": "constant", "label_smoothing": 0.1}
    for epochs in (2, 3):  # twice in a row
        model = training_of(name, epochs=epochs, **settings)
        resumed = train(model, folder=tmp_path / "run", resume=epochs > 2)
    train(model, folder=tmp_path / "whole")
    assert state_of(tmp_path / "run") == state_of(tmp_path / "whole")
    assert {path.name for path in (tmp_path / "run").iterdir()} == set(FILES)
    for file in ("weights.safetensors", "summary.json", "model.toml"):
        assert (tmp_path / "run" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert len(resumed.history) == 3


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_any_other_schedule_is_stretched_over_all_epochs(schedule, tmp_path):
    train(training_of("mlp", epochs=2, schedule=schedule), folder=tmp_path / "run")
    longer = training_of("mlp", epochs=4, schedule=schedule)
    rates = train(longer, folder=tmp_path / "run", resume=True).history["learning_rate"]
    whole = train(longer).history["learning_rate"]
    short = train(training_of("mlp", epochs=2, schedule=schedule)).history["learning_rate"]
    assert list(rates) == [*short, *whole[2:]]


def test_what_goes_on_to_more_epochs_and_is_interrupted_is_no_finished_run_but_can_be_resumed(tmp_path):
    settings = {"schedule": "constant"}
    train(training_of("mlp", epochs=1, **settings), folder=tmp_path / "run")

    def interrupt(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(training_of("mlp", epochs=3, **settings), folder=tmp_path / "run", resume=True, report=interrupt)
    with pytest.raises(RunError, match=r"there is no 'model\.toml', so this is no finished run; train it to its end"):
        Run.load(tmp_path / "run")
    train(training_of("mlp", epochs=3, **settings), folder=tmp_path / "run", resume=True)
    assert len(Run.load(tmp_path / "run").history) == 3


def test_fewer_epochs_and_other_settings_are_refused(tmp_path):
    train(training_of("mlp", epochs=2), folder=tmp_path / "run")
    for changed, message in (
        ({"epochs": 1}, "epochs was 2 and is 1"),
        ({"epochs": 3, "seed": 1}, "seed was 0 and is 1"),
    ):
        with pytest.raises(RunError, match=f"other settings .training.{message}"):
            train(training_of("mlp", **({"epochs": 2} | changed)), folder=tmp_path / "run", resume=True)
    assert len(Run.load(tmp_path / "run").history) == 2


def test_a_finished_training_that_is_resumed_trains_nothing_and_writes_the_same(tmp_path):
    model = training_of("mlp", epochs=2)
    train(model, folder=tmp_path / "run")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    train(model, folder=tmp_path / "run", resume=True, progress=lambda done, total: pytest.fail("it trained"))
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}


def test_killed_at_twenty_random_moments_the_folder_holds_one_loadable_checkpoint(tmp_path):
    model, folder = training_of("mlp", epochs=120, patience=110), tmp_path / "run"

    def go_on(done):
        torch.set_num_threads(1)

        def count(row):
            done.value += 1

        train(model, folder=folder, resume=(folder / NAME).is_file(), report=count)

    moments, ends, epochs = random.Random(0), [], [0]
    for _ in range(20):
        done = multiprocessing.Value("i", 0)
        process = start(go_on, done)
        wanted = moments.randrange(4)
        while done.value < wanted and process.is_alive():
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.02 if wanted else 0.1))
        process.kill()
        process.join()
        ends.append(process.exitcode)
        if folder.exists():
            epochs.append(Checkpoint.read(folder).epoch)
            assert [path.name for path in folder.glob("checkpoint*")] == [NAME]
    assert set(ends) == {-signal.SIGKILL}
    assert epochs == sorted(epochs)
    assert len(set(epochs)) > 3  # it went on time and again
    resumed, whole = train(model, folder=folder, resume=True), train(model)
    assert resumed.epoch == whole.epoch
    assert resumed.history.drop(columns="seconds").equals(whole.history.drop(columns="seconds"))
    for (name, a), (_, b) in zip(resumed.parameters.items(), whole.parameters.items(), strict=True):
        assert a.tobytes() == b.tobytes(), name
    assert {path.name for path in folder.iterdir()} == set(FILES)  # what the killed ones left is gone
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_checkpoint_that_is_replaced_while_it_is_read_is_the_old_one_or_the_new_one(tmp_path):
    checkpoints = [
        Checkpoint({}, epoch, 0, [{"validation_loss": 1.0}] * epoch, 0, {"value": torch.full((64,), epoch)})
        for epoch in (1, 2)
    ]
    checkpoints[0].write(tmp_path)

    def replace(again):
        while again.value:
            for checkpoint in checkpoints:
                checkpoint.write(tmp_path)

    again = multiprocessing.Value("i", 1)
    process = start(replace, again)
    try:
        read = [Checkpoint.read(tmp_path) for _ in range(2000)]
    finally:
        again.value = 0
        process.join()
    assert process.exitcode == 0
    assert {checkpoint.epoch for checkpoint in read} == {1, 2}
    assert all((checkpoint.tensors["value"] == checkpoint.epoch).all() for checkpoint in read)


def test_the_history_can_be_read_while_the_training_runs(tmp_path):
    lengths = []
    train(
        training_of("mlp", epochs=3),
        folder=tmp_path / "run",
        report=lambda row: lengths.append(len((tmp_path / "run" / "history.csv").read_text().splitlines())),
    )
    assert lengths == [2, 3, 4]


def test_early_stopping_chooses_the_best_epoch_on_validation_and_saves_its_parameters(tmp_path):
    settings = {"learning_rate": 0.1, "schedule": "constant"}
    model = training_of("mlp", epochs=30, patience=2, **settings)
    run = train(model, folder=tmp_path / "run")
    losses = run.history["validation_loss"]
    assert run.epoch == losses.idxmin() + 1
    assert len(run.history) == run.epoch + 2 < 30
    saved = Parameters.load(tmp_path / "run" / "weights.safetensors", model)
    until_then = train(training_of("mlp", epochs=run.epoch, **settings))
    for (name, wanted), (_, array) in zip(until_then.parameters.items(), saved.items(), strict=True):
        assert wanted.tobytes() == array.tobytes(), name
    assert run.test == until_then.test


def test_the_test_set_decides_nothing(monkeypatch):
    model = training_of("mlp", learning_rate=0.1, epochs=30, patience=2)
    run = train(model)

    change_data(monkeypatch, "test", targets=lambda targets: targets[::-1].copy())
    other = train(model)
    assert other.test != run.test
    assert other.epoch == run.epoch
    for (name, a), (_, b) in zip(run.parameters.items(), other.parameters.items(), strict=True):
        assert a.tobytes() == b.tobytes(), name


def test_deterministic_mode_changes_nothing_on_a_cpu(tmp_path):
    model, modes = training_of("cnn", epochs=1), []
    for name, deterministic in (("free", False), ("deterministic", True)):
        train(
            model,
            folder=tmp_path / name,
            hardware=Hardware(deterministic=deterministic),
            report=lambda row: modes.append(torch.are_deterministic_algorithms_enabled()),
        )
    assert modes == [False, True]
    assert state_of(tmp_path / "free") == state_of(tmp_path / "deterministic")


def test_float64_follows_float32_until_rounding():
    single, double = (
        train(training_of("mlp", epochs=1, optimizer="sgd"), hardware=Hardware(dtype=dtype)).parameters
        for dtype in ("float32", "float64")
    )
    for (name, a), (_, b) in zip(single.items(), double.items(), strict=True):
        assert (a.dtype, b.dtype) == (np.float32, np.float64)
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6, err_msg=name)
        assert not np.array_equal(a, b), name
