"""Writing a figure to a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from dendrosim.files import check_writable, replacing, write_safely


def save_figure(figure: Figure, path: str | Path, **settings: Any) -> Path:
    """Write a figure beside its place, and rename it over what is there; missing folders are made.

    Parameters
    ----------
    figure : Figure
        From a function of this package.
    path : str or Path
        Its ending says the format.
    **settings
        Of :meth:`matplotlib.figure.Figure.savefig`.

    Raises
    ------
    DataError
        It cannot be written; the sentence says where the figure is instead.
    """

    def write(place: Path) -> None:
        with replacing(place) as new:
            figure.savefig(new, **settings)

    check_writable(Path(path), "figure")
    write_safely(Path(path), write, "figure")
    return Path(path)
