"""A file still comes when its button was pressed in the moment in which the page was drawn anew.

Each run of a page names anew the files that its download buttons would make, and at its end Streamlit 1.67 forgets the names
of the run before. Who presses a button just then, as after moving the slider, asks for a name that is gone, and nothing comes.
A file that was made is forgotten at the second end of any visitor's run, fetched or not. Here both stay for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from streamlit.runtime import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorage

GRACE_S = 15.0
"""Seconds for which what no page shows any more can still be asked for: longer than a busy machine takes to draw a page."""


class Unused:
    """Tells which names have not been used for long enough.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def long(self, unused: Iterable[str]) -> set[str]:
        """Of all names that are unused now, those that have been so for ``GRACE_S``; these are not remembered."""
        now = self._clock()
        since = {name: self._since.get(name, now) for name in unused}
        gone = {name for name, first in since.items() if now - first >= GRACE_S}
        self._since = {name: first for name, first in since.items() if name not in gone}
        return gone


class PatientFiles(MediaFileManager):
    """Streamlit's store of files that forgets downloads only after ``GRACE_S``."""

    def __init__(self, storage: MediaFileStorage, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(storage)
        self._made = Unused(clock)
        self._to_make = Unused(clock)

    def _get_inactive_file_ids(self) -> set[str]:
        inactive = super()._get_inactive_file_ids()
        made = {name for name in inactive if self._file_metadata[name].kind == MediaFileKind.DOWNLOADABLE}
        return (inactive - made) | self._made.long(made)

    def _remove_orphaned_deferred_callables(self) -> None:
        shown = {name for names in self._files_by_session_and_coord.values() for name in names.values()}
        for name in self._to_make.long(name for name in self._deferred_callables if name not in shown):
            self._drop_deferred_id(name)


def give() -> None:
    """Let the server that starts next keep its files in such a store; nothing public lets an app choose one."""
    runtime.MediaFileManager = PatientFiles  # type: ignore[attr-defined]
