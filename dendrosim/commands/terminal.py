"""The terminal: what is printed stands there as it is, whatever names are in it and whatever signs the terminal has."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from dendrosim.errors import printable

# What our own signs become where the encoding of the terminal lacks them; others become a question mark.
SIGNS = {
    "Θ": "Theta",
    "Ω": "Ohm",
    "µ": "u",
    "²": "2",
    "Δ": "D",
    "ξ": "xi",
    "τ": "tau",
    "σ": "sigma",
    "δ": "delta",
    "β": "beta",
    "✓": "yes",
    "·": ".",
    "°": " deg",
    "…": "...",
    "‖": "|",
    "−": "-",
    "×": "x",
}


class Terminal(Console):
    """A console without markup: brackets are brackets, and control characters of a name do not reach the terminal."""

    def __init__(self, **options: Any):
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return text that this terminal can show."""
        return super().render_str(self._shown(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Give what is written, of which nothing but its style steers the terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(self._shown(segment.text), segment.style)

    def _shown(self, text: str) -> str:
        # Printable signs of any kind, and the ends of lines.
        text = "\n".join(map(printable, text.split("\n")))
        if can_encode(text, self.encoding):
            return text
        spelled = "".join(sign if can_encode(sign, self.encoding) else SIGNS.get(sign, sign) for sign in text)
        return spelled.encode(self.encoding, "replace").decode(self.encoding)


def can_encode(text: str, encoding: str) -> bool:
    """Tell whether an encoding has all signs of a text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def forgive_encodings() -> None:
    """Let the standard streams of this process write signs that they lack as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


console = Terminal()
"""Where the commands print."""
