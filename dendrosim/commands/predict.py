"""The command ``dendrosim predict``: what a finished run makes of stimuli."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dendrosim.commands.options import ImportOption, OverwriteOption, RunArgument, claim
from dendrosim.commands.terminal import console
from dendrosim.errors import DataError
from dendrosim.files import replace_file, write_safely

if TYPE_CHECKING:
    import numpy as np

    from dendrosim.training import Run

FORMATS = (".csv", ".npy")


def predict(
    run: RunArgument,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Stimuli: FILE.npy, FILE.npz (the array stimuli), FILE.csv, FILE.csv#COLUMN without a column, or "
            "images:FOLDER, the images in a folder.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write: .csv, or .npy with the outputs alone.")] = Path(
        "predictions.csv"
    ),
    overwrite: OverwriteOption = False,
    imports: ImportOption = None,
) -> None:
    """Write what a trained network makes of stimuli: probabilities and the class, or quantities."""
    from dendrosim.data.dataset import OWN_IMAGES
    from dendrosim.data.images import loose_images
    from dendrosim.data.own import read_samples
    from dendrosim.training import Run

    if out.suffix not in FORMATS:
        raise DataError(f"{out}: predictions are written as {' or '.join(FORMATS)}; choose such a name.")
    trained, names = Run.load(run), None
    if file.startswith(OWN_IMAGES):
        stimuli, names = loose_images(trained.model, file)
    else:
        stimuli = read_samples(file, None)["train"][0]
    claim(out, "predictions", overwrite)
    outputs = trained.predict(stimuli)
    content = _csv(trained, outputs, names) if out.suffix == ".csv" else _npy(outputs)
    write_safely(out, lambda place: replace_file(place, content), "predictions")
    console.print(f"{trained.model.name} has seen {len(outputs)} samples.")
    console.print(f"Written: {out}", soft_wrap=True)


def _csv(run: "Run", outputs: "np.ndarray", files: list[str] | None) -> bytes:
    """Return a table with a row a sample (and step), a column an output, and the class that has the largest one.

    Where the samples are files, their names stand beside their numbers.
    """
    import numpy as np
    import pandas as pd

    names = run.classes or tuple(range(outputs.shape[-1]))
    numbers = np.indices(outputs.shape[:-1]).reshape(outputs.ndim - 1, -1)
    table: dict[str, Any] = dict(zip(("sample", "step"), numbers, strict=False))
    if files is not None:
        table["file"] = files
    rows = outputs.reshape(-1, outputs.shape[-1])
    table |= {f"output {name}": column for name, column in zip(names, rows.T, strict=True)}
    if run.model.output == "softmax":
        table["class"] = [names[place] for place in rows.argmax(axis=1)]
    return pd.DataFrame(table).to_csv(index=False).encode()


def _npy(outputs: "np.ndarray") -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, outputs, allow_pickle=False)
    return stream.getvalue()
