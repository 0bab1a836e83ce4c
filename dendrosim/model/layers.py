"""The kinds of layers a description may have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dendrosim.model.part import Count, Part, Size


class Dense(Part):
    """A layer of cells, each of which receives from every cell below."""

    kind: Literal["dense"]
    units: Count


class Conv2d(Part):
    """A layer of cells in ``channels`` maps, each with a window of the layer below; weights are shared.

    ``kernel`` is the side of the window, or [height, width].
    """

    kind: Literal["conv2d"]
    channels: Count
    kernel: Size
    padding: Annotated[int, Field(ge=0)] = 0


class Pool(Part):
    """The largest, or the mean, of each window of the layer below: part of the next layer's projection.

    ``size`` is the side of the window, [height, width], or ``"all"``: one window over the whole layer.
    """

    kind: Literal["max-pool", "average-pool"]
    size: Size | Literal["all"]


class Recurrent(Part):
    """A layer of cells that receives from the layer below and, one step of the sequence later, from itself."""

    kind: Literal["recurrent"]
    units: Count


class Branches(Part):
    """Convolutions side by side on the same layer, each a layer of cells of its own, as in a TextCNN (Kim, 2014)."""

    kind: Literal["branches"]
    layers: Annotated[tuple[Conv2d, ...], Field(min_length=2, strict=False)]


Layer = Annotated[Dense | Conv2d | Pool | Recurrent | Branches, Field(discriminator="kind")]


def short_name(layer: Layer) -> str:
    """Return a layer in a word or two, as in ``conv64k5``."""
    match layer:
        case Conv2d():
            return f"conv{layer.channels}k{_by(layer.kernel)}" + (f"p{layer.padding}" if layer.padding else "")
        case Pool():
            return f"{layer.kind.replace('-', '')}{_by(layer.size)}"
        case Branches():
            return f"({'|'.join(map(short_name, layer.layers))})"
        case Recurrent():
            return f"recurrent{layer.units}"
        case _:
            return str(layer.units)


def _by(size: int | tuple[int, int] | str) -> str:
    return "x".join(map(str, size)) if isinstance(size, tuple) else str(size)
