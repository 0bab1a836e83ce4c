"""What the audit found beside what the paper ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dendrosim.audit.criteria import Audit
from dendrosim.audit.locality import SOURCES

CRITERIA = {"C1": "no weight transport", "C2": "local error", "C3": "no separate phases"}

PAPER = {
    "backpropagation": "✗✗✗",
    "feedback-alignment": "✓✗✗",
    "local-losses": "✗✓✗",
    "predictive-coding": "✗✓✗",
    "perturbation": "✓✓✗",
    "target-propagation": "✓✓✗",
    "hebbian": "✓✓✓",
    "r-stdp": "✓✓✓",
    "forward-forward": "✓✓✓",
    "equilibrium-propagation": "✓✓✓",
    "dll": "✓✓✓",
}
"""C1, C2 and C3 in Table 1 of Lv et al. (ICML 2025), by the name of the rule."""

MARKS = {"yes": "✓", "weakly": "(✓)", "no": "✗"}


def published(found: Audit, criterion: str) -> str:
    """Return the paper's tick for the rule; nothing where its table has no such row."""
    ticks = PAPER.get(found.rule.split()[0], "")
    return ticks[list(CRITERIA).index(criterion)] if ticks else ""


def disagreements(found: Audit) -> list[str]:
    """Return one line for each criterion on which paper and audit do not agree: what the audit saw."""
    lines = []
    for criterion in CRITERIA:
        tick, outcome = published(found, criterion), found.outcome(criterion)
        if tick and tick != MARKS[outcome]:
            lines.append(f"{criterion} {tick} in the paper, {MARKS[outcome]} here: {found.witness(criterion)}")
    return lines


def row(found: Audit) -> dict[str, Any]:
    """Return an entry of the report as plain values, for JSON and for the figure."""
    reads = [verdicts["C2"].measured["reads"] for verdicts in found.verdicts.values()]
    return {
        **found.as_dict(),
        "paper": {criterion: published(found, criterion) for criterion in CRITERIA},
        "reads": {source: any(each[source] for each in reads) for source in SOURCES},
        "disagreements": disagreements(found),
    }


def markdown(rows: Sequence[Audit]) -> str:
    """Return the table with the paper's ticks, and below it a line for each disagreement."""
    heads = ["rule", *(f"{name} paper | {name} audit" for name in CRITERIA)]
    text = ["| " + " | ".join(heads) + " |", "|---" * 7 + "|"]
    for found in rows:
        cells = [mark for name in CRITERIA for mark in (published(found, name), MARKS[found.outcome(name)])]
        text.append("| " + " | ".join([found.rule, *cells]) + " |")
    lines = [f"* {found.rule}: {line}." for found in rows for line in disagreements(found)]
    return "\n".join([*text, "", *lines, ""])
