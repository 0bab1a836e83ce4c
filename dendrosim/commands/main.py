"""The command line, put together.

``dendrosim demo | models | rules | train | search | predict | evaluate | relax | learn | audit | bench | view | play |
spikes | animate | export | cell | data | doctor``
"""

import importlib
import sys
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from dendrosim.checks import reason
from dendrosim.commands.terminal import Terminal, console, forgive_encodings
from dendrosim.errors import DendrosimError, has_controls

COMMANDS = (
    *("demo", "models", "rules", "train", "search", "predict", "evaluate", "relax", "learn", "doctor", "audit", "view"),
    *("play", "spikes", "animate", "export", "cell"),
)
"""Each a function in a file of its name."""
GROUPS = ("bench", "data")
"""Each an ``app`` in a file of its name."""


def application(*asked: str) -> typer.Typer:
    """Return the command line: all of it, or only the commands that are asked for, so that no other is loaded."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Simulate pyramidal neurons that learn in their dendrites: train in torch, relax in Brian2.",
    )
    app.callback()(_options)
    for name in asked or (*COMMANDS, *GROUPS):
        module = importlib.import_module(f"dendrosim.commands.{name}")
        if name in GROUPS:
            app.add_typer(module.app, name=name)
        else:
            app.command(name=name)(getattr(module, name))
    return app


def __getattr__(name: str) -> Any:
    if name == "app":
        return application()
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def _print_version(asked: bool) -> None:
    if asked:
        from dendrosim import __version__

        console.print(f"dendrosim {__version__}", highlight=False)
        raise typer.Exit


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
        application(*(word for word in sys.argv[1:2] if word in (*COMMANDS, *GROUPS)))()
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
