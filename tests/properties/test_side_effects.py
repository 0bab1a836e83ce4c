"""Whatever is called from Python leaves the process as it found it."""

import logging
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import brian2
import dask
import matplotlib as mpl
import numpy as np
import pytest
import torch
from networks import parameters_of, presentations_of, small_model
from PIL import Image
from threadpoolctl import threadpool_info
from trainings import training_of

import dendrosim as ds
from dendrosim import audit, plot
from dendrosim.audit.report import row as audit_row
from dendrosim.benchmark import cost, report, rule_cost, runner, table
from dendrosim.benchmark.tables import TABLES, Cell
from dendrosim.data.download import _silent_pooch
from dendrosim.data.storage import check
from dendrosim.plot import animation
from dendrosim.recording import Record, Recording
from dendrosim.training import Hardware, train
from dendrosim.training.hardware import flushes_denormals
from dendrosim.training.search import search
from dendrosim.training.space import Range
from dendrosim.view import write_page

# What other packages do when they are first imported is theirs.
for package in ("pynwb", "neo", "optuna"):
    pytest.importorskip(package)

MODEL = small_model((5, 4, 3, 2))
TRAINING = training_of("mlp", epochs=1)


def state_of_process():
    """All that a library could change behind the back of the program that calls it, by name."""
    numpy_state = np.random.get_state()  # noqa: NPY002
    return {
        "random": random.getstate(),
        "numpy.random": (numpy_state[1].tobytes(), *numpy_state[2:]),
        "torch.random": torch.get_rng_state().numpy().tobytes(),
        "denormals": (flushes_denormals(), float(np.exp(-720.0)) == 0.0),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "threads": torch.get_num_threads(),
        "pools": [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()],
        "torch.dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "distributed": torch.distributed.is_initialized(),
        "environment": dict(os.environ),
        "signals": {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)},
        "folder": Path.cwd(),
        "umask": _umask(),
        "numpy.errors": np.geterr(),
        "numpy.printing": np.get_printoptions(),
        "warnings": list(warnings.filters),
        "matplotlib": (dict(mpl.rcParams), mpl.get_backend(auto_select=False)),
        "logging": {name: logging.getLogger(name).level for name in ("", "pooch", "distributed", "brian2", "optuna")},
        "dask": (dask.config.config.get("distributed", {}).get("nanny"), dask.config.get("scheduler", None)),
        "brian2": (dict(brian2.prefs), brian2.get_device(), brian2.defaultclock.dt / brian2.ms),
        "recursion": sys.getrecursionlimit(),
    }


def _umask():
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def compared(before, after):
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}


@pytest.fixture(scope="module")
def recording():
    circuit = ds.Circuit(MODEL, parameters_of(MODEL, 0), dt=1.0)
    return circuit.relax(*presentations_of(MODEL, 2, 0), record=Record(interval=20.0))


def trained(folder, recording):
    run = train(TRAINING, seed=1, folder=folder / "run")
    train(TRAINING, seed=1, folder=folder / "run", resume=True)
    run.save(folder / "saved")


def trained_otherwise(folder, recording):
    train(TRAINING, hardware=Hardware(threads=2, dtype="float64", deterministic=True))


def diverged(folder, recording):
    fast = training_of("mlp", optimizer="sgd", learning_rate=3e38)
    with pytest.raises(ds.errors.RunError):
        train(fast, hardware=Hardware(threads=2, deterministic=True))


def interrupted(folder, recording):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TRAINING, progress=interrupt, folder=folder / "interrupted")


def measured(folder, recording):
    report.write_report(rule_cost.measurements(quick=True), folder, "rule-cost", "")
    plot.cost(cost.panels(cost.measurements(quick=True)))


def measured_in_part(folder, recording):
    rows = cost.measurements(quick=True)
    next(rows)
    state_of_process.kept = rows  # nobody asks for the rest


def trained_by_nobody(folder, recording):
    for address in ("tcp://127.0.0.1:9", "nowhere", 3):
        with pytest.raises(ds.errors.RunError, match="no Dask scheduler answers at"):
            ds.train_many(TRAINING, seeds=[0], scheduler=address)


