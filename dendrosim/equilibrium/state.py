"""What the equilibrium engine holds of a network; it can be named without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class State:
    """The network after a bottom-up sweep.

    Attributes
    ----------
    basal : dict of str to Tensor
        Basal potentials by layer, ``input`` first, of shape (presentation, *layer); for a recurrent network
        (step, presentation, *layer), so that all presentations of a step lie side by side.
    sources : dict of str to tuple of Tensor
        By connection, what its weights see of the layer below, and what its pool needs to send feedback back.
    """

    basal: dict[str, Tensor]
    sources: dict[str, tuple[Tensor, Tensor]]
