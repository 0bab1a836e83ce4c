"""Settings of the whole suite."""

import tempfile

import pytest
import torch
from hypothesis import settings

from dendrosim import files

# The same random networks in every run: a change that breaks one is to blame for it, not the day.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# The networks are small and the tests run side by side: a second thread would only wait.
torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def empty_cache(tmp_path_factory):
    """No compiled circuit comes from an earlier state of the code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DENDROSIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


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
