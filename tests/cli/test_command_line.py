"""The command line: what each command prints and writes, and how it fails."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dendrosim.circuit import Circuit
from dendrosim.commands import main as cli
from dendrosim.commands.main import app, main
from dendrosim.errors import TargetError
from dendrosim.model import Parameters, load_model
from dendrosim.model.library import save_model
from dendrosim.recording import Recording
from dendrosim.training import Run

run = CliRunner().invoke


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    result = run(app, ["train", "digits-mlp", "--epochs", "2", "--seed", "3", "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_train_writes_model_weights_history_and_summary(trained):
    folder, output = trained
    assert "Test accuracy" in output
    model = load_model(folder / "model.toml")
    assert (model.training.epochs, model.training.seed) == (2, 3)
    Parameters.load(folder / "weights.safetensors", model)
    assert len(pd.read_csv(folder / "history.csv")) == 2
    assert (folder / "summary.json").is_file()


def test_train_takes_rule_and_feedback(tmp_path):
    for options, kept in ((["--rule", "backpropagation"], "backpropagation"), (["--feedback", "paper"], "dll")):
        folder = tmp_path / kept
        result = run(app, ["train", "digits-mlp", "--epochs", "1", "--out", str(folder), *options])
        assert result.exit_code == 0, result.output
        assert load_model(folder / "model.toml").training.rule == kept
    assert load_model(tmp_path / "dll" / "model.toml").rules.dll.feedback == "paper"


def test_relax_compares_the_engines_and_writes_a_recording(trained, tmp_path):
    folder, _ = trained
    out = tmp_path / "recording.nc"
    weights = str(folder / "weights.safetensors")
    result = run(app, ["relax", "digits-mlp", "--weights", weights, "--presentations", "3", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "local convergence" in result.output
    assert "largest relative difference" in result.output
    assert Recording.load(out).dataset.sizes["presentation"] == 3


def test_relax_takes_the_same_weights_with_conductance_cells_and_prints_their_parameters(trained, tmp_path):
    out = tmp_path / "recording.nc"
    weights = str(trained[0] / "weights.safetensors")
    arguments = ["relax", "digits-mlp-conductance", "--weights", weights, "--presentations", "2", "--out", str(out)]
    result = run(app, arguments)
    assert result.exit_code == 0, result.output
    for words in ("local convergence", "basal conductance", "g_B", "nS", "Urbanczik and Senn 2014"):
        assert words in result.output
    recording = Recording.load(out)
    assert recording.dataset["V_soma"].attrs["units"] == "mV"
    assert recording.dataset.attrs["cell"] == "conductance"


def test_relax_with_membrane_noise_ends_at_the_time_limit_without_a_fault(trained, tmp_path):
    model, out = tmp_path / "noisy.toml", tmp_path / "recording.nc"
    save_model(load_model("digits-mlp-conductance").changed(cell={"noise": 0.5}), model)
    weights = str(trained[0] / "weights.safetensors")
    result = run(app, ["relax", str(model), "--weights", weights, "--time-limit", "20", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "membrane noise" in result.output


def test_relax_that_does_not_converge_says_so_and_exits_non_zero(trained, tmp_path):
    weights = str(trained[0] / "weights.safetensors")
    arguments = ["relax", "digits-mlp", "--weights", weights, "--time-limit", "5", "--out", str(tmp_path / "r.nc")]
    result = run(app, arguments)
    assert result.exit_code == 1
    assert "time limit" in result.output


def test_learn_writes_a_run_that_does_as_well_in_torch_and_a_recording_of_its_weights_after_each_epoch(tmp_path):
    model = load_model("digits-mlp").changed(
        layers=[{"kind": "dense", "units": 4}, {"kind": "dense", "units": 10}],
        plasticity={"streams": 64, "presentation_time": 20.0},
    )
    save_model(model, tmp_path / "small.toml")
    folder, recording = tmp_path / "run", tmp_path / "learning.nc"
    options = ["--epochs", "2", "--seed", "3", "--out", str(folder), "--recording", str(recording)]
    result = run(app, ["learn", str(tmp_path / "small.toml"), *options])
    assert result.exit_code == 0, result.output
    dataset = Recording.load(recording).dataset
    learned = Run.load(folder)
    assert (learned.model.name, learned.model.training.seed, learned.epoch) == ("small", 3, 2)
    upper = (dataset["connection"] == "hidden-1").values
    np.testing.assert_array_equal(dataset["weight"].sel(epoch=2)[upper], learned.parameters.W["hidden-1"].ravel())
    assert f"Test accuracy {100 * learned.test_accuracy:.2f} %" in result.output
    assert learned.evaluate()["accuracy"] == learned.test["accuracy"]
    assert learned.evaluate()["loss"] == pytest.approx(learned.test["loss"], rel=1e-6)
    assert len(learned.history) == json.loads((folder / "summary.json").read_text())["epochs"] == 2
    again = run(app, ["learn", str(tmp_path / "small.toml"), "--out", str(folder)])
    assert "already holds a run" in str(again.exception)


def test_relax_replaces_a_file_only_when_told_to(tmp_path, monkeypatch, capsys):
    out, weights = tmp_path / "result", tmp_path / "weights"
    out.write_text("of an earlier run")
    weights.write_bytes(b"")
    monkeypatch.setattr(sys, "argv", ["dendrosim", "relax", "digits-mlp", "--weights", str(weights), "--out", str(out)])
    with pytest.raises(SystemExit):
        main()
    assert "result: this file already exists; choose another --out, or pass --overwrite." in capsys.readouterr().err
    assert out.read_text() == "of an earlier run"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nonsense"], "there is no such model"),
        (["train", "digits-mlp", "--rule", "magic"], "there is no learning rule 'magic'; known are"),
        (["relax", "digits-mlp", "--weights", "nothing"], "no such weights file"),
    ],
)
def test_an_error_is_one_sentence_without_a_traceback(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["dendrosim", *arguments])
    with pytest.raises(SystemExit) as raised:
        main()
    captured = capsys.readouterr()
    assert raised.value.code == 1
    assert message in captured.err
    assert "Traceback" not in captured.err + captured.out


def test_an_error_keeps_the_brackets_of_its_remedy(monkeypatch, capsys):
    def missing(*asked):
        raise TargetError("run pip install 'dendrosim[cuda]'.")

    monkeypatch.setattr(cli, "application", missing)
    with pytest.raises(SystemExit):
        main()
    assert "'dendrosim[cuda]'" in capsys.readouterr().err


def test_an_existing_run_is_refused_before_anything_is_trained(trained, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["dendrosim", "train", "digits-mlp", "--out", str(trained[0])])
    with pytest.raises(SystemExit):
        main()
    captured = capsys.readouterr()
    assert "already holds a run" in captured.err
    assert "Training" not in captured.out


def test_help_names_every_command_and_version_is_shown():
    help_text = run(app, ["--help"]).output
    assert all(command in help_text for command in ("demo", "train", "relax", "view", "learn", "bench", "doctor"))
    assert run(app, ["--version"]).output.startswith("dendrosim ")


def test_importing_the_package_or_asking_for_help_loads_no_engine():
    code = "import sys, dendrosim, dendrosim.commands.main; sys.exit(bool({'torch', 'brian2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def ctrl_c(monkeypatch):
    """Lets Ctrl-C be pressed at the n-th report of a circuit."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)

    def press(method, call):
        original, calls = getattr(Circuit, method), []

        def watched(self, *arguments, report=None, **settings):
            def count(row):
                calls.append(row)
                if len(calls) == call:
                    os.kill(os.getpid(), signal.SIGINT)

            return original(self, *arguments, report=count, **settings)

        monkeypatch.setattr(Circuit, method, watched)

    yield press
    signal.signal(signal.SIGINT, handler)


