"""The examples of README and CONTRIBUTING run as they stand, and what they name is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
CONTRIBUTING = README.with_name("CONTRIBUTING.md")
OWN = dict(re.findall(r"### (Your own .*?)\n.*?```python\n(.*?)```", CONTRIBUTING.read_text("utf-8"), flags=re.DOTALL))


def run(example, folder):
    subprocess.run([sys.executable, "-c", example], cwd=folder, check=True, env=os.environ, timeout=300)


def doors():
    """Rows of the README's table of what can be brought and taken."""
    table = README.read_text("utf-8").partition("## What can be brought and taken")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]


def test_the_python_examples_of_the_readme_run(tmp_path):
    examples = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    for example, most in zip(examples, (10, 8), strict=True):
        assert len([line for line in example.splitlines() if line]) <= most
        run(example, tmp_path)
    for figure in ("relaxation.png", "learning.png"):
        assert (tmp_path / figure).stat().st_size > 10_000


def test_pictures_and_files_that_the_readme_names_are_there():
    text = README.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (README.parent / path).exists(), path


@pytest.mark.parametrize("name", OWN)
def test_what_contributing_brings_runs_as_it_stands(name, tmp_path):
    run(OWN[name], tmp_path)


def test_contributing_shows_each_thing_that_can_be_registered_in_a_few_lines():
    assert list(OWN) == [f"Your own {what}" for what in ("rule", "cell", "activation", "data set")]
    for example in OWN.values():
        assert len([line for line in example.splitlines() if line]) <= 14


def test_each_row_of_what_can_be_brought_names_tests_that_are_there():
    rows = {what: re.findall(r"`([\w/.]+)`", shown_by) for what, _, shown_by in doors()}
    for what, files in rows.items():
        assert any(file.startswith("tests/") for file in files), what
        for file in files:
            assert (README.parent / file).is_file(), file
    doors_of_registries = {"a learning rule", "a kind of cell", "an activation", "a data set of any kind, by name"}
    others = {"a Brian2 network", "a loop of torch", "a plain torch network", "a notebook", "a finished run"}
    assert doors_of_registries | others | {"a recording for other tools"} <= set(rows)
