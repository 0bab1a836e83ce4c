"""Settings of the whole suite."""

import pytest
import torch
from hypothesis import settings

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
