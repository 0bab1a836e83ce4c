"""How a training is shown while it runs: a bar in a terminal or in a notebook, and nothing elsewhere."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from dendrosim.notebook import in_notebook, progress_html
from dendrosim.training.measures import described

REFRESHED = 0.1  # seconds between two changes of the bar


class Display:
    """What is told of a training while it runs; this one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave what is shown as it is."""

    def progress(self, done: int, total: int) -> None:
        """Take the number of batches done, and of all batches."""

    def report(self, row: Mapping[str, Any]) -> None:
        """Take the new row of the history."""


class Bar(Display, ABC):
    """A bar with epoch, batch and what was last measured on the validation set.

    Parameters
    ----------
    epochs : int
        Epochs of the whole training.
    """

    def __init__(self, epochs: int):
        self._epochs, self._last = epochs, 0.0

    def progress(self, done: int, total: int) -> None:
        """Show how many batches are done, now and then."""
        now = time.monotonic()
        if now - self._last < REFRESHED and done < total:
            return
        self._last = now
        self._draw(done, total, f"epoch {(done - 1) * self._epochs // total + 1}/{self._epochs}, batch")

    def report(self, row: Mapping[str, Any]) -> None:
        """Show what was measured in an epoch."""
        start = "validation_"
        measured = {name.removeprefix(start): value for name, value in row.items() if name.startswith(start)}
        self._note(f"validation {described(measured)}")

    @abstractmethod
    def _draw(self, done: int, total: int, words: str) -> None:
        """Show a bar with words before it."""

    @abstractmethod
    def _note(self, measured: str) -> None:
        """Show words behind the bar."""


class TerminalBar(Bar):
    """A bar in a terminal, with the remaining time.

    Parameters
    ----------
    console : Console
        Where it is shown.
    epochs : int
        Epochs of the whole training.
    below : renderable, optional
        Shown below the bar, where the console is a terminal.
    """

    def __init__(self, console: Console, epochs: int, below: RenderableType | None = None):
        super().__init__(epochs)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bar = _Progress(*columns, TextColumn("{task.fields[measured]}"), console=console, below=below)
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def _draw(self, done: int, total: int, words: str) -> None:
        if self._task is None:
            # A resumed training does not start at zero: what is done already says nothing about the speed.
            self._task = self._bar.add_task("", total=total, completed=done - 1, measured="")
        self._bar.update(self._task, completed=done, description=words)

    def _note(self, measured: str) -> None:
        if self._task is not None:
            self._bar.update(self._task, measured=measured)


class NotebookBar(Bar):
    """A bar in a notebook, which needs no widgets."""

    def __enter__(self) -> Self:
        from IPython.display import HTML, display

        self._html, self._measured, self._drawn = HTML, "", (0, 1, "")
        self._handle = display(HTML(""), display_id=True)
        return self

    def _draw(self, done: int, total: int, words: str) -> None:
        self._drawn = done, total, words
        self._handle.update(self._html(progress_html(done, total, f"{words} {done}/{total} {self._measured}")))

    def _note(self, measured: str) -> None:
        self._measured = measured
        self._draw(*self._drawn)


def display_of(is_wanted: bool, epochs: int) -> Display:
    """Return what shows a training: a bar where somebody looks, if it is wanted."""
    if is_wanted and in_notebook():
        return NotebookBar(epochs)
    # Not rich's own judgement, which environment variables can change: a log is no terminal.
    if is_wanted and sys.stderr is not None and sys.stderr.isatty():
        return TerminalBar(Console(stderr=True), epochs)
    return Display()


class _Progress(Progress):
    """A progress bar with something below it."""

    def __init__(self, *columns: ProgressColumn, console: Console, below: RenderableType | None):
        self._below = below if console.is_terminal else None
        super().__init__(*columns, console=console)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return what is drawn, from above to below."""
        yield from super().get_renderables()
        if self._below is not None:
            yield self._below
