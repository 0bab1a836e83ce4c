"""Every command with its arguments and options, from Typer."""

from typing import Any

import typer
from rst import code, heading, table

from dendrosim.commands.main import application


def commands() -> dict[str, Any]:
    """Return each command by the words that call it."""
    found = {}
    for name, command in typer.main.get_command(application()).commands.items():
        for part, inner in getattr(command, "commands", {"": command}).items():
            found[f"dendrosim {name} {part}".strip()] = inner
    return found


def page() -> str:
    """Return the page of all commands."""
    text = [heading("Commands", "="), "As ``--help`` tells them. A mistake is one sentence and exit status 1.\n"]
    for name, command in commands().items():
        context = command.context_class(command, info_name=name)
        records = [record for part in command.params if (record := part.get_help_record(context))]
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        text += [heading(name, "-"), f".. code-block:: text\n\n   {usage}\n", f"{_plain(command.help)}\n"]
        if records:
            text.append(
                table(("argument or option", "what it is"), ((code(a), _plain(b)) for a, b in records), "35 65")
            )
    return "\n".join(text)


def _plain(words: str | None) -> str:
    """Return words of a help as they stand, whatever they would mean in a page."""
    return (words or "").replace("\\", "\\\\").replace("*", "\\*").replace("|", "\\|").replace("_", "\\_")
