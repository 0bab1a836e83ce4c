"""Compiled circuits are kept, found again, and never used when damaged."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit, build
from dendrosim.errors import CircuitError

MODEL = small_model()
TESTS = Path(__file__).parents[1]
OTHER_PROCESS = f"""
import json
import sys
sys.path.insert(0, {str(TESTS)!r})
from networks import parameters_of, presentations_of, small_model
from dendrosim.circuit import Circuit
circuit = Circuit(small_model(), parameters_of(small_model(), int(sys.argv[1])), "cpp_standalone")
stimuli, targets = presentations_of(small_model(), 2, int(sys.argv[1]))
print(json.dumps(circuit.relax(stimuli, targets).convergence_time.tolist()))
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDROSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def program():
    """The compiled circuit of two presentations."""
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), "cpp_standalone")
    circuit.relax(*presentations_of(MODEL, 2, 0))
    return next(iter(circuit._simulations.values())).build() / "main"


@pytest.fixture
def compilations(program, monkeypatch):
    """What was compiled, in order, by a compiler that is fast because it knows one program."""
    folders = []
    monkeypatch.setattr(build, "compile_project", lambda folder: folders.append(shutil.copy(program, folder / "main")))
    return folders


def relaxed(seed=0, tolerance=1e-9):
    circuit = Circuit(MODEL, parameters_of(MODEL, seed), "cpp_standalone")
    return circuit.relax(*presentations_of(MODEL, 2, seed), tolerance=tolerance).convergence_time


def expected(seed, tolerance=1e-9):
    circuit = Circuit(MODEL, parameters_of(MODEL, seed))
    return circuit.relax(*presentations_of(MODEL, 2, seed), tolerance=tolerance).convergence_time


def run_elsewhere(seed):
    command = [sys.executable, "-c", OTHER_PROCESS, str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TESTS.parent)


def test_other_weights_stimuli_and_tolerances_use_the_same_build(cache, compilations):
    first = relaxed(seed=0)
    np.testing.assert_allclose(relaxed(seed=1, tolerance=1e-6), expected(1, tolerance=1e-6))
    np.testing.assert_allclose(relaxed(seed=0), first)
    assert len(compilations) == 1


def test_processes_that_build_and_run_at_once_give_right_results_and_leave_one_build_that_all_use(cache):
    for seeds in ((0, 1), (2, 3)):  # these build, these find it built
        for seed, process in [(seed, run_elsewhere(seed)) for seed in seeds]:
            answer, _ = process.communicate(timeout=300)
            np.testing.assert_allclose(json.loads(answer), expected(seed))
        assert len(list(cache.iterdir())) == 1


def test_only_the_builds_that_were_used_last_are_kept(cache, compilations, monkeypatch):
    monkeypatch.setattr(build, "KEPT", 2)
    cache.mkdir()
    for name, moment in (("left by a killed process", 1), ("long unused", 2), ("used lately", 3)):
        (cache / name).mkdir()
        os.utime(cache / name, (moment, moment))
    relaxed()
    kept = {path.name for path in cache.iterdir()}
    assert len(kept) == 2
    assert "used lately" in kept


def test_a_build_counts_as_used_whenever_it_runs(cache, compilations):
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), "cpp_standalone")
    circuit.relax(*presentations_of(MODEL, 2, 0))
    (kept,) = cache.iterdir()
    os.utime(kept, (1, 1))
    circuit.relax(*presentations_of(MODEL, 2, 0))
    assert kept.stat().st_mtime > 1


@pytest.mark.parametrize("damage", ["truncated", "no program", "other array", "no seal"])
def test_a_damaged_build_is_built_anew(cache, compilations, damage):
    wanted = relaxed()
    (kept,) = cache.iterdir()
    match damage:
        case "truncated":
            os.truncate(kept / "main", 1000)
        case "no program":
            (kept / "main").unlink()
        case "other array":
            array = next((kept / "static_arrays").iterdir())
            array.write_bytes(bytes(len(array.read_bytes())))
        case "no seal":
            (kept / "sealed.sha256").unlink()
    np.testing.assert_array_equal(relaxed(), wanted)
    assert len(compilations) == 2
    assert [path.name for path in cache.iterdir()] == [kept.name]


def test_a_cache_that_cannot_be_written_says_how_to_choose_another(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DENDROSIM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CircuitError, match=r"cannot be kept in .*: set DENDROSIM_CACHE"):
        relaxed()


def test_code_that_does_not_compile_names_the_error_and_leaves_nothing(cache, monkeypatch):
    def broken(folder):
        (folder / "main.cpp").write_text("this is not C++")
        shutil.copy(folder / "main.cpp", folder / "network.cpp")
        build_project(folder)

    build_project = build.compile_project
    monkeypatch.setattr(build, "compile_project", broken)
    with pytest.raises(CircuitError, match=r"does not compile \(.*error.*\): check the compiler"):
        relaxed()
    assert list(cache.iterdir()) == []
