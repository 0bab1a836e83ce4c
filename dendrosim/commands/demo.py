"""The command ``dendrosim demo``."""

from pathlib import Path
from typing import Annotated

import typer

from dendrosim.commands.options import TargetOption
from dendrosim.commands.terminal import console


def demo(
    out: Annotated[Path, typer.Option(help="Folder for weights, recording and figures.")] = Path("demo"),
    target: TargetOption = "numpy",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 1,
) -> None:
    """Train on handwritten digits, relax the network in Brian2, and show that both engines agree."""
    from dendrosim.commands.demonstration import demonstrate

    demonstrate(out, target, seed, console)
