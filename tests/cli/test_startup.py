"""What the command line loads, and how long it takes, before it says that something is not there."""

import json
import os
import resource
import subprocess
import sys

import pytest

MISTAKES = {
    "--help": ["--help"],
    "no such model": ["train", "nosuch"],
    "no such rule": ["train", "digits-mlp", "--rule", "nosuch"],
    "no such weights": ["relax", "digits-mlp", "--weights", "nosuch.safetensors"],
    "no such run": ["predict", "nosuch", "stimuli.npy"],
    "no such morphology": ["cell", "nosuch.swc"],
    "no such recording": ["view", "nosuch.nc"],
}
HEAVY = ("torch", "brian2", "sklearn", "scipy", "pandas", "xarray", "matplotlib", "dask")
WATCHED = """
import json, sys
from dendrosim.commands.main import main
sys.argv = ["dendrosim", *json.loads(sys.argv[1])]
try:
    main()
finally:
    print("loaded", json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
MOST = 3.0
"""How often the time of loading the libraries alone that every command has."""
MOST_OF_A_TRAINING = 1.3
"""How often the time of loading torch a training may take beside what it computes."""


def run(*arguments, **options):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, **options)


def seconds(*arguments, **options):
    """CPU time of a process, of which others on the machine take nothing away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(*arguments, env=os.environ | {"OMP_NUM_THREADS": "1"}, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_before_any_engine_is_loaded(mistake, tmp_path):
    done = run("-c", WATCHED, json.dumps(MISTAKES[mistake]), cwd=tmp_path)
    loaded = json.loads(done.stderr.splitlines()[-1].removeprefix("loaded "))
    assert not set(HEAVY) & set(loaded)
    assert (done.returncode == 0) == (mistake == "--help")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_in_three_times_the_time_of_loading_the_libraries(mistake, tmp_path):
    # The shortest of several runs in turns, because the machine has other things to do.
    libraries = found = float("inf")
    for _ in range(6):
        libraries = min(libraries, seconds("-c", "import typer, rich, pydantic")[0])
        found = min(found, seconds("-m", "dendrosim", *MISTAKES[mistake], cwd=tmp_path)[0])
        if found <= MOST * libraries:
            return
    assert found <= MOST * libraries


def test_a_training_loads_no_library_that_it_does_not_use(tmp_path):
    done = run("-c", WATCHED, json.dumps(["train", "digits-mlp", "--epochs", "1", "--out", "run"]), cwd=tmp_path)
    loaded = json.loads(done.stderr.splitlines()[-1].removeprefix("loaded "))
    assert "torch" in loaded
    assert not {"sklearn", "scipy", "dask", "brian2", "xarray", "matplotlib", "h5py", "PIL"} & set(loaded)


@pytest.mark.slow
def test_a_training_takes_little_more_than_loading_torch_and_computing(tmp_path):
    watched = """
import resource, sys
from dendrosim.commands.main import application
from dendrosim.training.trainer import Trainer

def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime

computed, epoch = [], Trainer.epoch
def timed(self, *arguments):
    start = cpu()
    try:
        return epoch(self, *arguments)
    finally:
        computed.append(cpu() - start)
Trainer.epoch = timed
sys.argv = ["dendrosim", "train", "digits-mlp", "--epochs", "1", "--threads", "1", "--out", "run", "--overwrite"]
try:
    application("train")()
finally:
    print("computed", sum(computed))
"""
    ratios = []
    for _ in range(6):  # in turns, because the machine has other things to do
        torch = seconds("-c", "import torch")[0]
        whole, done = seconds("-c", watched, cwd=tmp_path)
        ratios.append((whole - float(done.stdout.split()[-1])) / torch)
        if ratios[-1] <= MOST_OF_A_TRAINING:
            return
    assert min(ratios) <= MOST_OF_A_TRAINING
