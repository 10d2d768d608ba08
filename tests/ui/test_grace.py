"""A download that was asked for while its page was drawn anew still comes, and is forgotten in the end."""

from __future__ import annotations

import importlib
import sys

import pytest
from streamlit.runtime import media_file_manager, runtime
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from allcad_core.ui.grace import GRACE_S, PatientFiles
from tests.ui.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def files(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> PatientFiles:
    """A store of one visitor's files."""
    monkeypatch.setattr(media_file_manager, "_get_session_id", lambda: "visitor")
    return PatientFiles(MemoryMediaFileStorage("/media"), clock)


def drawn(files: PatientFiles, content: bytes) -> str:
    """A run of a page with one download button; gives the name that the page then holds."""
    files.clear_session_refs("visitor")
    name = files.add_deferred(lambda: content, "text/plain", "1.0", "cells.csv")
    files.remove_orphaned_files()
    return name


def fetched(files: PatientFiles, address: str) -> bytes:
    """What the browser gets from an address."""
    found = files.read_file(address.rsplit("/", 1)[-1].split(".", maxsplit=1)[0])
    assert found is not None
    return found.content


def test_a_name_of_the_run_before_still_gives_its_file(files: PatientFiles) -> None:
    old = drawn(files, b"before")
    new = drawn(files, b"after")
    assert fetched(files, files.execute_deferred(old)) == b"before"
    assert fetched(files, files.execute_deferred(new)) == b"after"


def test_a_name_goes_after_its_time_and_the_shown_one_stays(files: PatientFiles, clock: Clock) -> None:
    old = drawn(files, b"before")
    new = drawn(files, b"after")
    clock.now = GRACE_S
    files.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        files.execute_deferred(old)
    assert fetched(files, files.execute_deferred(new)) == b"after"


def test_a_name_that_is_shown_again_begins_anew(files: PatientFiles, clock: Clock) -> None:
    name = drawn(files, b"it")
    files.clear_session_refs("visitor")
    files.remove_orphaned_files()
    files._files_by_session_and_coord["visitor"]["1.0"] = name
    clock.now = GRACE_S - 1
    files.remove_orphaned_files()
    files.clear_session_refs("visitor")
    clock.now = GRACE_S + 1
    files.remove_orphaned_files()
    assert fetched(files, files.execute_deferred(name)) == b"it"


def test_a_file_that_was_made_outlives_the_runs_of_others_and_is_forgotten_later(
    files: PatientFiles, clock: Clock
) -> None:
    address = files.execute_deferred(drawn(files, b"it"))
    for _ in range(5):  # runs of other visitors
        files.remove_orphaned_files()
    assert fetched(files, address) == b"it"
    for _ in range(4):
        clock.now += GRACE_S
        files.remove_orphaned_files()
    assert files.read_file(address.rsplit("/", 1)[-1].split(".")[0]) is None


def test_a_picture_on_a_page_goes_at_once_as_before(files: PatientFiles) -> None:
    address = files.add(b"picture", "image/png", "2.0")
    files.clear_session_refs("visitor")
    files.remove_orphaned_files()
    assert files.read_file(address.rsplit("/", 1)[-1].split(".")[0]) is None


def test_the_server_of_the_dashboard_has_such_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MediaFileManager", media_file_manager.MediaFileManager)
    monkeypatch.delitem(sys.modules, "app", raising=False)
    importlib.import_module("app")
    assert runtime.MediaFileManager is PatientFiles