def tabled(folder, recording):
    cell = Cell("digits-mlp", "backpropagation", 0, {"training": {"epochs": 1}})
    runner.train_cell(cell, folder / "cells", "")
    quick = TABLES["text"], [cell], folder / "out", folder / "runs"
    table.make_table(*quick, "", 1, None, lambda row: None, lambda sentence: None)


def trained_many_times(folder, recording):
    plot.runs(ds.train_many(TRAINING, seeds=[0], rules=["dll", "backpropagation"], folder=folder / "many"))
    ds.train_many(TRAINING, seeds=[0, 1], workers=2)


def searched(folder, recording):
    space = {"training.learning_rate": Range(1e-4, 1e-2, log=True)}
    search(TRAINING, space, 2, folder / "search")


def with_images(folder, recording):
    for name in ("black", "white"):
        (folder / name).mkdir()
        for number in range(20):
            Image.new("L", (9, 9), name).save(folder / name / f"{number}.png")
    ds.Dataset.from_images(folder, (3, 4, 4))


def loaded(folder, recording):
    for name in ("digits-mlp", "digits-cnn", "reber-rnn"):
        data = ds.load_data(ds.load_model(name))
        data.train.draw(np.arange(3), np.random.default_rng(0))
    check("mnist")
    with _silent_pooch():
        pass


def drawn(folder, recording):
    for page in (plot.relaxation_page, plot.network_page, lambda recording: plot.neuron_page(recording, "hidden-1")):
        plot.save_figure(page(recording), folder / "figure.png")
    plot.save_figure(plot.relaxation(recording, "hidden-1").figure, folder / "figure.pdf")
    moving = animation.relaxing_network(recording, fps=1)
    animation.save_animation(moving, folder / "film.gif", 1)


def viewed(folder, recording):
    write_page(recording, folder / "page.html")


def saved(folder, recording):
    path = recording.save(folder / "r.nc")
    Recording.load(path)
    with Recording.open(path).dataset:
        pass
    Recording.from_nwb(recording.to_nwb(folder / "r.nwb"))
    recording.to_neo()
    parameters_of(MODEL, 0).save(folder / "weights.safetensors", MODEL)
    ds.Parameters.load(folder / "weights.safetensors", MODEL)


def judged(folder, recording):
    from dendrosim.registry import RULES

    for name in ("dll", "perturbation"):
        plot.criteria([audit_row(audit.audit(RULES[name]))])


CALLS = [
    trained, trained_otherwise, diverged, interrupted, measured, measured_in_part,
    tabled, trained_many_times, trained_by_nobody,
    searched, with_images, loaded, drawn, viewed, saved,
    judged,
]  # fmt: skip


@pytest.fixture
def unusual():
    """Settings of a program that has its own ideas: whoever sets defaults back does not give them back."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    torch.manual_seed(7)
    umask = os.umask(0o027)
    logging.getLogger("pooch").setLevel(logging.DEBUG)
    with mpl.rc_context({"lines.linewidth": 7.0}), np.errstate(over="raise"):
        yield
    logging.getLogger("pooch").setLevel(logging.NOTSET)
    os.umask(umask)
    torch.use_deterministic_algorithms(deterministic)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_a_call_changes_nothing_of_the_process(call, recording, tmp_path, unusual):
    before = state_of_process()
    call(tmp_path, recording)
    assert compared(before, state_of_process()) == {}


@pytest.mark.parametrize("call", [trained, diverged], ids=lambda call: call.__name__)
def test_whoever_flushes_denormal_numbers_goes_on_doing_so(call, recording, tmp_path):
    torch.set_flush_denormal(True)
    try:
        call(tmp_path, recording)
        assert flushes_denormals()
    finally:
        torch.set_flush_denormal(False)
    assert not flushes_denormals()


def test_the_threads_that_a_training_starts_flush_no_denormal_numbers_afterwards():
    code = (
        "import numpy as np, torch, dendrosim as ds\n"
        "from dendrosim.training import Hardware\n"
        "tiny = torch.from_numpy(np.full(10**6, 1e-40, np.float32))\n"
        "model = ds.load_model('digits-mlp').changed(training={'epochs': 1, 'batch_size': 1000})\n"
        "ds.train(model, hardware=Hardware(threads=2))\n"
        "torch.set_num_threads(2)\n"
        "print(int(np.count_nonzero(tiny.mul(1.5).numpy())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == 10**6
