"""The command line in this process, as a terminal of some encoding shows it."""

import contextlib
import io
import sys
from collections.abc import Iterator

from dendrosim.commands import main as cli


def called(words: list[str], encoding: str = "utf-8") -> tuple[int, str, str]:
    """Run the command line and return its exit status and what it wrote to stdout and stderr."""
    with _terminal(words, encoding) as streams:
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        for stream in streams:
            stream.flush()
        out, err = (stream.buffer.getvalue().decode(encoding) for stream in streams)
    return status, out, err


@contextlib.contextmanager
def _terminal(words: list[str], encoding: str) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    streams = io.TextIOWrapper(io.BytesIO(), encoding), io.TextIOWrapper(io.BytesIO(), encoding)
    kept = sys.argv, sys.stdout, sys.stderr
    sys.argv, sys.stdout, sys.stderr = ["dendrosim", *words], *streams
    try:
        yield streams
    finally:
        sys.argv, sys.stdout, sys.stderr = kept
