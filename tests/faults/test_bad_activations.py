"""Formulas that are none, or do not belong together: one sentence each, and nothing of them is run as code."""

import pytest

import dendrosim as ds
from dendrosim.errors import PluginError
from dendrosim.model.expression import FUNCTIONS, LONGEST_FORMULA
from dendrosim.registry import ACTIVATIONS


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("__import__('os').getcwd()", r"'__import__\('os'\)\.getcwd\(\)' is none of what a formula may hold"),
        ("open(z)", "the function 'open' is unknown"),
        ("z.real", "'z.real' is none of what"),
        ("z if z else 0", "is none of what"),
        ("(lambda: z)()", "is none of what"),
        ("z[0]", "is none of what"),
        ("x", "'x' is unknown"),
        ("u", "'u' is unknown"),
        ("True", "a truth value is no number"),
        ("'z'", "is none of what"),
        ("1j*z", "is none of what"),
        ("1e999*z", "is none of what"),
        ("z +", "cannot be read"),
        ("z\nz", "cannot be read"),
        ("tanh()", "'tanh' takes 1 of what it is given 0"),
        ("tanh(x=z)", "the function 'tanh' is unknown|is none of what"),
        ("maximum(z)", "'maximum' takes 2"),
        ("9**9**9**9", "it holds a power of a number"),
        ("z//1", "is none of what"),
        ("-" * 299 + "z", "cannot be read|slope"),
        ("z" * (LONGEST_FORMULA + 1), f"is no formula; write one of z in {LONGEST_FORMULA} characters"),
        (3, "3 is no formula"),
        ("z/0", "cannot be computed|is not finite"),
        ("1/0 + z", r"cannot be computed \(float division by zero\)"),
        ("log(z)", "is not finite between -20 and 20"),
        ("exp(exp(z))", "is not finite between -20 and 20"),
    ],
)
def test_what_is_no_formula_is_told_and_not_run(function, sentence):
    with pytest.raises(PluginError, match=sentence):
        ds.register_activation("fault", ds.Activation(function, slope="1"))
    assert "fault" not in ACTIVATIONS


def test_a_formula_that_cannot_be_read_names_what_it_may_hold():
    with pytest.raises(PluginError, match=rf"write it with z, numbers, \+ - \* / \*\* and {', '.join(FUNCTIONS)}\."):
        ds.register_activation("fault", ds.Activation("erf(z)", slope="1"))


@pytest.mark.parametrize(
    ("activation", "sentence"),
    [
        (
            ds.Activation("tanh(z)", "1 - u"),
            r"the slope '1 - u' .* gives a slope of 1.999 at z = -3\.99, where its function has 0.001374",
        ),
        (ds.Activation("z*z", "2*u"), "the slope '2\\*u' of the activation 'fault'"),
        (ds.Activation("tanh(z)", "1 - u**2", "u"), "the integral 'u' of the activation 'fault' gives a slope of 1"),
        (ds.Activation("tanh(z)", "1 - z**2"), "'z' is unknown"),
        ("tanh(z)", "the activation 'fault' is 'tanh.z.'; give a dendrosim.Activation"),
    ],
)
def test_formulas_that_do_not_belong_together_are_told_with_where(activation, sentence):
    with pytest.raises(PluginError, match=sentence):
        ds.register_activation("fault", activation)


def test_names_of_activations_are_words_that_are_not_taken():
    identity = ds.Activation("z", "1")
    with pytest.raises(PluginError, match="the name 'tanh' is taken by another activation"):
        ds.register_activation("tanh", identity)
    with pytest.raises(PluginError, match=r"'a\.b:c' is no name of an activation"):
        ds.register_activation("a.b:c", identity)
