"""The doctor: what it finds, what it says is missing, and when it fails."""

import json

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from dendrosim.commands import doctor as command
from dendrosim.commands import examination as doctor
from dendrosim.commands import main as cli


@pytest.fixture
def run(monkeypatch):
    """Runs `dendrosim doctor --quick` on a terminal wide enough to break no line."""
    monkeypatch.setattr(command, "console", Console(width=1000))
    return lambda *options: CliRunner().invoke(cli.app, ["doctor", "--quick", *options])


def rows_of(result):
    return {row["name"]: row for row in json.loads(result.output)}


def test_table_and_json_agree(run, monkeypatch):
    rows = doctor.examine(quick=True)
    monkeypatch.setattr(doctor, "examine", lambda quick: rows)
    table, printed = run().output, rows_of(run("--json"))
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if line.startswith("│")]
    shown = {name: (found == "yes", version, remedy) for name, found, version, remedy in lines}
    assert shown == {name: (row["found"], row["version"], row["remedy"]) for name, row in printed.items()}


def test_what_is_not_found_has_a_remedy_and_what_is_found_needs_none(run):
    for row in rows_of(run("--json")).values():
        assert row["found"] == (not row["remedy"])


def test_a_missing_compiler_is_no_failure_and_the_remedy_is_named(run, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("--json")
    assert result.exit_code == 0, result.output
    for name in ("C++ compiler", "make"):
        row = rows_of(result)[name]
        assert not row["found"]
        assert row["remedy"] == "install a C++ compiler and make with the system's package manager"


@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_a_target_whose_compiler_is_missing_is_not_tested(target, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    row = doctor.self_test(target)
    assert (row.found, row.failed) == (False, False)
    assert "which this machine lacks" in row.remedy


def test_the_cuda_target_without_a_gpu_is_not_tested_and_says_why(monkeypatch):
    monkeypatch.setattr(doctor.cuda, "capability", lambda: None)
    row = doctor.self_test("cuda_standalone")
    assert (row.found, row.failed) == (False, False)
    assert row.remedy.startswith("target 'cuda_standalone'")


def test_the_remedy_of_a_missing_package_keeps_its_brackets(run, monkeypatch):
    rows = [doctor.package("Brian2CUDA", "no-such-distribution", doctor.CUDA)]
    monkeypatch.setattr(doctor, "examine", lambda quick: rows)
    assert "pip install 'dendrosim[cuda]'" in run().output


def test_a_program_that_fails_is_not_found(monkeypatch, tmp_path):
    broken = tmp_path / "g++"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not doctor.program("C++ compiler", "g++", doctor.COMPILER).found


def test_the_data_folder_is_named_and_a_wrong_one_has_a_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path))
    assert doctor.data_folder().version == str(tmp_path)
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path / "nowhere"))
    row = doctor.data_folder()
    assert not row.found
    assert "set DENDROSIM_DATA" in row.remedy


def test_each_data_set_is_found_or_has_its_command_as_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path))
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "tinyshakespeare.txt").write_text("to be")
    assert doctor.data_set("shakespeare").found
    assert doctor.data_set("mnist").remedy == "dendrosim data fetch mnist"


def test_the_error_settles_as_its_closed_form_says_on_target_numpy():
    assert doctor.settling_deviation("numpy") < 1e-9
    row = doctor.self_test("numpy")
    assert (row.found, row.failed, row.remedy) == (True, False, "")


def test_quick_tests_target_numpy_only(run):
    assert [name for name in rows_of(run("--json")) if name.startswith("self-test")] == ["self-test numpy"]


def test_a_self_test_that_deviates_exits_non_zero(run, monkeypatch):
    monkeypatch.setattr(doctor, "settling_curve", lambda time, *constants: np.zeros_like(time))
    result = run("--json")
    assert result.exit_code == 1
    row = rows_of(result)["self-test numpy"]
    assert row["failed"]
    assert "does not settle as its closed form says" in row["remedy"]
    assert "failed" in run().output


def test_a_self_test_that_raises_fails_with_the_reason(monkeypatch):
    def broken(target):
        raise RuntimeError("the compiler is broken")

    monkeypatch.setattr(doctor, "settling_deviation", broken)
    row = doctor.self_test("numpy")
    assert row.failed
    assert "the compiler is broken" in row.remedy
