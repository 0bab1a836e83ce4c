"""The command ``dendrosim play``."""

import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from dendrosim.commands.options import ImportOption, OverwriteOption, RunOrModelArgument, claim, of_weights
from dendrosim.commands.terminal import console
from dendrosim.errors import DataError

EXAMPLES = 20


def play(
    network: RunOrModelArgument,
    weights: Annotated[
        Path | None, typer.Option(callback=of_weights, help="Run folder, or weights file, of a model.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Page to write.")] = Path("play.html"),
    no_open: Annotated[bool, typer.Option("--no-open", help="Write the page and open no browser.")] = False,
    overwrite: OverwriteOption = False,
    imports: ImportOption = None,
) -> None:
    """Write a small network as one page that simulates it in the browser, offline, and open it."""
    from dendrosim.commands.reports import report_other_prediction
    from dendrosim.model import Parameters, load_model
    from dendrosim.play import write_play_page
    from dendrosim.play.page import refuse

    if weights is None and Path(network).is_dir():
        from dendrosim.training import Run

        run = Run.load(network)
        model, parameters = run.model, run.parameters
        refuse(model)
    else:
        model = load_model(network)
        refuse(model)
        if weights is None:
            raise DataError(f"{network}: a model has no weights of its own; pass --weights, or the folder of a run.")
        parameters = Parameters.load(weights, model)
        report_other_prediction(weights, console)
    claim(out, "page", overwrite)
    page = write_play_page(out, model, parameters, *_examples(model))
    console.print(f"Written: {page}", soft_wrap=True)
    if not no_open and not webbrowser.open(page.resolve().as_uri()):
        console.print("No browser could be started here; open the page yourself.")


def _examples(model: Any) -> tuple[Any, Any]:
    """Return the first test stimuli with their targets; none, which is said, where the data are not here."""
    from dendrosim.data import load_data
    from dendrosim.errors import DendrosimError

    try:
        test = load_data(model).test
    except DendrosimError as error:
        console.print(f"The page has no examples to pick from: {error}", soft_wrap=True, highlight=False)
        return None, None
    return test.stimuli[:EXAMPLES], test.targets[:EXAMPLES]
