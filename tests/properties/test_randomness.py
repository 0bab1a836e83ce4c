"""Streams of random numbers: one for each purpose, and no two alike."""

import itertools

import numpy as np
import pytest
import torch
from trainings import training_of

from dendrosim.data import load_data
from dendrosim.model.randomness import PURPOSES, stream
from dendrosim.training.distributed import Ranks
from dendrosim.training.trainer import Trainer


def test_streams_of_different_purposes_and_numbers_are_all_different():
    numbers = [(), (0,), (1,), (0, 0), (1, 0), (0, 1), (1, 0, 0)]
    states = {
        tuple(stream(seed, purpose, *each).generate_state(4))
        for seed, purpose, each in itertools.product((0, 1, 7, 2**40), PURPOSES, numbers)
    }
    assert len(states) == 4 * len(PURPOSES) * len(numbers)


def test_the_purposes_keep_their_places():
    # A purpose that moves gives every published network other weights.
    assert PURPOSES[:3] == ("W", "theta", "auxiliary")
    for place, child in enumerate(np.random.SeedSequence(5).spawn(3)):
        assert np.array_equal(child.generate_state(4), stream(5, PURPOSES[place]).generate_state(4))


@pytest.fixture(scope="module")
def trainer():
    model = training_of("mlp", epochs=1)
    return Trainer(model, load_data(model), torch.device("cpu"), torch.float32, Ranks())


def test_noise_of_a_rule_is_another_in_each_epoch_and_on_each_rank(trainer):
    drawn = []
    for rank in (0, 1):
        trainer._ranks = Ranks(rank, 2)
        drawn += [tuple(torch.rand(4, generator=trainer._generator(epoch)).tolist()) for epoch in (0, 1, 2)]
    assert len(set(drawn)) == 6
