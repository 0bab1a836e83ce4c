"""Every numbered script in examples/ runs in time and leaves the figure that its docstring names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_runs_and_leaves_its_figure(script, tmp_path):
    named = re.findall(r"Leaves (\S+\.png)", script.read_text(encoding="utf-8"))
    assert named
    arguments = [sys.executable, str(script), "--out", str(tmp_path)]
    subprocess.run(arguments, cwd=tmp_path, check=True, env=os.environ, timeout=120)
    for figure in named:
        assert (tmp_path / figure).stat().st_size > 20_000


def test_there_are_scripts_to_run():
    assert len(SCRIPTS) >= 2
