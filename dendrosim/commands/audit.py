"""The command ``dendrosim audit``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from dendrosim.benchmark.tables import CONTROL, VARIANTS, rows_of, variant
from dendrosim.commands.options import ImportOption, look_here
from dendrosim.commands.terminal import console
from dendrosim.errors import AuditError


def audit(
    rules: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RULE]...",
            callback=look_here,
            help="Rules, such as dll, or package.module:Class of yours; by default all of ours.",
        ),
    ] = None,
    imports: ImportOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that was found, an entry a rule.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.md, audit.json and the figure.")] = None,
) -> None:
    """Check which rules satisfy the three criteria, beside the paper's ticks; every verdict has a witness.

    C1, no weight transport: what comes down to a cell does not know the weights that lead up from it.

    C2, local error: an update reads its synapse and two cells; weakly (✓) if also one number, or cells of its layer.

    C3, no separate phases: activity with the target is that without, and all that an update reads is there at once.
    """
    from rich.table import Column, Table

    from dendrosim import plot
    from dendrosim.audit import audit as audit_rule
    from dendrosim.audit.report import CRITERIA, MARKS, disagreements, markdown, published, row
    from dendrosim.files import check_writable, replace_file, write_safely
    from dendrosim.registry import RULES

    if out is not None:
        check_writable(out / "audit.md", "audit", AuditError)
    labels = rows_of(rules) if rules else [row for row in VARIANTS if not row.endswith(CONTROL)]
    found = [
        audit_rule(RULES[rule], {rule: settings} if settings else {}, label)
        for label, (rule, settings) in ((label, variant(label)) for label in labels)
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
