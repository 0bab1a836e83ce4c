"""Learning rules that are none, do not say what they have to, or cannot be imported: one sentence each."""

import numpy as np
import pytest
from networks import dense
from own_rules import MODULE, SMALL, package
from typer.testing import CliRunner

import dendrosim as ds
from dendrosim.audit import audit
from dendrosim.commands.main import app
from dendrosim.errors import ModelError, PluginError
from dendrosim.model.local_update import LocalUpdate, LocalUpdates
from dendrosim.registry import RULES
from dendrosim.rules import Backpropagation


def rule(**members):
    members = {"name": "fault", "updates": lambda *arguments: iter(()), **members}
    return type("Fault", (ds.Rule,), {name: member for name, member in members.items() if member is not None})


class NoDefault(ds.Rule.Settings):
    gain: float


@pytest.mark.parametrize(
    ("thing", "sentence"),
    [
        (rule(updates=None), "the rule Fault has no 'updates'; write that method."),
        (rule(name=None), "the rule Fault is called ''; give it a name of letters, digits and hyphens"),
        (rule(name=3), "the rule Fault is called 3; give it a name"),
        (rule(name="../up"), "the rule Fault is called '../up'; give it a name"),
        (rule(name="dll"), "the name 'dll' is taken by another learning rule; choose another one."),
        (rule(Settings=dict), "the Settings of the rule Fault are no settings; derive them from Rule.Settings."),
        (rule(Settings=NoDefault), "the setting 'gain' of the rule Fault has no valid default; give it one."),
        (lambda: None, "is no learning rule; give its name, or a class derived from dendrosim.Rule."),
        (ds.Rule, "is called ''"),
        (7, "7 is no learning rule; give its name, or a class derived from dendrosim.Rule."),
    ],
)
def test_what_is_no_rule_is_refused_when_it_is_registered(thing, sentence):
    before = list(RULES)
    for register in (ds.register_rule, RULES.add, lambda each: ds.train("digits-mlp", rule=each)):
        with pytest.raises(PluginError, match=sentence):
            register(thing)
    assert list(RULES) == before


@pytest.mark.parametrize(
    ("updates", "sentence"),
    [
        (lambda W: None, "the updates of the rule 'fault' are None; yield a name with a direction"),
        (
            lambda W: [W],
            "yields an object of type Tensor as an update; yield the name of a parameter out of hidden-1.W,",
        ),
        (lambda W: [("nothing.W", W)], "as an update; yield the name of a parameter out of hidden-1.W, "),
        (lambda W: [([], W)], "as an update; yield the name of a parameter out of hidden-1.W, "),
        (lambda W: [("output.W", W.T)], r"a tensor of float32 and of shape \(6, 2\) for 'output.W'; yield .* \(2, 6\)"),
        (
            lambda W: [("output.W", W[0])],
            r"shape \(6,\) for 'output.W'; yield a tensor of float32 and of shape \(2, 6\)",
        ),
        (lambda W: [("output.W", W.half())], "yields a tensor of float16 .*; yield a tensor of float32"),
        (lambda W: [("output.W", W.numpy())], "yields an object of type ndarray for 'output.W'; yield a tensor"),
        (lambda W: [("output.W", 0.5)], "yields 0.5 for 'output.W'; yield a tensor"),
    ],
)
def test_what_a_rule_yields_that_is_no_update_is_one_sentence(updates, sentence):
    data = ds.Dataset.from_arrays(np.arange(160.0).reshape(40, 4), ["left", "right"] * 20)
    model = ds.Model(input=[4], layers=[dense(6), dense(2)], training={"epochs": 1})
    fault = rule(name="fault", updates=lambda self, network, parameters, *others: updates(parameters.W["output"]))
    with pytest.raises(PluginError, match=sentence) as raised:
        ds.train(model, data=data, rule=fault)
    assert "\n" not in str(raised.value)
    with pytest.raises(PluginError, match="the rule 'fault'"):
        audit(fault)


