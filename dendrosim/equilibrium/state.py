"""What the equilibrium engine holds of a network; it can be named without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


type Versions = tuple[tuple[int, int], ...]
"""Which tensors, and how often each was changed in place."""


@dataclass(frozen=True)
class State:
    """The network after a bottom-up sweep.

    Attributes
    ----------
    basal : dict of str to Tensor
        Basal potentials by layer, ``input`` first, of shape (presentation, ``*layer``); for a recurrent network
        (step, presentation, ``*layer``), so that all presentations of a step lie side by side.
    sources : dict of str to tuple of Tensor
        By connection, what its weights see of the layer below, and what its pool needs to send feedback back.
    held : dict of str to tuple
        What the stimulus, which is held, makes of layers and connections by itself; see :meth:`hold`. States of one
        batch may share it, with their sources.
    """

    basal: dict[str, Tensor]
    sources: dict[str, tuple[Tensor, Tensor]]
    held: dict[str, tuple[Tensor, Versions]] = field(default_factory=dict, kw_only=True)

    def hold(self, name: str, value: Tensor, *origins: Tensor) -> Tensor:
        """Keep what was computed from some tensors for as long as neither they nor it are changed in place."""
        self.held[name] = value, _versions(value, *origins)
        return value

    def find_held(self, name: str, *origins: Tensor) -> Tensor | None:
        """Return what was kept, if it is still what these tensors lead to."""
        value, versions = self.held.get(name, (None, ()))
        return value if value is not None and versions == _versions(value, *origins) else None


def _versions(*tensors: Tensor) -> Versions:
    from dendrosim.equilibrium.torch_internals import version

    return tuple((id(tensor), version(tensor)) for tensor in tensors)
