"""A process that tries files at one door, so that a hang or crash is one finding and not the end."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import re
import sys
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.hostile.cases import Case
from benchmarks.hostile.doors import DOORS, GOOD
from benchmarks.hostile.sentences import WrongError

WARM_UP_S = 600.0
"""Seconds by the clock for a door to import its libraries and load its networks, with a good file."""


def _serve(connection: Connection) -> None:
    """Try files as they come, and tell what came of each, its processor time and the peak of memory."""
    os.environ.setdefault("STREAMLIT_LOGGER_LEVEL", "error")
    while (job := connection.recv()) is not None:
        door, case = job
        _forget_peak()
        held = _peak()
        start = time.process_time()
        try:
            answer, wrong = DOORS[door](case), ""
        except WrongError as error:
            answer, wrong = "", str(error)
        except BaseException as error:  # whatever escapes is the finding
            last = traceback.extract_tb(error.__traceback__)[-1]
            answer, wrong = "", f"{type(error).__name__}: {str(error)[:200]} ({Path(last.filename).name}:{last.lineno})"
        connection.send((answer, wrong, time.process_time() - start, _peak() - held))
        del case, job
        _trim()


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """The most memory since it was forgotten, in bytes; where the system does not tell, since the process began."""
    with contextlib.suppress(OSError, IndexError):
        return 1024 * int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _trim() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


class Worker:
    """A process that tries files at one door; a new one takes its place when it hangs or ends."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._warm: set[str] = set()

    def visit(self, door: str, case: Case, limit_s: float) -> tuple[str, str, float, int]:
        """Answer, what was wrong, processor seconds and peak bytes."""
        if door not in self._warm:  # libraries and networks are no file's fault
            self._ask(door, GOOD[door], WARM_UP_S)
            self._warm.add(door)
        return self._ask(door, case, limit_s)

    def _ask(self, door: str, case: Case, limit_s: float) -> tuple[str, str, float, int]:
        self._ours.send((door, case))
        wrong = f"no answer within {limit_s:.0f} s"
        with contextlib.suppress(EOFError, ConnectionResetError):
            if self._ours.poll(limit_s):
                answer: tuple[str, str, float, int] = self._ours.recv()
                return answer
        if not self._process.is_alive():
            self._process.join()
            wrong = f"the process ended with {self._process.exitcode}"
        self.close()
        self._start()
        return "", wrong, 0.0, 0

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._ours.close()
