"""What became of an input: a result, one sentence of ours, or a breach of the contract."""

import contextlib
import json
import os
import resource
import shutil
import signal
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dendrosim.errors import DendrosimError

SECONDS, WAITING, BYTES = 20, 300, 2**30
ADDRESSES = 6 * 2**30  # a claim of terabytes fails here, instead of taking the machine's memory


class TookTooLong(BaseException):
    """Not to be caught by a reader."""


@dataclass
class Judge:
    """Counts what became of inputs, in a folder of its own that must not grow.

    Attributes
    ----------
    counts : Counter
        Inputs, refused (our exceptions), accepted, foreign, slow, large and littering ones.
    breaches : dict of str to str
        Of each kind of breach the first input, and where it happened.
    """

    folder: Path
    counts: Counter = field(default_factory=Counter)
    breaches: dict[str, str] = field(default_factory=dict)

    def try_out(self, label: str, attempt: Callable[[], object], writes: bool = False) -> None:
        """Make an attempt, which may write only if it says so and only if it is accepted."""
        before, start = self._files(), time.process_time()
        _forget_peak()
        _set_alarms(SECONDS + 5, WAITING)
        accepted = False
        try:
            with warnings.catch_warnings(), contextlib.redirect_stderr(None):
                warnings.simplefilter("ignore")
                attempt()
            accepted = True
            self.counts["accepted"] += 1
        except DendrosimError as error:
            self.counts["refused"] += 1
            if "\n" in str(error) or "\x1b" in str(error) or len(str(error)) > 3000:
                self._breach("unreadable", f"{str(error)[:150]} {label}", _place(error))
        except TookTooLong:
            self._breach("slow", label, "stopped")
        except (Exception, SystemExit) as error:
            self._breach("foreign", f"{str(error)[:150]} {label}", _place(error))
        finally:
            _set_alarms(0, 0)
        self.counts["inputs"] += 1
        seconds = time.process_time() - start
        if seconds > SECONDS:
            self._breach("slow", label, f"{seconds:.0f} s")
        if (peak := _peak() - self._base) > BYTES:
            self._breach("large", label, f"{peak / 2**30:.1f} GiB")
        new = self._files() - before
        if new and not (writes and accepted):
            self._breach("litter", label, ", ".join(sorted(new)))
        for name in new:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def begin(self) -> None:
        """Limit this process, and take what it needs by itself as given."""

        def too_long(*_: object) -> None:
            raise TookTooLong

        signal.signal(signal.SIGALRM, too_long)
        signal.signal(signal.SIGPROF, too_long)
        here = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (here + ADDRESSES, resource.RLIM_INFINITY))
        os.chdir(self.folder)
        _forget_peak()
        self._base = _peak()

    def report(self) -> str:
        """Return counts and breaches as JSON."""
        return json.dumps({"counts": dict(self.counts), "breaches": self.breaches}, indent=1)

    def _breach(self, kind: str, label: str, what: str) -> None:
        self.counts[kind] += 1
        self.breaches.setdefault(f"{kind}: {what}", label[:400])

    def _files(self) -> set[str]:
        return set(os.listdir(self.folder))


def _set_alarms(computing: float, waiting: float) -> None:
    """Stop an attempt after so many seconds of computing, whatever else this machine does, or of waiting."""
    signal.setitimer(signal.ITIMER_PROF, computing)
    signal.setitimer(signal.ITIMER_REAL, waiting)


def _place(error: BaseException) -> str:
    """Return type and place, by which breaches are told apart."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/dendrosim/" in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside"
    return f"{type(error).__name__} at {where}"


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024
