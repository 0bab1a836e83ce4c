"""A file of the wrong kind, whatever its name: one sentence that says what it is and which command takes it."""

import numpy as np
import pytest
from networks import dense
from terminals import called

import dendrosim as ds
from dendrosim import kinds
from dendrosim.kinds import kind_of
from dendrosim.model.library import save_model
from dendrosim.training.checkpoint import NAME


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file of every kind, under names that say nothing."""
    folder = tmp_path_factory.mktemp("kinds")
    stimuli = np.random.default_rng(0).normal(size=(40, 3))
    np.savez(folder / "mine.npz", stimuli=stimuli, labels=stimuli[:, 0] > 0)
    model = ds.Model(
        input=[3],
        layers=[dense(4), dense(2)],
        training={"epochs": 1},
        plasticity={"epochs": 1, "mode": "at-convergence", "streams": 4},
    )
    save_model(model, folder / "model.toml")
    data = ds.Dataset.from_arrays(stimuli, stimuli[:, 0] > 0)
    run = ds.train(model, data=data, folder=folder / "run")
    circuit = ds.Circuit(model, run.parameters, integrator="settle")
    circuit.relax(stimuli[:2]).save(folder / "relaxation")
    everything = ds.Record(synapses="all")
    circuit.learn(data.train.stimuli[:], data.train.targets[:], record=everything).recording.save(folder / "learning")
    for name, source in {
        "weights": "run/weights.safetensors",
        "checkpoint": f"run/{NAME}",
        "model": "model.toml",
    }.items():
        (folder / name).write_bytes((folder / source).read_bytes())
    np.save(folder / "stimuli.npy", stimuli)
    (folder / "neuron").write_text("# a soma\n1 1 0 0 0 8 -1\n2 3 0 50 0 1 1\n3 4 0 -50 0 1 1\n")
    (folder / "notes").write_text("mine")
    (folder / "damaged").write_bytes(b"\x89HDF\r\n\x1a\n???")
    (folder / "empty").write_bytes(b"")
    return folder


KINDS = {
    "run": kinds.RUN,
    "model": kinds.MODEL,
    "weights": kinds.WEIGHTS,
    "checkpoint": kinds.CHECKPOINT,
    "relaxation": kinds.RECORDING,
    "learning": kinds.LEARNING,
    "mine.npz": kinds.ARRAYS,
    "stimuli.npy": kinds.ARRAYS,
    "neuron": kinds.MORPHOLOGY,
    "notes": None,
    "damaged": None,
    "empty": None,
    "nowhere": None,
    ".": None,
}


@pytest.mark.parametrize("name", KINDS)
def test_the_content_tells_the_kind(name, folder):
    assert kind_of(folder / name) == KINDS[name]


RIGHT = {
    "view": {"relaxation"},
    "spikes": {"relaxation"},
    "export": {"relaxation"},
    "animate": {"relaxation", "learning"},
    "relax model.toml --weights": {"weights", "run"},
    "train model.toml --weights": {"weights", "run"},
    "predict": {"run"},
    "evaluate": {"run"},
    "train": {"model"},
    "relax": {"model"},
    "learn": {"model"},
    "cell": {"neuron"},
}
WRONG = [
    (command, name)
    for command, right in RIGHT.items()
    for name in ("run", "model", "weights", "checkpoint", "relaxation", "learning", "mine.npz", "neuron")
    if name not in right
]


@pytest.mark.parametrize(("command", "name"), WRONG, ids=map(" ".join, WRONG))
def test_a_file_of_another_kind_is_named_with_the_command_that_takes_it(command, name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    status, out, err = called([*command.split(), name, *(["mine.npz"] if command == "predict" else [])])
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert f"{name}: this is {KINDS[name]}, and not a" in err
    assert kinds.TAKEN[KINDS[name]] in err
    assert sorted(folder.iterdir()) == before


def test_every_command_that_a_sentence_names_takes_the_file(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "one.toml").write_bytes((folder / "model").read_bytes().replace(b"arrays", b"file:mine.npz"))
    for words in (
        "view relaxation --no-open",
        "animate learning --out learning.gif --fps 1",
        "export relaxation --out relaxation.nwb",
        "relax one.toml --weights weights --presentations 2 --out again.nc",
        "train one.toml --weights weights --out further",
        "cell neuron --out cell.toml",
        "predict run stimuli.npy",
        "predict run mine.npz --overwrite",
        "learn one.toml --out learned",
        "evaluate learned",
        "predict learned mine.npz --overwrite",
        "train one.toml --weights learned --out on",
    ):
        status, _, err = called(words.split())
        assert status == 0, (words, err)
    assert kind_of(folder / "relaxation.nwb") == kinds.NWB
