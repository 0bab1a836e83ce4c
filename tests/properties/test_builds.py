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
from dendrosim.data.storage import data_root
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
    """Where builds are kept."""
    monkeypatch.setenv("DENDROSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "builds"


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


@pytest.mark.slow
def test_processes_that_build_and_run_at_once_give_right_results_and_leave_one_build_that_all_use(cache):
    for seeds in ((0, 1), (2, 3)):  # these build, these find it built
        for seed, process in [(seed, run_elsewhere(seed)) for seed in seeds]:
            answer, _ = process.communicate(timeout=300)
            np.testing.assert_allclose(json.loads(answer), expected(seed))
        assert len(list(cache.iterdir())) == 1


def sealed(folder, moment):
    """What looks like a finished build that was used last at a moment."""
    folder.mkdir(parents=True)
    (folder / "sealed.sha256").write_text("")
    os.utime(folder, (moment, moment))
    return folder


def test_only_the_builds_that_were_used_last_are_kept(cache, compilations, monkeypatch):
    monkeypatch.setattr(build, "KEPT", 2)
    unused, used = sealed(cache / ("0" * 32), 2), sealed(cache / ("1" * 32), 3)
    relaxed()
    assert not unused.exists()
    assert used.exists()
    assert len(list(cache.iterdir())) == 2


def test_nothing_but_finished_builds_is_ever_removed(cache, compilations, monkeypatch):
    monkeypatch.setattr(build, "KEPT", 1)
    sealed(cache / ("0" * 32), 1)
    foreign = [cache.parent / "data" / "mnist", cache.parent / "thesis", cache / "thesis", cache / ("2" * 32)]
    for folder in foreign:  # the last has the name of a build, but was never finished
        folder.mkdir(parents=True)
        (folder / "file").write_text("mine")
        os.utime(folder, (1, 1))
    elsewhere = sealed(cache.parent / "mine", 1)
    (cache / ("3" * 32)).symlink_to(elsewhere)
    relaxed()
    assert not (cache / ("0" * 32)).exists()
    assert all((folder / "file").read_text() == "mine" for folder in foreign)
    assert (elsewhere / "sealed.sha256").exists()
    assert (cache / ("3" * 32)).is_symlink()


def test_data_sets_do_not_lie_where_builds_are_removed(monkeypatch, tmp_path):
    for name in ("DENDROSIM_CACHE", "DENDROSIM_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not data_root().is_relative_to(build.cache_folder())


def test_a_build_that_was_removed_between_two_runs_of_a_circuit_is_built_anew(cache, compilations):
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), "cpp_standalone")
    first = circuit.relax(*presentations_of(MODEL, 2, 0)).convergence_time
    (kept,) = cache.iterdir()
    shutil.rmtree(cache)
    np.testing.assert_array_equal(circuit.relax(*presentations_of(MODEL, 2, 0)).convergence_time, first)
    assert len(compilations) == 2
    assert list(cache.iterdir()) == [kept]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o077, 0o700)])
def test_a_build_has_the_mode_of_the_umask(cache, compilations, umask, mode):
    before = os.umask(umask)
    try:
        relaxed()
    finally:
        os.umask(before)
    (kept,) = cache.iterdir()
    assert kept.stat().st_mode & 0o777 == mode


def test_what_a_killed_process_left_is_removed_by_the_next_build(cache, compilations):
    code = f"import os, sys; sys.path.insert(0, {str(TESTS)!r}); from pathlib import Path; "
    code += "from dendrosim.circuit import build; build.kept_build(lambda work: os.kill(os.getpid(), 9))"
    subprocess.run([sys.executable, "-c", code], cwd=TESTS.parent, check=False)
    assert len(list(cache.iterdir())) == 1
    relaxed()
    (kept,) = cache.iterdir()
    assert (kept / "main").exists()


def without_make(run):
    def run_all_but_make(command, **settings):
        return run(["no-such-make"] if command[0] == "make" else command, **settings)

    return run_all_but_make


def test_a_machine_without_make_is_told_to_install_it(cache, monkeypatch):
    monkeypatch.setattr(build.subprocess, "run", without_make(build.subprocess.run))
    with pytest.raises(CircuitError, match="there is no make to compile with"):
        relaxed()


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
