"""The command ``dendrosim evaluate``: how well a finished run does."""

from typing import Annotated

import typer

from dendrosim.commands.options import ImportOption, RunArgument
from dendrosim.commands.terminal import console
from dendrosim.errors import DataError


def evaluate(
    run: RunArgument,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="FILE.npz or FILE.npy (the test split, or all there is), FILE.csv#COLUMN, or images:FOLDER; by "
            "default the run's own data.",
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Of the run's own data: train, validation or test.")] = "test",
    imports: ImportOption = None,
) -> None:
    """Measure a trained network: on a split of its own data, or on a file of yours."""
    from dendrosim.data.dataset import OWN_IMAGES
    from dendrosim.data.images import image_samples
    from dendrosim.data.own import OWN_FILE, read_samples
    from dendrosim.training import Run
    from dendrosim.training.measures import described

    trained = Run.load(run)
    if data is None:
        measured, where = trained.evaluate(split), f"the {split} split of '{trained.model.data}'"
    elif data.startswith(OWN_IMAGES):
        stimuli, labels = image_samples(trained.model, data)
        measured, where = trained.evaluate(stimuli, labels), f"{len(stimuli)} images of {data}"
    else:
        file = data.removeprefix(OWN_FILE)
        samples = read_samples(file, trained.model.output != "softmax")
        name = "test" if "test" in samples else "train"
        stimuli, targets = samples[name]
        if targets is None:
            raise DataError(f"{file}: there are no targets; name labels or targets, or FILE.csv#COLUMN.")
        measured = trained.evaluate(stimuli, targets)
        where = f"{len(stimuli)} samples of {file}" + (" (its test split)" if name == "test" else "")
    words = described(measured)
    console.print(f"{words[0].upper()}{words[1:]}, loss {measured['loss']:.4f} on {where}.", soft_wrap=True)
