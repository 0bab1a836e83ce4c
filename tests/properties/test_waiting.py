"""Nobody waits for a GPU within an epoch: no step of any rule reads a number off the device."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from trainings import training_of

from dendrosim.data import load_data
from dendrosim.errors import RunError
from dendrosim.registry import RULES
from dendrosim.training import Hardware, train
from dendrosim.training.distributed import Ranks
from dendrosim.training.trainer import Trainer

CPU = torch.device("cpu")
FEEDBACK = ("kolen-pollack", "mirror", "released", "paper")


class _Reading(TorchDispatchMode):
    """Counts what makes the process wait for the device."""

    def __init__(self):
        super().__init__()
        self.found = 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        self.found += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(options or {}))


def trainer_of(model, data=None):
    """Return a trainer that does on a CPU what it does on a GPU."""
    trainer = Trainer(model, data or load_data(model), CPU, torch.float32, Ranks())
    trainer._asks_each_step = False
    return trainer


def models():
    for rule in RULES.names():
        optimizer = {"optimizer": "sgd"} if rule in ("hebbian", "r-stdp") else {}
        yield pytest.param(training_of("mlp", rule=rule, **optimizer), id=rule)
    for feedback in FEEDBACK:
        yield pytest.param(training_of("cnn", rules={"dll": {"feedback": feedback}}), id=f"dll {feedback}")


@pytest.mark.parametrize("model", list(models()))
def test_a_step_reads_nothing_off_the_device(model):
    trainer = trainer_of(model)
    generator = np.random.default_rng(0)
    trainer._rule.generator = trainer._generator(1)
    trainer._step(np.arange(32), generator)
    with _Reading() as reading:
        trainer._step(np.arange(32, 64), generator)
    assert reading.found == 0


def test_without_asking_at_each_step_the_history_is_the_same():
    model = training_of("mlp", epochs=2)
    trainer, asking = trainer_of(model), train(model)
    while not trainer.finished:
        trainer.epoch(lambda done, total: None)
    for row, (_, wanted) in zip(trainer.history, asking.history.iterrows(), strict=True):
        assert {**row, "seconds": 0} == {**wanted, "seconds": 0}


def test_what_diverged_first_is_named_at_the_end_of_the_epoch():
    trainer, done = trainer_of(training_of("mlp")), []

    def infect(count, total):
        done.append(count)
        if count == 2:
            trainer.parameters.W["output"][0, 0] = torch.nan

    with pytest.raises(RunError, match="diverged in epoch 1: 'output' holds NaN or infinite values"):
        trainer.epoch(infect)
    assert len(done) == trainer.batches


def test_data_that_are_not_finite_are_told_from_divergence():
    model = training_of("mlp")
    data = load_data(model)
    stimuli = np.array(data.train.stimuli[:])
    stimuli[7] = np.nan
    data = replace(data, train=replace(data.train, stimuli=stimuli))
    with pytest.raises(RunError, match="input of 'digits' holds NaN or infinite values; correct the data set"):
        trainer_of(model, data).epoch(lambda done, total: None)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("model", list(models()))
def test_a_step_on_a_gpu_synchronises_with_nothing(model):
    device = torch.device("cuda")
    trainer = Trainer(model, load_data(model), device, torch.float32, Ranks())
    generator = np.random.default_rng(0)
    trainer._rule.generator = trainer._generator(1)
    trainer._step(np.arange(32), generator)
    before = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer._step(np.arange(32, 64), generator)
    finally:
        torch.cuda.set_sync_debug_mode(before)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("name", ["mlp", "cnn", "rnn"])
def test_a_training_on_a_gpu_agrees_with_one_on_a_cpu(name):
    model = training_of(name, epochs=1, optimizer="sgd", learning_rate=0.05)
    here, there = (train(model, hardware=Hardware(device=device, dtype="float64")) for device in ("cpu", "cuda"))
    for (key, a), (_, b) in zip(here.parameters.items(), there.parameters.items(), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9, err_msg=key)
    assert here.test == pytest.approx(there.test, rel=1e-6)
