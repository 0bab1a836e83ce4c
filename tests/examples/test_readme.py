"""The examples of README and of the how-to pages run as they stand, and what they name is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
QUICK = ("data", "own-parts")  # the others run with `make test-all`, and in continuous integration
EXAMPLES = [
    pytest.param(example, id=f"{page.stem}-{number}", marks=() if page.stem in QUICK else pytest.mark.slow)
    for page in HOW_TO
    for number, example in enumerate(PYTHON.findall(page.read_text("utf-8")))
]


def run(example, folder):
    subprocess.run([sys.executable, "-c", example], cwd=folder, check=True, env=os.environ, timeout=300)


def doors():
    """Rows of the tables of what can be brought and taken: what, how, and what shows it."""
    for page in HOW_TO:
        table = page.read_text("utf-8").partition("| what | how | shown by |")[2].partition("\n\n")[0]
        yield from (line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| "))


def test_the_ten_lines_of_the_readme_run_and_leave_their_figure(tmp_path):
    (example,) = PYTHON.findall(README.read_text("utf-8"))
    assert len([line for line in example.splitlines() if line]) <= 10
    run(example, tmp_path)
    assert (tmp_path / "relaxation.png").stat().st_size > 10_000


def test_the_readme_is_what_a_visitor_reads():
    assert len(README.read_text("utf-8").splitlines()) <= 130


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=lambda page: page.name)
def test_pictures_and_files_that_a_page_names_are_there(page):
    for path in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_how_to_page_shows_runs_as_it_stands(example, tmp_path):
    assert len([line for line in example.splitlines() if line]) <= 14
    run(example, tmp_path)


def test_each_thing_that_can_be_registered_is_shown_in_a_few_lines():
    shown = "".join(page.read_text("utf-8") for page in HOW_TO)
    for what in ("rule", "cell", "activation", "output", "data"):
        assert any(f"register_{what}(" in each or f"register_{what}\n" in each for each in PYTHON.findall(shown)), what


def test_each_row_of_what_can_be_brought_names_tests_that_are_there():
    rows = {what: re.findall(r"`([\w/.]+)`", shown_by) for what, _, shown_by in doors()}
    for what, files in rows.items():
        assert any(file.startswith("tests/") for file in files), what
        for file in files:
            assert (ROOT / file).is_file(), file
    doors_of_registries = {"a learning rule", "a kind of cell", "an activation", "a data set of any kind, by name"}
    others = {"a Brian2 network", "a loop of torch", "a plain torch network", "a notebook", "a finished run"}
    assert doors_of_registries | others | {"a recording for other tools"} <= set(rows)
