"""The examples in docstrings run, and say what comes out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_examples_of_all_docstrings_run_as_they_stand(tmp_path):
    found = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "--doctest-modules"]
    asked = [*found, "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(ROOT / "dendrosim")]
    done = subprocess.run(asked, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
