"""The audit on the command line: the paper's ticks, the verdicts, and what explains each difference."""

import json

import pytest
from typer.testing import CliRunner

from dendrosim.audit.report import PAPER
from dendrosim.commands import main as cli
from dendrosim.errors import PluginError
from dendrosim.registry import RULES

EXPECTED = {
    "backpropagation": ("no", "no", "no"),
    "feedback-alignment": ("yes", "no", "no"),
    "direct-feedback-alignment": ("yes", "no", "no"),
    "predictive-coding": ("no", "yes", "no"),
    "predictive-coding fixed-prediction": ("no", "yes", "yes"),  # errors settle beside predictions that stay
    "equilibrium-propagation": ("no", "yes", "no"),
    "equilibrium-propagation separate": ("yes", "yes", "no"),
    "local-losses": ("no", "weakly", "no"),  # the decoder works both ways, within its layer
    "local-losses separate": ("yes", "weakly", "no"),
    "perturbation": ("yes", "weakly", "no"),  # one number is broadcast to the cells of a layer, or of all layers
    "perturbation output": ("yes", "weakly", "no"),
    "target-propagation": ("yes", "yes", "no"),
    "hebbian": ("yes", "yes", "yes"),
    "forward-forward": ("yes", "no", "no"),  # the wrong label is drawn as the output believes in it
    "r-stdp": ("yes", "yes", "yes"),
    "dll kolen-pollack": ("yes", "yes", "yes"),
    "dll mirror": ("yes", "yes", "yes"),
    "dll fixed": ("yes", "yes", "yes"),
    "dll paper": ("yes", "yes", "yes"),
    "dll released": ("yes", "weakly", "yes"),  # Θ keeps its norm, which all its synapses share
}
"""What the equations of each rule say."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit") / "new"
    result = CliRunner().invoke(cli.app, ["audit", "--json", "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, {row["rule"]: row for row in json.loads(result.stdout)}


def test_every_rule_gets_the_verdicts_that_its_equations_say(report):
    found = {
        name: tuple(row["criteria"][each]["outcome"] for each in ("C1", "C2", "C3")) for name, row in report[1].items()
    }
    assert found == EXPECTED
    assert {name.split()[0] for name in found} == set(RULES)


def test_each_difference_from_the_paper_is_explained_by_what_was_seen(report):
    for name, row in report[1].items():
        ticks = PAPER.get(name.split()[0], "")
        for tick, (criterion, verdict) in zip(ticks, row["criteria"].items(), strict=False):
            differs = (tick == "✓") != (verdict["outcome"] == "yes")
            explained = [line for line in row["disagreements"] if line.startswith(criterion)]
            assert len(explained) == differs
            assert not differs or verdict["witness"] in explained[0]


def test_files_hold_the_same_as_what_is_printed_and_a_figure(report):
    folder, rows = report
    assert {row["rule"]: row for row in json.loads((folder / "audit.json").read_text())} == rows
    table = (folder / "audit.md").read_text()
    assert all(f"| {name} |" in table for name in rows)
    assert (folder / "audit.png").stat().st_size > 10_000


def test_a_rule_stands_for_all_its_variants_and_a_variant_for_itself():
    for asked, expected in (("equilibrium-propagation", 2), ("equilibrium-propagation separate", 1)):
        result = CliRunner().invoke(cli.app, ["audit", asked, "--json"])
        assert len(json.loads(result.stdout)) == expected


def test_an_unknown_rule_is_an_error_that_names_those_there_are():
    result = CliRunner().invoke(cli.app, ["audit", "backprop"])
    assert isinstance(result.exception, PluginError)
    assert "did you mean 'backpropagation'? Known are backpropagation, feedback-alignment" in str(result.exception)
