"""Whatever a file or an argument holds: a result or one sentence of ours, in 20 s and 1 GiB, and no new file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BUDGETS = {"models": 125, "files": 200, "recordings": 75, "arguments": 75, "commands": 25}  # 500 together
TESTS = Path(__file__).parents[1]


def breaches(family, count, seed):
    """Try out inputs in a process of its own, which has limits of its own."""
    command = [sys.executable, "-m", "fuzzing", family, str(count), str(seed)]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    # Threads of a small product would only wait for one another.
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]  # also where a library crashed
    found = json.loads(done.stdout)
    assert found["counts"]["inputs"] >= count
    return found["breaches"]


@pytest.mark.parametrize("family", BUDGETS)
def test_five_hundred_inputs_keep_the_contract(family):
    assert breaches(family, BUDGETS[family], seed=0) == {}


@pytest.mark.slow
@pytest.mark.parametrize("family", BUDGETS)
def test_fifty_thousand_inputs_keep_the_contract(family):
    assert breaches(family, 100 * BUDGETS[family], seed=1) == {}
