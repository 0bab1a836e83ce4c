"""What the CUDA target needs and does not find."""

import sys

import pytest
from networks import parameters_of, small_model

from dendrosim.circuit import Circuit, cuda
from dendrosim.errors import TargetError

MODEL = small_model()


def cuda_circuit():
    return Circuit(MODEL, parameters_of(MODEL, 0), target="cuda_standalone")


def test_without_brian2cuda_the_extra_to_install_is_named(monkeypatch):
    cuda.code_object.cache_clear()
    monkeypatch.setitem(sys.modules, "brian2cuda.codeobject", None)
    with pytest.raises(TargetError, match=r"needs Brian2CUDA .*: run pip install 'dendrosim\[cuda\]'"):
        cuda_circuit()


def test_without_a_toolkit_the_variable_to_set_is_named(monkeypatch, tmp_path):
    pytest.importorskip("brian2cuda")
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cuda, "USUAL_PLACE", tmp_path)
    with pytest.raises(TargetError, match=r"found no nvcc: install it, or set CUDA_HOME"):
        cuda_circuit()


def test_without_curand_the_extra_to_install_is_named(monkeypatch):
    pytest.importorskip("brian2cuda")
    monkeypatch.setattr(cuda, "toolkit", lambda: cuda.Path("/nowhere"))
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    with pytest.raises(TargetError, match=r"needs cuRAND and found none: run pip install"):
        cuda_circuit()
