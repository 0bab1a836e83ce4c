"""Every numbered script in examples/ runs in time and leaves the figure that its docstring names."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.py"))
QUICK = ("03", "06", "09")  # the others run with `make test-all`, and in continuous integration


@pytest.mark.parametrize(
    "script",
    [pytest.param(each, id=each.name, marks=() if each.name[:2] in QUICK else pytest.mark.slow) for each in SCRIPTS],
)
def test_a_script_runs_and_leaves_its_figure(script, tmp_path):
    text = script.read_text(encoding="utf-8")
    named = re.findall(r"Leaves (\S+\.png)", text)
    assert named == [f"{script.stem}.png"]
    assert len(text.splitlines()) <= 111  # a page or two, with the line below its title
    shortened = ["--epochs", "1"] if '"--epochs"' in text else []
    arguments = [sys.executable, str(script), "--out", str(tmp_path), *shortened]
    subprocess.run(arguments, cwd=tmp_path, check=True, env=os.environ, timeout=120)
    for figure in named:
        assert (tmp_path / figure).stat().st_size > 20_000


def test_the_scripts_are_numbered_without_gaps_and_at_least_eight():
    assert len(SCRIPTS) >= 8
    assert [int(script.name[:2]) for script in SCRIPTS] == list(range(1, len(SCRIPTS) + 1))


def test_each_script_begins_with_a_title_and_what_to_see():
    for script in SCRIPTS:
        title, underline, empty, *text = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).splitlines()
        assert (set(underline), len(underline), empty) == ({"="}, len(title), "")
        assert len(text) >= 3
