"""Every learning rule with its equations, its settings and the verdict of the audit."""

import importlib
import json
from pathlib import Path
from typing import Any

from model_pages import keys
from rst import code, heading, table

from dendrosim.audit.report import CRITERIA, MARKS
from dendrosim.registry import RULES

REPORT = Path(__file__).parents[2] / "results" / "audit.json"


def page() -> str:
    """Return the page of all rules."""
    rows = json.loads(REPORT.read_text("utf-8"))
    marks = [(code(row["rule"]), *(_marks(row, name) for name in CRITERIA)) for row in rows]
    heads = ("rule", *(f"{name} {words}" for name, words in CRITERIA.items()))
    text = [heading("Learning rules", "="), INTRODUCTION, table(heads, marks, "40 20 20 20")]
    for name in RULES.built_in:
        rule = RULES[name]
        path = f"dendrosim.rules.{rule.__name__}"
        assert getattr(importlib.import_module("dendrosim.rules"), rule.__name__) is rule
        text += [heading(name, "-"), f".. autoclass:: {path}\n   :no-index:\n", f"In full: :class:`{path}`.\n"]
        if rule.Settings.model_fields:
            text += [f"Settings, in ``[rules.{name}]``:\n", keys(rule.Settings)]
        text += ["The audit:\n"] + [_verdict(row) for row in rows if row["rule"].split()[0] == name]
    return "\n".join(text)


def _marks(row: dict[str, Any], criterion: str) -> str:
    found, paper = MARKS[row["criteria"][criterion]["outcome"]], row["paper"][criterion]
    return f"{found} (paper: {paper})" if paper and paper != found else found


def _verdict(row: dict[str, Any]) -> str:
    found = [
        f"  - {criterion} {MARKS[about['outcome']]}: ``{about['witness']}``"
        for criterion, about in row["criteria"].items()
    ]
    return "\n".join([f"* {code(row['rule'])}", "", *found, ""])


INTRODUCTION = """The three criteria of Lv et al. (ICML 2025, Table 1), as checks that ``dendrosim audit`` runs on the
code of each rule: C1, no weight is read that another synapse holds; C2, the error is local to the cell; C3, nothing has
to be switched between phases. (✓) is weakly: one number for all cells of a layer, or of the network. Where the audit
and the paper's table differ, the paper's tick stands beside it.
"""
