"""Who does the work of a run: processes of this machine, or the workers of Dask where it is installed.

All of them take a job and give a future; the run does not know which one it has.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from allcad_core.batch.work import Job, Outcome, look, prepare, set_threads
from allcad_core.errors import AllcadError, UnknownNameError

NAMES = ("local", "dask")
WORKER_BYTES = 1_500_000_000
"""Memory that is planned for a worker: libraries, models and one photograph of the usual size."""


class Engine(Protocol):
    """Takes jobs. ``workers`` of them run at once."""

    workers: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def submit(self, job: Job) -> Future[Outcome]:
        """Begin a job."""
        ...

    def killed(self, error: BaseException) -> bool:
        """Whether an error says that a worker ended before it could answer."""
        ...

    def restart(self) -> None:
        """Replace workers that ended."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine a run uses: its name, where its scheduler is, and how many workers (0: as many as fit)."""

    name: str = "local"
    address: str | None = None
    workers: int = 0


LOCAL = Choice()
"""As many processes of this machine as fit."""


def make(choice: Choice, device: str | None = None) -> Engine:
    """The engine of a choice, not yet started.

    Args:
        choice: which.
        device: where networks compute; see ``devices.choose``.

    Raises:
        UnknownNameError: no such engine.
        AllcadError: the engine is not installed, or an address was given to one that has none.
    """
    if choice.name not in NAMES:
        raise UnknownNameError("engine", choice.name, list(NAMES))
    if choice.name == "local":
        if choice.address:
            raise AllcadError("The engine 'local' works on this machine and takes no address. Use dask.")
        return Local(choice.workers or fitting_workers(device))
    return Dask(choice, device)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fitting_workers(device: str | None = None) -> int:
    """A worker a core where the CPU computes, as far as memory goes; one where a GPU does, which is quicker alone."""
    import psutil

    if _has_gpu(device):
        return 1
    return max(1, min(cores(), int(psutil.virtual_memory().available // WORKER_BYTES)))


def _has_gpu(device: str | None) -> bool:
    from allcad_core.devices import VARIABLE

    name = device or os.environ.get(VARIABLE) or "auto"
    if name != "auto":
        return not name.startswith("cpu")
    if sys.platform != "darwin" and not Path("/dev/nvidia0").exists():
        return False  # torch need not be asked, which takes its time
    from allcad_core.devices import choose

    return choose(device).type != "cpu"


class Local:
    """Processes of this machine, each with its share of the cores."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        self.restart()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def restart(self) -> None:
        """Begin with new processes."""
        self._end()
        self._pool = ProcessPoolExecutor(
            self.workers,
            mp_context=multiprocessing.get_context("spawn"),  # a fork would copy locks that other threads hold
            initializer=prepare,
            initargs=(max(1, cores() // self.workers),),
        )

    def submit(self, job: Job) -> Future[Outcome]:
        """Begin a job."""
        assert self._pool is not None
        return self._pool.submit(look, job)

    def killed(self, error: BaseException) -> bool:
        """Whether a process ended by itself or was ended by the system."""
        return isinstance(error, BrokenExecutor)

    def _end(self) -> None:
        if self._pool is None:
            return
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:  # what they are at is not waited for: it is done again when the run goes on
            process.terminate()
        for process in processes:
            process.join(timeout=10)
        self._pool = None


class Dask:
    """Workers of a Dask cluster: one at ``address``, or one that is made on this machine."""

    def __init__(self, choice: Choice, device: str | None) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as error:
            raise _missing("dask") from error
        self._choice = choice
        self._device = device
        self.workers = choice.workers or (1 if choice.address else fitting_workers(device))
        self._client: Any = None
        self._cluster: Any = None
        self._pool: Executor | None = None

    def __enter__(self) -> Self:
        from distributed import Client, LocalCluster

        try:
            if self._choice.address is None:
                self._cluster = LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1",
                    silence_logs=logging.CRITICAL,
                )  # fmt: skip
            self._client = Client(self._choice.address or self._cluster, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise AllcadError(f"No Dask scheduler answers at '{self._choice.address}' ({error}).") from error
        if self._choice.address is None:
            self._client.run(set_threads, max(1, cores() // self.workers))
        elif not self._choice.workers:
            self.workers = max(1, sum(self._client.nthreads().values()))
        self._pool = self._client.get_executor(pure=False, retries=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened in (self._client, self._cluster):
            if opened is not None:
                opened.close(timeout=10)

    def restart(self) -> None:
        """Nothing to do: Dask replaces its workers itself."""

    def submit(self, job: Job) -> Future[Outcome]:
        """Begin a job."""
        assert self._pool is not None
        return self._pool.submit(look, job)

    def killed(self, error: BaseException) -> bool:
        """Whether Dask gave the job up after its workers ended."""
        from distributed import KilledWorker

        return isinstance(error, KilledWorker)


def _missing(name: str) -> AllcadError:
    return AllcadError(f"The engine '{name}' is not installed. Install it with: pip install \"allcad[{name}]\"")
