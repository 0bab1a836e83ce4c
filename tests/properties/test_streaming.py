"""Updates are yielded one by one: who changes a parameter at once does not disturb those that follow."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from networks import convolutional_layers, dense_layers, networks, recurrent_layers

from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import ModelError
from dendrosim.registry import RULES
from dendrosim.rules import DendriticLocalizedLearning
from dendrosim.rules.dll import FEEDBACK

MAKERS = {
    **{name: RULES[name].from_model for name in RULES},
    **{feedback: lambda model, local=local: DendriticLocalizedLearning(local) for feedback, local in FEEDBACK.items()},
}
FAMILIES = {"dense": dense_layers(), "convolutional": convolutional_layers(), "recurrent": recurrent_layers()}


def directions(rule, model, parameters, stimuli, targets, overwrite):
    """Copies of all directions; optionally every parameter is overwritten right after its own was yielded."""
    parameters.auxiliary.update(rule.auxiliary(model, np.random.default_rng(0)))
    parameters = parameters.map(lambda array: channels_last(torch.tensor(array)))
    engine, tensors = Network(model), dict(parameters.items())
    rule.generator = torch.Generator().manual_seed(0)
    state = rule.infer(engine, parameters, torch.tensor(stimuli))
    found = {}
    for name, direction in rule.updates(engine, parameters, state, torch.tensor(targets)):
        found[name] = direction.clone()
        if overwrite:
            tensors[name].fill_(torch.nan)
    return found


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_parameter_that_was_given_out_is_not_read_again(family, maker):
    @settings(max_examples=15, deadline=None)
    @given(networks(layers=FAMILIES[family]))
    def check(network):
        try:
            rule = MAKERS[maker](network[0])
        except ModelError:
            return
        undisturbed, disturbed = (directions(rule, *network, overwrite) for overwrite in (False, True))
        assert list(undisturbed) == list(disturbed)
        for name, direction in undisturbed.items():
            assert torch.equal(disturbed[name], direction), name

    check()
