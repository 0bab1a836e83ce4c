"""Every command that writes checks its place before it computes, makes folders, and loses nothing that it computed."""

import json
from pathlib import Path

import pytest
from morphologies import PLAIN
from networks import parameters_of, presentations_of, small_model
from trainings import training_of
from typer.testing import CliRunner

from dendrosim.benchmark import cost, rule_cost, runner, table
from dendrosim.circuit import Circuit
from dendrosim.commands import demonstration as demo
from dendrosim.commands.main import app
from dendrosim.errors import DataError, DendrosimError, RunError
from dendrosim.model import Parameters, load_model
from dendrosim.model.library import save_model
from dendrosim.recording import Record, Recording
from dendrosim.training import cluster, train, trainer
from dendrosim.training.checkpoint import Checkpoint

ROW = {
    "quantity": "time",
    "measured": "1.0",
    "target": "report",
    "value": 1.0,
    "rule": "dll",
    "panel": "MLP",
    "paper": None,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model with its weights, and a recording."""
    folder = tmp_path_factory.mktemp("files")
    model = load_model("digits-mlp").changed(
        plasticity={"epochs": 1, "mode": "at-convergence"}, layers=[{"kind": "dense", "units": 10}]
    )
    save_model(model, folder / "model.toml")
    Parameters.initialise(model, 0).save(folder / "weights.safetensors", model)
    (folder / "neuron.swc").write_text(PLAIN)
    small = small_model((5, 4, 3, 2), cell={"kind": "bursting", "base_rate": 300.0})
    circuit = Circuit(small, parameters_of(small, 0).map(lambda array: array / 4), dt=1.0)
    recording = circuit.relax(*presentations_of(small, 2, 0), record=Record(interval=20.0), time_limit=60.0)
    recording.save(folder / "recording.nc")
    return folder


@pytest.fixture
def command(files, monkeypatch):
    """Calls a command with a place for what it writes, and returns what came of it."""
    monkeypatch.setattr(cost, "measurements", lambda quick, device: iter([ROW]))
    monkeypatch.setattr(rule_cost, "measurements", lambda quick: iter([ROW]))
    model, weights, recording = (str(files / name) for name in ("model.toml", "weights.safetensors", "recording.nc"))

    def call(name, place):
        words = {
            "relax": ["relax", model, "--weights", weights, "--presentations", "1", "--out", place / "r.nc"],
            "learn": ["learn", model, "--out", place / "run", "--recording", place / "l.nc"],
            "train": ["train", "digits-mlp", "--epochs", "1", "--out", place / "run"],
            "audit": ["audit", "backpropagation", "--out", place],
            "view": ["view", recording, "--no-open", "--out", place / "page.html"],
            "play": ["play", model, "--weights", weights, "--no-open", "--out", place / "play.html"],
            "animate": ["animate", recording, "--fps", "1", "--out", place / "film.gif"],
            "spikes": ["spikes", recording, "--out", place / "spikes.png"],
            "cell": ["cell", str(files / "neuron.swc"), "--out", place / "cell.toml"],
            "export": ["export", recording, "--out", place / "recording.nwb"],
            "bench cost": ["bench", "cost", "--out", place],
            "bench rule-cost": ["bench", "rule-cost", "--out", place],
            "demo": ["demo", "--out", place],
        }[name]
        return CliRunner().invoke(app, list(map(str, words)))

    return call


WRITTEN = {
    "relax": ["r.nc"],
    "learn": ["run/weights.safetensors", "l.nc"],
    "train": ["run/weights.safetensors", "run/summary.json"],
    "audit": ["audit.md", "audit.json", "audit.png"],
    "view": ["page.html"],
    "play": ["play.html"],
    "animate": ["film.gif"],
    "spikes": ["spikes.png"],
    "cell": ["cell.toml"],
    "export": ["recording.nwb"],
    "bench cost": ["cost.jsonl", "cost.md"],
    "bench rule-cost": ["rule-cost.jsonl", "rule-cost.md"],
}
EVERY = [*WRITTEN, "demo"]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_folder_that_is_missing_is_made(command, tmp_path, name):
    result = command(name, tmp_path / "not" / "there")
    assert result.exit_code in (0, 1), result.output
    assert not isinstance(result.exception, DendrosimError), result.exception
    for file in WRITTEN[name]:
        assert (tmp_path / "not" / "there" / file).stat().st_size > 0


@pytest.fixture
def idle(monkeypatch):
    """Lets nothing be computed."""

    def computed(*arguments, **settings):
        pytest.fail("it computed something")

    monkeypatch.setattr(Circuit, "relax", computed)
    monkeypatch.setattr(Circuit, "learn", computed)
    monkeypatch.setattr(trainer.Trainer, "epoch", computed)
    monkeypatch.setattr(demo, "train", computed)
    monkeypatch.setattr("dendrosim.audit.audit", computed)
    monkeypatch.setattr("dendrosim.view.page._content", computed)
    monkeypatch.setattr("dendrosim.plot.animation._drawn", computed)
    monkeypatch.setattr("dendrosim.recording.nwb._file", computed)
    monkeypatch.setattr("dendrosim.morphology.Morphology.read", computed)
    monkeypatch.setattr("dendrosim.training.attempt.train", computed)
    return computed


@pytest.mark.parametrize("name", EVERY)
def test_a_place_that_cannot_be_written_is_told_before_anything_is_computed(command, idle, tmp_path, monkeypatch, name):
    (tmp_path / "file").write_text("in the way")
    if name.startswith("bench"):
        monkeypatch.setattr(cost, "measurements", lambda quick, device: iter(idle, None))
        monkeypatch.setattr(rule_cost, "measurements", lambda quick: iter(idle, None))
    result = command(name, tmp_path / "file" / "below")
    assert isinstance(result.exception, DendrosimError), result.output
    assert "cannot be written (" in str(result.exception)
    assert "choose another" in str(result.exception)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_has_no_room_when_it_is_computed_is_written_elsewhere_and_the_sentence_says_where(
    command, tmp_path, full_disk, name
):
    result = command(name, full_disk(tmp_path / "full"))
    assert isinstance(result.exception, DendrosimError), result.output
    sentence = str(result.exception)
    assert "No space left on device" in sentence
    if name == "train":  # already its first checkpoint has no room, so that nothing is lost
        return
    assert "meanwhile" in sentence
    written = {path.name: path for path in (tmp_path / "temporary").rglob("*") if path.is_file()}
    for file in WRITTEN[name][: 2 if name in ("learn", "audit") else 1]:
        assert str(written[Path(file).name].parent) in sentence
    assert list((tmp_path / "full").rglob("*.*")) == []


def test_a_relaxation_streamed_to_a_disk_that_gets_full_is_elsewhere_as_a_whole(tmp_path, full_disk):
    model = small_model((5, 4, 3, 2))
    circuit, pairs = Circuit(model, parameters_of(model, 0), dt=1.0, batch=1), presentations_of(model, 3, 0)
    wanted = circuit.relax(*pairs)
    full = full_disk(tmp_path / "full")
    with pytest.raises(DataError, match=r"it is at (.*) meanwhile") as raised:
        circuit.relax(*pairs, out=full / "r.nc")
    kept = Path(str(raised.value).split("it is at ")[1].split(" meanwhile")[0])
    assert Recording.load(kept).dataset.equals(wanted.dataset)
    assert list(full.iterdir()) == []


def test_an_error_within_a_relaxation_is_not_blamed_on_the_recording(tmp_path, monkeypatch):
    def fail(*arguments):
        raise FileNotFoundError(2, "No such file or directory", "make")

    monkeypatch.setattr("dendrosim.circuit.relaxation.run", fail)
    model = small_model((5, 4, 3, 2))
    with pytest.raises(FileNotFoundError, match="make"):
        Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, 1, 0), out=tmp_path / "r.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_gets_no_room_after_an_epoch_goes_on_from_where_its_checkpoint_is(tmp_path, full_disk):
    folder = tmp_path / "run"
    with pytest.raises(RunError, match=r"it is at .* meanwhile.*the checkpoint after epoch 1 is in") as raised:
        train(training_of("mlp", epochs=3), folder=folder, report=lambda row: full_disk(folder))
    instead = Path(str(raised.value).split("it is at ")[1].split(" meanwhile")[0])
    assert (Checkpoint.read(folder).epoch, Checkpoint.read(instead).epoch) == (1, 2)


def test_a_row_that_has_no_room_is_elsewhere_and_the_other_trainings_are_finished(tmp_path, full_disk):
    class Done:
        status, key = "finished", "a"

        def result(self):
            return {"key": "a"}

    class Client:
        loop = None

        def submit(self, *arguments, **settings):
            return Done()

    full = full_disk(tmp_path / "full")
    cell = table.Cell("digits-mlp", "dll paper", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "as_completed", lambda futures, loop: futures)
        with pytest.raises(RunError, match="the row cannot be written"):
            runner.run_cells([cell, cell], full / "rows.jsonl", tmp_path / "runs", "", Client(), lambda row: None)
    (rows,) = (tmp_path / "temporary").rglob("rows.jsonl")
    assert json.loads(rows.read_text()) == {"key": "a"}
