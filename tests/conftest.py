"""What every test finds: an empty cache of compiled circuits, so that none comes from an earlier state of the code."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def empty_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DENDROSIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
