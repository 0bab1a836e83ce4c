"""Many trainings of one model, under several seeds and rules, as one table."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dendrosim.checks import path_of, reason, shown, whole
from dendrosim.data import Dataset, load_data
from dendrosim.errors import DendrosimError, RunError
from dendrosim.files import check_writable
from dendrosim.model import Model, load_model
from dendrosim.registry import ACTIVATIONS, CELLS, OUTPUTS, RULES
from dendrosim.rules import Rule
from dendrosim.training.attempt import attempt
from dendrosim.training.hardware import Hardware
from dendrosim.training.train import with_data

if TYPE_CHECKING:
    import pandas as pd

REGISTRIES = (RULES, CELLS, ACTIVATIONS, OUTPUTS)


@dataclass(frozen=True)
class Job:
    """One training, as it goes to the process that trains.

    Attributes
    ----------
    model : Model
        What to train.
    brought : list of dict
        What of the user's own it may name, by registry and name; it is registered there.
    hardware : Hardware
        Device, precision and threads.
    folder : Path, optional
        Its run folder.
    data : Dataset, optional
        In the place of the model's own.
    """

    model: Model
    brought: list[dict[str, Any]]
    hardware: Hardware
    folder: Path | None = None
    data: Dataset | None = None

    @property
    def name(self) -> str:
        """Name that no other training has; it can be a folder."""
        training = self.model.training
        return f"{self.model.name}-{training.rule}-seed{training.seed}"


def train_many(
    model: Model | str | Path,
    *,
    seeds: Iterable[int] = (0, 1, 2),
    rules: Iterable[str | type[Rule]] | None = None,
    data: Dataset | None = None,
    folder: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    hardware: Hardware | None = None,
    report: Callable[[Mapping[str, Any]], None] = lambda row: None,
) -> pd.DataFrame:
    """Train a network once for each rule and seed, and return a table with a row for each run.

    A run that fails or diverges is a row, too: the others go on. A program that starts workers does so below
    ``if __name__ == "__main__":``, as all of them read it.

    Parameters
    ----------
    model : Model or str or Path
        The network; where it is a name or a file, each rule has the settings that the file has for it.
    seeds : iterable of int
        Of weights and order.
    rules : iterable of str or type of Rule, optional
        As for :func:`dendrosim.train`; by default the model's own.
    data : Dataset, optional
        In the place of the model's data set; each worker has a copy of it.
    folder : str or Path, optional
        Holds a run folder for each run. Called again, runs that are finished there are not trained again, and one that
        was interrupted goes on; one whose settings have changed is trained anew.
    workers : int
        Processes on this machine; with 1, this one trains.
    scheduler : str, optional
        Address of a Dask scheduler whose workers train instead.
    hardware : Hardware, optional
        Of each run; by default one thread of a CPU.
    report : callable, optional
        Called with each row as it comes.

    Returns
    -------
    pandas.DataFrame
        In the order of rules, then seeds: ``rule``, ``seed``; what was measured on the test set, such as
        ``test_accuracy`` and ``test_loss``, NaN where the run has none; ``epochs`` trained, ``epoch`` chosen,
        ``seconds`` and ``folder``; ``failure``, empty or the sentence that says what went wrong.

    Raises
    ------
    RunError
        Seeds, rules or workers are none, the folder cannot be written, or no scheduler answers.
    DataError, ModelError
        The data cannot be had, or do not fit the model.

    Examples
    --------
    >>> import dendrosim as ds
    >>> model = ds.load_model("digits-mlp").changed(training={"epochs": 1})
    >>> runs = ds.train_many(model, seeds=[0, 1], rules=["dll", "backpropagation"])
    >>> runs.groupby("rule")["test_accuracy"].count().to_dict()
    {'backpropagation': 2, 'dll': 2}
    """
    import pandas as pd

    workers = whole(workers, "workers", 1, error=RunError)
    place = None if folder is None else path_of(folder, "the folder of the runs", RunError)
    jobs = _jobs(model, _listed(seeds, "seeds"), rules, data, place, hardware or Hardware(threads=1))
    if place is not None:
        check_writable(place / "run", "runs", RunError)
    if data is None:
        load_data(jobs[0].model)  # so that what none of them can do is not a row of each
    rows = {}
    for name, outcome in _outcomes(jobs, workers, scheduler):
        rows[name] = outcome
        report(outcome)
    return pd.DataFrame([rows[job.name] for job in jobs])[_columns(rows.values())]


def train_job(job: Job) -> dict[str, Any]:
    """Train one network and return its row, whatever becomes of it."""
    row = _row(job)
    try:
        for registry, things in zip(REGISTRIES, job.brought, strict=True):
            for name in things.keys() - registry.registered().keys():
                registry.register(name, things[name])
        done = attempt(job.model, job.folder, job.hardware, job.data)
    except DendrosimError as error:
        return row | {"failure": str(error)}
    except Exception as error:  # a rule of the user's own may fail in any way
        return row | {"failure": _sentence(error)}
    row |= {"epochs": len(done.history), "seconds": done.seconds, "failure": done.diverged}
    if done.run is not None:
        row |= {f"test_{name}": value for name, value in done.run.test.items()} | {"epoch": done.run.epoch}
    return row


def _outcomes(jobs: list[Job], count: int, scheduler: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Train, here or in workers, and yield rows by name as they come."""
    if count == 1 and scheduler is None:
        yield from ((job.name, train_job(job)) for job in jobs)
        return
    from dendrosim.training.cluster import outcomes, workers

    call = secrets.token_hex(8)  # a scheduler remembers results by their names
    by_name = {f"{job.name} {call}": job for job in jobs}
    with workers(min(count, len(jobs)), scheduler) as client:
        for name, outcome in outcomes(client, train_job, {name: (job,) for name, job in by_name.items()}):
            job = by_name[name]
            yield job.name, _row(job) | {"failure": _sentence(outcome)} if isinstance(outcome, Exception) else outcome


