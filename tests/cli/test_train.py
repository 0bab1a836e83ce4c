"""The command ``dendrosim train``: its options, its progress, its interruption and its ranks."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest
from networks import dense, model_of
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from trainings import state_of, training_of
from typer.testing import CliRunner

from dendrosim.commands.main import app, main
from dendrosim.model import Parameters, load_model
from dendrosim.model.library import save_model
from dendrosim.training import train
from dendrosim.training.checkpoint import Checkpoint

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def run(*arguments):
    result = CliRunner().invoke(app, ["train", *map(str, arguments)], env={"COLUMNS": "150"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def description(tmp_path):
    """A file with a model, other settings in it, and where to write."""
    path = tmp_path / "small.toml"
    save_model(training_of("mlp"), path)
    with path.open("a") as file:
        file.write('\n[settings.long.training]\nepochs = 6\nschedule = "linear"\n')
    return path


def test_resume_goes_on_to_the_result_of_the_whole_training(description, tmp_path):
    arguments = [description, "--out", tmp_path / "run"]

    def interrupt(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    model = load_model(description)
    with pytest.raises(KeyboardInterrupt):
        train(model, folder=tmp_path / "run", report=interrupt)
    assert Checkpoint.read(tmp_path / "run").epoch == 2
    output = run(*arguments, "--resume")
    assert "28/28" in output  # batches of all four epochs
    assert "Test accuracy" in output
    run(description, "--out", tmp_path / "whole")
    assert state_of(tmp_path / "run") == state_of(tmp_path / "whole")


def test_settings_of_the_model_file_are_taken_and_name_the_run_folder(description, monkeypatch):
    monkeypatch.chdir(description.parent)
    run(description, "--settings", "long")
    (folder,) = (description.parent / "runs").iterdir()
    assert folder.name == "small-long-dll-kolen-pollack-seed0"
    assert load_model(folder / "model.toml").training.schedule == "linear"
    assert len(pd.read_csv(folder / "history.csv")) == 6


def test_hardware_is_taken_from_the_options_and_auto_says_which_device(description, tmp_path):
    options = ["--device", "auto", "--dtype", "float64", "--threads", "1", "--deterministic", "--epochs", "1"]
    try:
        output = run(description, "--out", tmp_path / "run", *options)
    finally:
        import torch

        torch.use_deterministic_algorithms(False)
    assert f"Device: {'cuda' if torch.cuda.is_available() else 'cpu'}." in output
    weights = Parameters.load(tmp_path / "run" / "weights.safetensors", load_model(description))
    assert {str(array.dtype) for _, array in weights.items()} == {"float64"}


def test_a_regression_tells_its_errors_and_no_accuracy(tmp_path):
    layers = [{"kind": "recurrent", "units": 4}, dense(1)]
    training = {"epochs": 1, "batch_size": 64, "learning_rate": 0.01}
    tables = {"output": "identity", "preparation": {"task": "forecast"}, "training": training}
    save_model(model_of([10, 1], layers, data="mackey-glass", **tables), tmp_path / "series.toml")
    output = run(tmp_path / "series.toml", "--out", tmp_path / "run")
    assert "validation MSE" in output
    assert "Test MSE" in output
    assert "MAE" in output
    assert "accuracy" not in output


def test_a_training_that_stops_early_names_the_epoch_that_counts(tmp_path):
    save_model(training_of("mlp", epochs=30, patience=1, learning_rate=0.1), tmp_path / "early.toml")
    output = run(tmp_path / "early.toml", "--out", tmp_path / "run")
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    assert len(history) < 30
    best = history["validation_loss"].idxmin() + 1
    assert f"after epoch {best}, the best on validation" in output


def test_tensorboard_shows_one_curve_across_an_interruption(description, tmp_path):
    def interrupt(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    arguments = [description, "--out", tmp_path / "run", "--tensorboard"]
    with pytest.raises(KeyboardInterrupt):
        train(load_model(description), folder=tmp_path / "run", report=interrupt)
    run(*arguments, "--resume")
    curves = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    curves.Reload()
    history = pd.read_csv(tmp_path / "run" / "history.csv")
    shown = {event.step: event.value for event in curves.Scalars("validation_loss")}
    assert list(shown) == [3, 4]
    assert list(shown.values()) == pytest.approx(list(history["validation_loss"][2:]))


def test_help_says_where_the_rules_are_listed():
    shown = " ".join(run("--help").replace("│", " ").split())
    assert "with the model's settings for it ('dendrosim rules'), or package.module:Class" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--settings", "paper"], "there is no table 'settings.paper'; it has long"),
        (["--device", "tpu"], "there is no device 'tpu'"),
        (["--dtype", "half"], "there is no dtype 'half'"),
        (["--resume"], "there is no checkpoint to resume"),
        (["--resume", "--overwrite"], "choose --resume or --overwrite"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments, message, description, tmp_path, monkeypatch, capsys):
    arguments = ["dendrosim", "train", str(description), "--out", str(tmp_path / "run"), *arguments]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as raised:
        main()
    assert raised.value.code == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.fixture
def endless(tmp_path):
    """A training that nobody waits for."""
    save_model(training_of("mlp", epochs=100_000), tmp_path / "endless.toml")
    return tmp_path / "endless.toml"


def wait_for_epochs(folder, process, least=1):
    """Wait until some epochs are done."""
    deadline = time.monotonic() + 90
    while not folder.exists() or Checkpoint.read(folder).epoch < least:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("sent", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interrupted_training_says_how_to_go_on(sent, endless, tmp_path):
    command = [sys.executable, "-m", "dendrosim", "train", str(endless), "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    wait_for_epochs(tmp_path / "run", process)
    process.send_signal(sent)
    output, error = process.communicate(timeout=30)
    assert process.returncode == 130
    sentence = f"{tmp_path / 'run'} holds its last checkpoint; go on with the same command and --resume."
    assert sentence in output
    assert "Traceback" not in output + error
    epoch = Checkpoint.read(tmp_path / "run").epoch
    process = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    wait_for_epochs(tmp_path / "run", process, epoch + 1)
    process.kill()
    process.wait()


def torchrun(*arguments):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "dendrosim", "train", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


@pytest.mark.slow
def test_a_killed_rank_ends_the_job_with_a_message_and_resume_goes_on(endless, tmp_path):
    job = torchrun(endless, "--out", tmp_path / "run")
    wait_for_epochs(tmp_path / "run", job)
    (second,) = (child for child in psutil.Process(job.pid).children() if child.environ().get("RANK") == "1")
    second.kill()
    output, error = job.communicate(timeout=60)
    assert job.returncode != 0
    assert "lost the others" in error or "was interrupted" in output  # whichever the first rank saw first
    assert "--resume" in error + output
    assert output.count("Training endless") == 1  # the first rank alone speaks
    epoch = Checkpoint.read(tmp_path / "run").epoch
    job = torchrun(endless, "--out", tmp_path / "run", "--resume")
    wait_for_epochs(tmp_path / "run", job, epoch + 1)
    job.terminate()
    job.communicate(timeout=60)