def test_a_learning_that_is_interrupted_writes_the_weights_of_the_epochs_that_had_ended(tmp_path, ctrl_c):
    ctrl_c("learn", 2)
    out = tmp_path / "run"
    result = run(app, ["learn", "digits-mlp", "--mode", "at-convergence", "--out", str(out)])
    assert result.exit_code == 130
    assert "The learning was interrupted after 2 of 20 epochs; the circuit has their weights." in result.output
    assert f"Written: {out}" in result.output.replace("\n", "")
    drawn, kept = Parameters.initialise(load_model("digits-mlp"), 0), Run.load(out).parameters
    assert np.abs(kept.W["output"] - drawn.W["output"]).max() > 0


def test_a_relaxation_that_is_interrupted_says_so_and_leaves_nothing_behind(tmp_path, ctrl_c):
    model = load_model("digits-mlp")
    Parameters.initialise(model, 0).save(tmp_path / "w.safetensors", model)
    ctrl_c("relax", 3)
    arguments = ["--weights", str(tmp_path / "w.safetensors"), "--out", str(tmp_path / "recording.nc")]
    result = run(app, ["relax", "digits-mlp", *arguments])
    assert result.exit_code == 130
    assert "The relaxation was interrupted before any presentation had ended; nothing is kept." in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