def _jobs(
    model: Model | str | Path,
    seeds: list[int],
    rules: Iterable[str | type[Rule]] | None,
    data: Dataset | None,
    folder: Path | None,
    hardware: Hardware,
) -> list[Job]:
    described = model if isinstance(model, Model) else load_model(model)
    models = [described] if rules is None else [_with_rule(model, rule) for rule in _listed(rules, "rules")]
    brought = [registry.registered() for registry in REGISTRIES]
    jobs = []
    for each in models:
        for seed in seeds:
            seeded = each.changed(training={"seed": whole(seed, "a seed", error=RunError)})
            job = Job(with_data(seeded, data)[0], brought, hardware, data=data)
            jobs.append(job if folder is None else replace(job, folder=folder / job.name))
    if len({job.name for job in jobs}) < len(jobs):
        raise RunError("a rule or a seed is there twice; give each once.")
    return jobs


def _with_rule(model: Model | str | Path, rule: str | type[Rule]) -> Model:
    if isinstance(model, Model):
        return model.changed(training={"rule": RULES.add(rule)})
    return load_model(model, rule=rule)


def _listed(values: Any, what: str) -> list[Any]:
    try:
        listed = [] if isinstance(values, str) else list(values)
    except TypeError:
        listed = []
    if not listed:
        raise RunError(f"{what} are {shown(values)}; give a list of one or more.")
    return listed


def _row(job: Job) -> dict[str, Any]:
    training, folder = job.model.training, "" if job.folder is None else str(job.folder)
    return {"rule": training.rule, "seed": training.seed, "epochs": 0, "folder": folder}


def _columns(rows: Iterable[dict[str, Any]]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row)
    measured = sorted(name for name in names if name.startswith("test_"))
    known = ["rule", "seed", *measured, "epochs", "epoch", "seconds", "folder", "failure"]
    return [name for name in known if name in names]


def _sentence(error: BaseException) -> str:
    return f"{type(error).__name__}: {reason(error)}"
