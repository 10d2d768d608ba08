"""What a visitor uploads goes with the visitor, with the server, or with the next server of this user."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from allcad_core.ui import tidying
from allcad_core.ui.slide import uploads


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where folders of uploads are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def gone() -> int:
    """The number of a process that is over."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_an_upload_goes_with_its_visitor(place: Path) -> None:
    folder, path = uploads.stored(b"pixels", "jpg")
    assert path.read_bytes() == b"pixels"
    assert path.name == "slide.jpg"
    assert Path(folder.name).parent == place
    folder.cleanup()
    assert list(place.iterdir()) == []


def test_all_uploads_go_with_the_server(place: Path) -> None:
    async def live() -> list[object]:
        async with tidying.lifespan(None):
            return [uploads.stored(b"pixels", "tif") for _ in range(3)]  # visitors who have not left

    try:
        held = asyncio.run(live())
    finally:
        gc.unfreeze()
    assert len(held) == 3
    assert list(place.iterdir()) == []


def test_what_a_killed_server_has_left_goes_with_the_next(place: Path, gone: int) -> None:
    left = place / f"{uploads.BEGINS}-{gone}-abc"
    others = [
        place / f"{uploads.BEGINS}-{os.getpid()}-abc",
        place / f"{uploads.BEGINS}-abc",
        place / f"{uploads.BEGINS}-words-abc",
        place / f"other-{gone}-abc",
    ]
    for folder in (left, *others):
        folder.mkdir()
        (folder / "slide.tif").write_bytes(b"pixels")
    uploads.sweep()
    assert sorted(place.iterdir()) == sorted(others)


def test_a_link_that_bears_such_a_name_leads_nowhere(place: Path, gone: int) -> None:
    mine = place / "mine"
    mine.mkdir()
    (mine / "file").write_bytes(b"pixels")
    (place / f"{uploads.BEGINS}-{gone}-abc").symlink_to(mine)
    uploads.sweep()
    assert (mine / "file").exists()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users of POSIX")
def test_what_belongs_to_somebody_else_is_left_alone(place: Path, gone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place / f"{uploads.BEGINS}-{gone}-abc"
    folder.mkdir()
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    uploads.sweep()
    assert folder.exists()
