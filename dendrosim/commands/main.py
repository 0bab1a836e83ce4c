"""The command line, put together.

``dendrosim demo | models | rules | train | search | predict | evaluate | relax | learn | audit | bench | view |
animate | export | data | doctor``
"""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from dendrosim import __version__
from dendrosim.checks import reason
from dendrosim.commands import bench, data
from dendrosim.commands.animate import animate
from dendrosim.commands.audit import audit
from dendrosim.commands.demo import demo
from dendrosim.commands.doctor import doctor
from dendrosim.commands.evaluate import evaluate
from dendrosim.commands.export import export
from dendrosim.commands.learn import learn
from dendrosim.commands.models import models
from dendrosim.commands.predict import predict
from dendrosim.commands.relax import relax
from dendrosim.commands.rules import rules
from dendrosim.commands.search import search
from dendrosim.commands.terminal import Terminal, console, forgive_encodings
from dendrosim.commands.train import train
from dendrosim.commands.view import view
from dendrosim.errors import DendrosimError, has_controls

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Simulate pyramidal neurons that learn in their dendrites: train in torch, relax in Brian2.",
)
COMMANDS = (demo, models, rules, train, search, predict, evaluate, relax, learn, doctor, audit, view, animate, export)
for command in COMMANDS:
    app.command()(command)
app.add_typer(bench.app, name="bench")
app.add_typer(data.app, name="data")


def _print_version(asked: bool) -> None:
    if asked:
        console.print(f"dendrosim {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error of the project, or of the file system, is one sentence and exit status 1."""
    forgive_encodings()
    try:
        for word in sys.argv[1:]:
            if has_controls(word):
                raise DendrosimError(
                    f"the argument '{word}' holds control characters, or is no text; write it otherwise."
                )
        app()
    except DendrosimError as error:
        _fail(str(error))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{reason(error)}; choose another file or folder, or make room for it.")


def _fail(sentence: str) -> NoReturn:
    Terminal(stderr=True).print(Text.assemble(("Error:", "bold red"), f" {sentence}"), highlight=False, soft_wrap=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
