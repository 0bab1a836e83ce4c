"""Independent trainings side by side, on Dask."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dask
from dask.distributed import Client, LocalCluster, as_completed
from distributed.comm import parse_address, parse_host_port

from dendrosim.checks import reason, shown
from dendrosim.errors import RunError


@contextmanager
def workers(count: int, scheduler: str | None) -> Iterator[Client]:
    """Connect to a Dask scheduler, or start a cluster of one-thread processes on this machine."""
    with _process_kept(), _local(count) if scheduler is None else _connected(scheduler) as client:
        yield client


def _connected(scheduler: str) -> Client:
    try:
        parse_host_port(parse_address(scheduler)[1])  # a client that never had an address cannot be closed
        return Client(scheduler, timeout=5, set_as_default=False)
    except (OSError, ValueError, TypeError, TimeoutError) as error:
        raise RunError(
            f"no Dask scheduler answers at {shown(scheduler)} ({reason(error)}); start one, or leave it out."
        ) from None


@contextmanager
def _local(count: int) -> Iterator[Client]:
    with (
        # Dask has its workers give freed memory back at once, and a training's tensors are then paid for again at
        # every step, which doubles the time of a CNN.
        dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}),
        LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def outcomes(
    client: Client, function: Callable[..., Any], jobs: Mapping[str, tuple[Any, ...]]
) -> Iterator[tuple[str, Any]]:
    """Call a function with the arguments of each job, and yield names with what they return, as they end.

    Parameters
    ----------
    client : dask.distributed.Client
        Runs them, the first of them first.
    function : callable
        What is called.
    jobs : mapping of str to tuple
        Arguments by name. A scheduler remembers results by their names, and does not call for one that it has.

    Yields
    ------
    tuple of str and object
        The name, and what was returned, or the exception that was raised.
    """
    futures = [
        client.submit(function, *arguments, key=name, priority=-number)
        for number, (name, arguments) in enumerate(jobs.items())
    ]
    for future in as_completed(futures, loop=client.loop):
        yield future.key, future.exception() if future.status == "error" else future.result()


@contextmanager
def _process_kept() -> Iterator[None]:
    """Take back what Dask changes here: variables for the processes it starts, and Python's random numbers."""
    environment, numbers = dict(os.environ), random.getstate()
    try:
        yield
    finally:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        random.setstate(numbers)
