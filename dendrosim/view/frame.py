"""The page of a recording inside a notebook."""

from __future__ import annotations

from dendrosim.checks import whole
from dendrosim.errors import DataError
from dendrosim.morphology import Morphology
from dendrosim.notebook import frame_html, in_notebook
from dendrosim.recording import Recording
from dendrosim.view.page import page

LEAST, MOST = 100, 10_000  # pixels


class Frame:
    """The page of a recording, which a notebook shows in a frame.

    Parameters
    ----------
    content : str
        The page.
    height : int
        Of the frame, in pixels.
    """

    def __init__(self, content: str, height: int):
        self.content, self.height = content, height

    def __repr__(self) -> str:
        return f"Frame(the page of a recording, {len(self.content) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        return frame_html(self.content, self.height)


def show(recording: Recording, height: int = 900, morphology: Morphology | None = None) -> Frame:
    """Show the page of a recording in a notebook; ``dendrosim view`` shows the same in a browser.

    The page is part of the notebook then, with up to 10 MB, and works without this package and offline.

    Parameters
    ----------
    recording : Recording
        Potentials over (presentation, time, neuron).
    height : int
        Of the frame, in pixels.
    morphology : Morphology, optional
        Form of the neuron that is drawn.

    Returns
    -------
    Frame
        What the notebook shows, as the last line of a cell or by ``display``.

    Raises
    ------
    DataError
        This is no notebook, or the recording has no neuron to show.

    Examples
    --------
    In a notebook: ``ds.view.show(recording)``. Elsewhere:

    >>> import dendrosim as ds
    >>> model = ds.load_model("digits-mlp")
    >>> circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=0))
    >>> recording = circuit.relax(ds.load_data(model).test.stimuli[:1])
    >>> ds.view.show(recording)
    Traceback (most recent call last):
    ...
    dendrosim.errors.DataError: this is no notebook; write the page with dendrosim.view.write_page(recording, "recording.html") and open it in a browser.
    """  # noqa: E501
    height = whole(height, "the height", LEAST, MOST)
    if not in_notebook():
        raise DataError(
            'this is no notebook; write the page with dendrosim.view.write_page(recording, "recording.html") and open '
            "it in a browser."
        )
    return Frame(page(recording, morphology), height)
