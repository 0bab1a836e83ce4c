"""What the held stimulus drives is computed once in a batch, and again as soon as its weights have changed."""

import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model

from dendrosim.equilibrium import Network, State
from dendrosim.rules import EquilibriumPropagation, PredictiveCoding

MODELS = {"mlp": small_model(), "cnn": model_of([1, 6, 6], [convolution(3), dense(4), dense(3)])}


def swept(name):
    model = MODELS[name]
    stimuli, targets = (torch.tensor(array) for array in presentations_of(model, 4, 0))
    network, parameters = Network(model), parameters_of(model, 0).map(torch.from_numpy)
    return network, parameters, network.sweep(parameters, stimuli), targets


def products_of_first(network, monkeypatch):
    """Count how often the weights from the stimulus are applied."""
    first, counted = network.projections[0], []
    original = first.apply
    monkeypatch.setattr(first, "apply", lambda *given: (counted.append(1), original(*given))[1])
    return counted


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("rule", "products"),
    [
        (PredictiveCoding("standard", iterations=4, rate=0.2), 0),
        (PredictiveCoding("centred", iterations=4, rate=0.2, nudge=0.5), 0),
        (EquilibriumPropagation(2, 3, nudge=0.5, gain=0.1, feedback="symmetric"), 1),
    ],
)
def test_rules_that_iterate_apply_the_weights_from_the_stimulus_at_most_once_more(name, rule, products, monkeypatch):
    network, parameters, state, targets = swept(name)
    counted = products_of_first(network, monkeypatch)
    list(rule.updates(network, parameters, state, targets))
    assert len(counted) == products


@pytest.mark.parametrize("name", MODELS)
def test_what_is_held_is_what_would_be_computed_also_after_its_weights_or_itself_were_changed(name):
    network, parameters, state, _ = swept(name)
    first, layer = network.projections[0].name, network.projections[0].above
    for change in (
        lambda: None,
        lambda: parameters.W[first].add_(0.1),
        lambda: parameters.bias[first].sub_(0.2),
        lambda: state.basal[layer].mul_(2),
    ):
        for _ in range(3):
            change()
            fresh = State(state.basal, {})
            found, wanted = (network.predict(parameters, each, network.model.layer_names) for each in (state, fresh))
            torch.testing.assert_close(found, wanted, rtol=0, atol=0)
            drive = network.drive(parameters, state, layer, hold=True)
            assert torch.equal(drive, network.drive(parameters, State(state.basal, {}), layer))
            drive.zero_()  # what is returned belongs to the caller


def test_incremental_predictive_coding_predicts_with_the_weights_it_has_learned(monkeypatch):
    network, parameters, state, targets = swept("mlp")
    counted = products_of_first(network, monkeypatch)
    rule = PredictiveCoding("incremental", iterations=4, rate=0.2)
    for name, direction in rule.updates(network, parameters, state, targets):
        dict(parameters.items())[name].add_(direction, alpha=0.1)
    assert len(counted) >= 3  # at every step after the first that learned
