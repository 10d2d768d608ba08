"""Time for tests of what waits and forgets."""

from __future__ import annotations


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
