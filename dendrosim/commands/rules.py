"""The command ``dendrosim rules``: the learning rules that there are."""

import inspect
from typing import Annotated, Any

import typer

from dendrosim.commands.options import ImportOption, look_here
from dendrosim.commands.terminal import console
from dendrosim.registry import RULES


def rules(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RULE]...", callback=look_here, help="Only these, or package.module:Class; by default all."
        ),
    ] = None,
    imports: ImportOption = None,
) -> None:
    """List the learning rules: what each is, and the keys of its table [rules.NAME] with their defaults."""
    from rich.table import Column, Table

    table = Table(Column("rule", no_wrap=True), "what it is", Column("settings", no_wrap=True), show_lines=True)
    for name in [RULES.add(given) for given in names] if names else RULES:
        table.add_row(name, summary(RULES[name]), "\n".join(_settings(RULES[name])))
    console.print(table)


def summary(thing: Any) -> str:
    """Return the first line of what is written about a class or a function."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _settings(rule: Any) -> list[str]:
    defaults = rule.Settings.model_validate({})
    return [f"{key} = {'none' if value is None else value}" for key, value in defaults]
