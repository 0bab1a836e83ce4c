"""The command ``dendrosim doctor``."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from dendrosim.commands.terminal import console


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Leave the compiled targets out of the self-test.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a row.")] = False,
) -> None:
    """Show what this machine offers and what is missing, and test every target that it can run."""
    from dendrosim.commands.examination import examine, table

    rows = examine(quick)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        console.print(table(rows))
    if any(row.failed for row in rows):
        raise typer.Exit(code=1)
