"""The same training on a GPU and on the CPU."""

import numpy as np
import pytest
import torch
from trainings import state_of, training_of

from dendrosim.training import Hardware, train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU"),
]


@pytest.mark.parametrize("kind", ["mlp", "cnn", "rnn"])
def test_a_gpu_trains_the_parameters_that_the_cpu_trains(kind):
    model = training_of(kind, epochs=1, optimizer="sgd")
    on_gpu, on_cpu = (train(model, hardware=Hardware(device, "float64")).parameters for device in ("cuda", "cpu"))
    for (name, a), (_, b) in zip(on_gpu.items(), on_cpu.items(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9, err_msg=name)


def test_a_training_on_a_gpu_is_resumed_where_it_stopped(tmp_path):
    model, hardware = training_of("mlp", epochs=2), Hardware("cuda", deterministic=True)

    def interrupt(row):
        raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            train(model, folder=tmp_path / "run", hardware=hardware, report=interrupt)
        train(model, folder=tmp_path / "run", hardware=hardware, resume=True)
        train(model, folder=tmp_path / "whole", hardware=hardware)
    finally:
        torch.use_deterministic_algorithms(False)
    assert state_of(tmp_path / "run") == state_of(tmp_path / "whole")
