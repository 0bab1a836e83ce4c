"""The description of a network: round trips, defaults and immutability."""

import pytest
from hypothesis import given, settings
from networks import networks, small_model
from pydantic import ValidationError

from dendrosim.data import load_data
from dendrosim.data.catalog import CATALOG
from dendrosim.data.storage import is_present
from dendrosim.model import available_models, load_model
from dendrosim.model.library import save_model


@given(networks())
@settings(max_examples=25, deadline=None)
def test_a_model_written_as_toml_reads_back_equal(tmp_path_factory, network):
    path = tmp_path_factory.mktemp("model") / "again.toml"
    save_model(network[0], path)
    again = load_model(path)
    assert again.model_dump() == network[0].model_dump()
    assert again.fingerprint == network[0].fingerprint


@pytest.mark.parametrize("name", available_models())
def test_every_model_that_ships_is_valid_and_fits_its_data(name):
    model = load_model(name)
    assert model.name == name
    if model.data in CATALOG and not is_present(model.data):
        pytest.skip(f"the data set '{model.data}' is not here: set DENDROSIM_DATA to the folder that holds it")
    assert load_data(model).shape == model.input


def test_a_model_cannot_be_changed_in_place():
    with pytest.raises(ValidationError):
        small_model().activation = "relu"


def test_a_changed_model_keeps_what_was_not_named():
    model = small_model(training={"epochs": 7, "batch_size": 3})
    changed = model.changed(training={"epochs": 9})
    assert (changed.training.epochs, changed.training.batch_size) == (9, 3)
    assert model.training.epochs == 7


def test_a_new_feedback_rule_brings_its_own_rate_and_decay():
    model = small_model(rules={"dll": {"feedback": "kolen-pollack", "decay": 0.5, "theta_rate": 0.2}})
    paper = model.changed(rules={"dll": {"feedback": "paper"}}).rules.dll
    assert (paper.theta_rate, paper.decay) == (0.01, 0.0)
    assert model.changed(rules={"dll": {"decay": 0.3}}).rules.dll.theta_rate == 0.2


def test_a_rule_comes_with_the_settings_that_the_model_file_has_for_it(tmp_path):
    path = tmp_path / "small.toml"
    text = 'data = "digits"\ninput = [64]\nlayers = [{ kind = "dense", units = 10 }]\n'
    path.write_text(text + "[settings.predictive-coding.training]\nlearning_rate = 0.5\n")
    own = load_model(path, rule="predictive-coding").training
    assert (own.rule, own.learning_rate) == ("predictive-coding", 0.5)
    other = load_model(path, rule="feedback-alignment").training
    assert (other.rule, other.learning_rate) == ("feedback-alignment", 1e-3)


def test_layers_are_named_from_below_to_above():
    assert small_model((5, 4, 3, 2)).layer_names == ("hidden-1", "hidden-2", "output")
    assert small_model((5, 2)).layer_names == ("output",)


@pytest.mark.parametrize("name", [name for name in available_models() if name.endswith("-rnn") and name != "reber-rnn"])
def test_the_clamp_of_the_paper_acts_on_the_sum_over_a_batch_of_sequences(name):
    model = load_model(name, "paper")
    # The released code clips what it sums over the batch and all steps; updates here are means.
    assert model.training.clamp * model.training.batch_size * model.steps == 50.0
