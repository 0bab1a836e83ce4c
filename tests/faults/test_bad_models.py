"""Every mistake in a model file is one sentence that names file, key and remedy."""

import pytest

from dendrosim.data import load_data
from dendrosim.errors import DataError, ModelError
from dendrosim.model import load_model
from dendrosim.model.library import LARGEST_FILE, LONGEST_LINE

GOOD = """
data = "digits"
input = [64]
layers = [{ kind = "dense", units = 8 }, { kind = "dense", units = 10 }]
"""


def convolution(padding, kernel):
    layer = f'kind = "conv2d", channels = 2, padding = {padding}, kernel = {kernel}'
    return GOOD.replace("[64]", "[1, 8, 8]").replace('kind = "dense", units = 8', layer)


MISTAKES = {
    "an unknown key": (GOOD + "activations = 'tanh'", r"activations: unknown key; did you mean 'activation'"),
    "an unknown key in a table": (GOOD + "[cell]\ntau_some = 1.0", r"cell\.tau_some: unknown key.*'tau_soma'"),
    "an unknown key in a layer": (
        GOOD.replace("units = 8", "unit = 8"),
        r"layers\.0\.unit: unknown key; did you mean 'units'",
    ),
    "a key like no other": (GOOD + "zzz = 1", r"zzz: unknown key; known are activation, cell"),
    "a missing key": ("data = 'digits'\ninput = [64]", r"layers: this key is missing; add it"),
    "a wrong type": (GOOD + "[training]\nepochs = 'many'", r"training\.epochs: 'many' .* write a whole number"),
    "a fraction for a count": (GOOD + "[training]\nepochs = 2.5", r"training\.epochs: 2.5 .* write a whole number"),
    "a number for a table": (GOOD + "cell = 3", r"cell: 3 has the wrong type; write a table"),
    "a word for a list": (GOOD.replace("[64]", "'64'"), r"input: '64' has the wrong type; write a list"),
    "a negative time constant": (GOOD + "[cell]\ntau_soma = -1.0", r"cell\.tau_soma: .*greater than 0.*-1\.0"),
    "an infinite time constant": (GOOD + "[cell]\ntau_soma = inf", r"cell\.tau_soma: .*finite"),
    "a soma without inertia": (GOOD + "[cell]\ntau_soma = 0.0", r"cell\.tau_soma: .*greater than 0"),
    "an unknown kind of cell": (
        GOOD + "[cell]\nkind = 'spiking'",
        r"cell\.kind: there is no kind of cell 'spiking'; known are rate, conductance",
    ),
    "a negative capacitance": (
        GOOD + "[cell]\nkind = 'conductance'\ncapacitance = -300.0",
        r": cell\.capacitance: .*greater than 0.*-300\.0",
    ),
    "an unknown key of a conductance cell": (
        GOOD + "[cell]\nkind = 'conductance'\ncapacitence = 300.0",
        r": cell\.capacitence: unknown key; did you mean 'capacitance'",
    ),
    "a time constant of a conductance cell": (
        GOOD + "[cell]\nkind = 'conductance'\ntau_soma = 10.0",
        r": cell\.tau_soma: unknown key; known are apical_capacitance",
    ),
    "a conductance of the wrong type": (
        GOOD + "[cell]\nkind = 'conductance'\nbasal_conductance = '30 nS'",
        r": cell\.basal_conductance: '30 nS' has the wrong type; write a number",
    ),
    "an unknown coupling": (
        GOOD + "[cell]\nkind = 'conductance'\ncoupling = 'both'",
        r": cell\.coupling: 'both' is not known; choose 'one-way' or 'two-way'",
    ),
    "no layers": ("data = 'digits'\ninput = [64]\nlayers = []", r"layers: it is empty; give at least 1"),
    "a layer without cells": (
        GOOD.replace("units = 8", "units = 0"),
        r"layers\.0\.units: .*greater than or equal to 1",
    ),
    "an unknown activation": (
        GOOD + "activation = 'tan'",
        r"activation: there is no activation 'tan'; did you mean 'tanh'\? Known are tanh, relu",
    ),
    "an unknown feedback rule": (GOOD + "[rules.dll]\nfeedback = 'kp'", r"rules\.dll\.feedback: 'kp' is not known"),
    "a loss that is not canonical": (
        GOOD + "loss = 'squared-error'",
        r"does not go with output 'softmax'.*cross-entropy",
    ),
    "a weak clamp": (GOOD + "[teacher]\nstrength = 0.5", r"teacher: .*write kind = \"nudged\""),
    "an input with two axes": (GOOD.replace("[64]", "[8, 8]"), r"input \[8, 8\] is neither"),
    "a convolution over a row": (
        GOOD.replace('kind = "dense", units = 8', 'kind = "conv2d", channels = 2, kernel = 3'),
        r"layers\.0 \(conv2d\) needs \[channels, height, width\]",
    ),
    "a padding as large as the kernel": (
        convolution(padding=2, kernel=2),
        r"layers\.0 \(conv2d\): padding 2 must be smaller than the kernel of 2; lower it",
    ),
    "a padding as large as the narrow side of the kernel": (
        convolution(padding=1, kernel=[3, 1]),
        r"layers\.0 \(conv2d\): padding 1 must be smaller than the kernel of \(3, 1\); lower it",
    ),
    "an unknown kind of layer": (
        GOOD.replace('kind = "dense", units = 8', 'kind = "conv"'),
        r"layers\.0\.kind: 'conv' is not known",
    ),
    "a layer without a kind": (
        GOOD.replace('kind = "dense", units = 8', "units = 8"),
        r"layers\.0: its kind is missing",
    ),
    "a pool as the output": (
        GOOD.replace('kind = "dense", units = 10', 'kind = "max-pool", size = 2'),
        r"the last layer is the output; end the layers",
    ),
    "a sequence without steps": (
        GOOD.replace('kind = "dense", units = 8', 'kind = "recurrent", units = 8'),
        r"input \[64\] feeds a recurrent network; write it as \[steps, cells\]",
    ),
    "broken TOML": ("data = ", r"not a valid TOML file"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_key_and_remedy(mistake, tmp_path):
    text, message = MISTAKES[mistake]
    path = tmp_path / "network.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as raised:
        load_model(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_good_file_that_the_mistakes_start_from_is_accepted(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(GOOD)
    assert load_model(path).architecture == "64-8-10 tanh softmax"


def test_a_model_file_may_have_as_many_bytes_as_it_says_and_as_many_letters_a_line_but_no_more(tmp_path):
    path, line = tmp_path / "network.toml", "#" * LONGEST_LINE + "\n"
    text = GOOD + line * ((LARGEST_FILE - len(GOOD)) // len(line))
    path.write_text(text + "\n" * (LARGEST_FILE - len(text)))
    assert load_model(path).sizes == (64, 8, 10)
    path.write_text(text + "\n" * (LARGEST_FILE - len(text) + 1))
    with pytest.raises(ModelError, match="too large for a model file"):
        load_model(path)
    path.write_text(GOOD + "#" + line)
    with pytest.raises(ModelError, match="a line is longer than 4096 characters; break it"):
        load_model(path)


def test_a_padding_one_below_the_kernel_is_accepted(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(convolution(padding=2, kernel=3))
    assert load_model(path).connections[0].above_shape == (2, 10, 10)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[64]", "[63]", r"input: \[63\] does not fit the stimuli of 'digits'; set it to \[64\]"),
        ("units = 10", "units = 9", r"layers\.1\.units: 9 output cells do not fit the 10 classes .* set it to 10"),
    ],
)
def test_widths_that_do_not_fit_the_data_name_file_key_and_remedy(old, new, message, tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(ModelError, match=message) as raised:
        load_data(load_model(path))
    assert str(path) in str(raised.value)


def test_an_unknown_data_set_names_those_there_are(tmp_path):
    path = tmp_path / "network.toml"
    path.write_text(GOOD.replace('"digits"', '"digit"'))
    with pytest.raises(DataError, match=r"there is no data set 'digit'; did you mean 'digits'\? Known are digits, "):
        load_data(load_model(path))


def test_an_unknown_model_suggests_the_nearest_name():
    with pytest.raises(ModelError, match="did you mean 'digits-mlp'"):
        load_model("digit-mlp")
    with pytest.raises(ModelError, match="available are"):
        load_model("zzz")


def test_a_change_that_is_not_valid_is_the_same_kind_of_error():
    with pytest.raises(ModelError, match=r"digits-mlp\.toml: training\.epochs"):
        load_model("digits-mlp").changed(training={"epochs": 0})
