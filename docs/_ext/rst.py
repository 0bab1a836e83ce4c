"""Pieces of reStructuredText of which the generated pages are made."""

from collections.abc import Iterable, Sequence


def heading(text: str, mark: str) -> str:
    """Return a heading, underlined by `mark`."""
    return f"{text}\n{mark * len(text)}\n"


def code(text: object) -> str:
    """Return a text as it would be written in a file, or nothing."""
    return f"``{text}``" if str(text) else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; each cell is one line or a paragraph."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in (heads, *rows):
        for number, cell in enumerate(row):
            first, *others = cell.splitlines() or [""]
            lines.append(f"   {'*' if number == 0 else ' '} - {first}")
            lines += [f"       {line}" for line in others]
    return "\n".join([*lines, ""])
