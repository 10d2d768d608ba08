"""Which pictures a run finds, and what it calls them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from allcad_core.batch import places
from allcad_core.batch.places import find


def names(*sources: object, skip: Path | None = None) -> list[str]:
    return sorted(place.name for place in find(map(str, sources), skip) if not place.refused)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("scans/a.png", "scans/deep/er/b.JPG", "scans/notes.txt", "scans/.hidden/c.png", "scans/._d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def test_a_folder_gives_the_pictures_of_all_its_folders(tree: Path):
    assert names(tree / "scans") == ["scans/a.png", "scans/deep/er/b.JPG"]


def test_masks_that_allcad_wrote_are_no_photographs(tree: Path):
    for name in ("a.nucleus.png", "a.cell.png", "deep/er/b.annotated.png", "own.cell.png"):
        (tree / "scans" / name).write_bytes(b"x")
    assert names(tree / "scans") == ["scans/a.png", "scans/deep/er/b.JPG", "scans/own.cell.png"]
    with zipfile.ZipFile(tree / "pack.zip", "w") as packed:
        for name in ("in/a.JPG", "in/a.bodies.png", "own.cell.png", "in/own.nuclei.png"):
            packed.writestr(name, b"x")
    assert names(tree / "pack.zip") == ["pack.zip/in/a.JPG", "pack.zip/in/own.nuclei.png", "pack.zip/own.cell.png"]


def test_where_the_run_writes_is_left_out(tree: Path):
    assert names(tree / "scans", skip=tree / "scans" / "deep") == ["scans/a.png"]


def test_links_to_folders_are_not_followed(tree: Path):
    (tree / "scans" / "round").symlink_to(tree / "scans", target_is_directory=True)
    assert names(tree / "scans") == ["scans/a.png", "scans/deep/er/b.JPG"]


def test_a_pattern_reaches_below_and_a_named_file_may_have_any_ending(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tree)
    assert names("scans/**/*.JPG", "scans/notes.txt") == ["scans/deep/er/b.JPG", "scans/notes.txt"]
    assert names(".") == ["scans/a.png", "scans/deep/er/b.JPG"]


def test_no_name_says_where_on_the_machine_a_file_lies(tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tree / "scans")
    found = names(tree / "scans", "..", "../scans/a.png", tree / "scans" / "a.png")
    assert {name.split("/")[0] for name in found} == {"scans", tree.name, "a.png"}


def test_a_zip_file_gives_its_pictures(tree: Path):
    with zipfile.ZipFile(tree / "pack.zip", "w") as packed:
        for name in ("in/a.png", "in/readme.txt", "__MACOSX/in/._a.png", "b.tif"):
            packed.writestr(name, b"x")
    assert names(tree / "pack.zip") == ["pack.zip/b.tif", "pack.zip/in/a.png"]
    assert {place.path for place in find([str(tree / "pack.zip")])} == {tree / "pack.zip"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("../out.png", b"x", "leads out of its folder"), ("a.png", bytes(30_000_000), "swells as no photograph does")],
)
def test_hostile_zip_files_are_refused_as_a_whole(tmp_path: Path, name: str, content: bytes, said: str):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("fine.png", b"x")
        packed.writestr(name, content)
    (place,) = find([str(tmp_path / "bad.zip")])
    assert said in place.refused


def test_too_many_files_in_one_zip_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "MAX_MEMBERS", 1)
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as packed:
        packed.writestr("a.png", b"x")
        packed.writestr("b.png", b"x")
    (place,) = find([str(tmp_path / "many.zip")])
    assert "at most" in place.refused


@pytest.mark.parametrize("source", ["nowhere.png", "no*where", "cut.zip"])
def test_what_is_not_there_or_broken_comes_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04 and nothing")
    (place,) = find([source])
    assert source in place.refused
