"""`dendrosim spikes`, `animate` and `export`: what they write, and how they refuse."""

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model
from typer.testing import CliRunner

from dendrosim.circuit import Circuit
from dendrosim.commands.main import app
from dendrosim.errors import DataError, RunError
from dendrosim.recording import Record, Recording

run = CliRunner().invoke


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A recording of presentations, and one of learning."""
    folder = tmp_path_factory.mktemp("recordings")
    model = small_model((5, 4, 3, 2), plasticity={"epochs": 1, "streams": 2})
    stimuli, targets = presentations_of(model, 2, 0)
    circuit = Circuit(model, parameters_of(model, 0), dt=1.0)
    relaxed = circuit.relax(stimuli, targets, start="settled", record=Record(interval=20.0))
    learned = circuit.learn(stimuli, targets, record=Record(synapses="all")).recording
    return relaxed.save(folder / "relaxed.nc"), learned.save(folder / "learned.nc")


@pytest.mark.parametrize("options", [[], ["--layer", "hidden-2", "--presentation", "1"]])
def test_animate_writes_a_gif_of_the_network_or_of_neurons(files, tmp_path, options):
    out = tmp_path / "film.gif"
    result = run(app, ["animate", str(files[0]), "--out", str(out), "--fps", "2", *options])
    assert result.exit_code == 0, result.output
    assert f"Written: {out}" in result.output.replace("\n", "")
    told = [line.split() for line in result.output.splitlines() if line.startswith("picture ")]
    assert 1 < len(told) <= 10  # where there is no terminal
    assert told[-1][1] == told[-1][3]
    assert out.read_bytes().startswith(b"GIF89a")


def test_animate_shows_learning_where_weights_were_recorded(files, tmp_path):
    result = run(app, ["animate", str(files[1]), "--out", str(tmp_path / "film.gif"), "--fps", "2"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "film.gif").read_bytes().startswith(b"GIF89a")


def test_export_writes_nwb_that_reads_back_equal(files, tmp_path):
    out = tmp_path / "recording.nwb"
    result = run(app, ["export", str(files[0]), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert Recording.from_nwb(out).dataset.identical(Recording.load(files[0]).dataset)


def test_spikes_draws_them(tmp_path):
    model = small_model((5, 4, 3, 2), cell={"kind": "bursting", "base_rate": 300.0})
    circuit = Circuit(model, parameters_of(model, 0), dt=1.0)
    circuit.relax(np.zeros((1, 5)), time_limit=30.0).save(tmp_path / "spikes.nc")
    result = run(app, ["spikes", str(tmp_path / "spikes.nc"), "--out", str(tmp_path / "spikes.png")])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "spikes.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("command", "error", "sentence"),
    [
        (["animate", "missing.nc"], DataError, "there is no such recording; make one with"),
        (["animate", "RELAXED", "--presentation", "7"], DataError, "no presentation 7 among the 2"),
        (["animate", "RELAXED", "--layer", "hidden-9"], DataError, "nothing was recorded of layer 'hidden-9'"),
        (["animate", "RELAXED", "--layer", "hidden-1", "--neuron", "9"], DataError, "neuron 9 of layer 'hidden-1'"),
        (["animate", "RELAXED", "--out", "RELAXED"], RunError, "already exists; choose another --out"),
        (["spikes", "RELAXED"], DataError, "this recording holds no spikes; record cells that send some"),
        (["spikes", "RELAXED", "--out", "RELAXED"], RunError, "already exists; choose another --out"),
        (["export", "RELAXED", "--out", "RELAXED"], RunError, "already exists; choose another --out"),
        (["export", "LEARNED", "--out", "new.nwb"], DataError, "a recording of weights over a learning"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(files, tmp_path, monkeypatch, command, error, sentence):
    monkeypatch.chdir(tmp_path)
    names = {"RELAXED": str(files[0]), "LEARNED": str(files[1])}
    result = run(app, [names.get(word, word) for word in command])
    assert isinstance(result.exception, error)
    assert sentence in str(result.exception)
