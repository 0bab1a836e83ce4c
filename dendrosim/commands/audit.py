"""The command ``dendrosim audit``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from dendrosim.benchmark.tables import RULES
from dendrosim.commands.terminal import console
from dendrosim.errors import AuditError

CONTROL = "readout only"  # hidden layers stay as they were drawn: not a rule


def audit(
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help="Rules, such as dll; all of them by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that was found, an entry a rule.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.md, audit.json and the figure.")] = None,
) -> None:
    """Check which rules satisfy the three criteria, beside the paper's ticks; every verdict has a witness."""
    from dendrosim import plot
    from dendrosim.audit import audit as audit_rule
    from dendrosim.audit.report import CRITERIA, MARKS, disagreements, markdown, published, row
    from dendrosim.files import check_writable, replace_file, write_safely
    from dendrosim.rules import RULES as CLASSES

    if out is not None:
        check_writable(out / "audit.md", "audit", AuditError)
    found = [
        audit_rule(CLASSES[rule], {rule.replace("-", "_"): settings} if settings else {}, label)
        for label, (rule, settings) in RULES.items()
        if label in _chosen(rules)
    ]
    rows = [row(each) for each in found]
    if out is not None:
        command = f"`dendrosim audit {' '.join(rules or ())}`".replace(" `", "`")
        texts = {
            "audit.md": f"# The three criteria\n\n{command}\n\n{markdown(found)}",
            "audit.json": json.dumps(rows, indent=1, ensure_ascii=False),
        }

        def write(folder: Path) -> None:
            for name, text in texts.items():
                replace_file(folder / name, text.encode())

        write_safely(out, write, "audit", AuditError)
        plot.save_figure(plot.criteria(rows).figure, out / "audit.png")
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table(Column("rule", no_wrap=True))
    for name in CRITERIA:
        table.add_column(f"{name}\npaper")
        table.add_column("\naudit")
    for each in found:
        marks = [mark for name in CRITERIA for mark in (published(each, name), MARKS[each.outcome(name)])]
        table.add_row(each.rule, *marks)
    console.print(table)
    console.print(", ".join(f"{name} {meaning}" for name, meaning in CRITERIA.items()) + "; (✓) weakly.")
    for each in found:
        for line in disagreements(each):
            console.print(f"{each.rule}: {line}.", soft_wrap=True, highlight=False)
    if out is not None:
        console.print(f"Written: {out / 'audit.md'}, audit.json, audit.png", soft_wrap=True)


def _chosen(names: list[str] | None) -> list[str]:
    """Return the rows of the report that are meant: a rule stands for all its variants."""
    there = [label for label in RULES if not label.endswith(CONTROL)]
    if not names:
        return there
    for name in names:
        if name not in there and name not in {label.split()[0] for label in there}:
            known = ", ".join(dict.fromkeys(label.split()[0] for label in there))
            raise AuditError(f"'{name}' is not a learning rule; choose from {known}.")
    return [label for label in there if label in names or label.split()[0] in names]
