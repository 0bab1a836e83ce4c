"""Settings of the whole suite."""

import os
import tempfile

import browsing
import pytest
import torch
from hypothesis import HealthCheck, settings

from dendrosim import files
from dendrosim.circuit import target
from dendrosim.registry import ACTIVATIONS, CELLS, DATA, OUTPUTS, RULES

# The same random networks in every run: a change that breaks one is to blame for it, not the day.
# How long one takes says what else the machine does, so that no time is a failure.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

# The networks are small and the tests run side by side: a second thread would only wait.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def empty_cache(tmp_path_factory):
    """No compiled circuit comes from an earlier state of the code; the workers of a run share theirs."""
    run = tmp_path_factory.getbasetemp()
    cache = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DENDROSIM_CACHE", str(cache))
        yield


@pytest.fixture(scope="session")
def driver():
    """A browser, one for all tests of pages."""
    browser = browsing.started()
    yield browser
    browser.quit()


@pytest.fixture(autouse=True)
def unregistered(monkeypatch):
    """What a test registers is forgotten after it."""
    for registry in (RULES, CELLS, ACTIVATIONS, OUTPUTS, DATA):
        monkeypatch.setattr(registry, "_registered", dict(registry._registered))


@pytest.fixture(autouse=True)
def unoptimised(request, monkeypatch):
    """Code is compiled in little time, except for tests of what the optimiser makes of it (`optimised`)."""
    if "optimised" not in request.fixturenames:
        monkeypatch.setattr(target, "COMPILER_FLAGS", ["-w", "-O0", "-std=c++17"])


@pytest.fixture
def optimised():
    """Code is compiled as users compile it."""


@pytest.fixture
def full_disk(tmp_path, monkeypatch):
    """Lets a folder have no room for anything that is to be written to the end; returns the folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    files.elsewhere.cache_clear()
    to_disk = files._to_disk

    def fill(folder):
        folder.mkdir(exist_ok=True)

        def full(path):
            if path.resolve().is_relative_to(folder.resolve()):
                raise OSError(28, "No space left on device")
            to_disk(path)

        monkeypatch.setattr(files, "_to_disk", full)
        return folder

    yield fill
    files.elsewhere.cache_clear()