def test_a_name_is_taken_by_another_rule_but_not_by_the_same_one():
    first = ds.register_rule(rule(name="taken", __qualname__="First"))
    assert ds.register_rule(first) is first
    with pytest.raises(PluginError, match="the name 'taken' is taken by another learning rule; choose"):
        ds.register_rule(rule(name="taken", __qualname__="Second"))
    with pytest.raises(PluginError, match="calls itself 'fault' and not 'other'; register it under its name"):
        RULES.register("other", rule())
    assert RULES.add(Backpropagation) == "backpropagation"


@pytest.mark.parametrize(
    ("text", "given", "sentence"),
    [
        (MODULE, "nowhere.rules:Delta", "'nowhere.rules' of a learning rule cannot be imported (ModuleNotFoundError"),
        ("1 / 0", "mine.rules:Delta", "cannot be imported (ZeroDivisionError: division by zero); install it, mend it"),
        ("x = (", "mine.rules:Delta", "cannot be imported (SyntaxError"),
        ("raise SystemExit(3)", "mine.rules:Delta", "cannot be imported (SystemExit: 3)"),
        (MODULE, "mine.rules:Delt", "the module 'mine.rules' has no 'Delt'; write learning rules as package.module"),
        ("Delta = 7", "mine.rules:Delta", "7 is no learning rule; give its name"),
        (MODULE, "mine-delt", "there is no learning rule 'mine-delt'; known are backpropagation"),
        (MODULE, "back-propagation", "did you mean 'backpropagation'?"),
    ],
)
def test_what_cannot_be_had_on_the_command_line_is_one_sentence(text, given, sentence, tmp_path, monkeypatch):
    for name in ("mine", "mine.rules"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    monkeypatch.chdir(package(tmp_path, text=text))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    for arguments in (["train", "small.toml", "--rule", given], ["audit", given]):
        result = CliRunner().invoke(app, arguments)
        assert isinstance(result.exception, PluginError), result.output
        assert sentence in str(result.exception)
    assert not (tmp_path / "runs").exists()


def test_a_module_to_import_that_is_not_there_is_one_sentence(tmp_path):
    result = CliRunner().invoke(app, ["train", "digits-mlp", "--import", "nowhere.at.all"])
    assert "the module 'nowhere.at.all' of a module cannot be imported" not in str(result.exception)
    assert "the module 'nowhere.at.all' cannot be imported (ModuleNotFoundError" in str(result.exception)
    with pytest.raises(PluginError, match="imports are 'nowhere'; give a list of names of modules"):
        ds.load_model("digits-mlp", imports="nowhere")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('gain = "much"', "rules.fault-gain.gain: 'much' has the wrong type; write a number"),
        ("gian = 1.0", "rules.fault-gain.gian: unknown key; did you mean 'gain'"),
        ("gain = nan", "rules.fault-gain.gain"),
    ],
)
def test_wrong_settings_of_ones_own_rule_name_file_key_and_remedy(table, sentence, tmp_path):
    from pydantic import FiniteFloat

    settings = type("Settings", (ds.Rule.Settings,), {"__annotations__": {"gain": FiniteFloat}, "gain": 1.0})
    ds.register_rule(rule(name="fault-gain", Settings=settings))
    path = tmp_path / "fault.toml"
    path.write_text(SMALL + f'rule = "fault-gain"\n[rules.fault-gain]\n{table}\n')
    with pytest.raises(ModelError) as raised:
        ds.load_model(path)
    assert f"fault.toml: {sentence}" in str(raised.value)


def test_a_table_of_a_rule_that_there_is_not_names_those_there_are(tmp_path):
    path = tmp_path / "fault.toml"
    path.write_text(SMALL + "[rules.dl]\n")
    with pytest.raises(ModelError, match=r"fault\.toml: rules\.dl: there is no learning rule 'dl'; did you mean 'dll'"):
        ds.load_model(path)
    path.write_text(SMALL + "[rules.predictive-coding]\n[rules.predictive_coding]\n")
    with pytest.raises(ModelError, match=r"rules\.predictive_coding: stands there in two spellings; keep one"):
        ds.load_model(path)


def test_feedforward_weights_cannot_read_an_error_that_the_stimulus_does_not_have():
    with pytest.raises(PluginError, match="a local update of W reads something else than 'basal'"):
        LocalUpdates(LocalUpdate("error"))
