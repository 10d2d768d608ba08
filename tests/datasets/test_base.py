from pathlib import Path

import pytest
from PIL import Image

from allcad_core.datasets import find_data
from allcad_core.datasets.base import size_of, unique_names
from allcad_core.errors import DataError


def test_the_data_folder_is_the_one_named_else_that_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLCAD_DATA", str(tmp_path))

    assert find_data() == tmp_path
    assert find_data(tmp_path.parent) == tmp_path.parent


def test_a_missing_data_folder_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLCAD_DATA", str(tmp_path / "nowhere"))

    with pytest.raises(DataError, match=r"nowhere.*ALLCAD_DATA"):
        find_data()


def test_a_turned_photograph_is_measured_as_a_person_sees_it(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 40)).save(tmp_path / "turned.jpg", exif=exif)

    assert size_of(tmp_path / "turned.jpg") == (40, 80)


def test_names_stay_short_until_two_files_would_share_one():
    root = Path("set")

    assert unique_names(root, [root / "a/1.jpg", root / "b/2.jpg"]) == ["1", "2"]
    assert unique_names(root, [root / "a/1.jpg", root / "b/1.jpg"]) == ["a/1", "b/1"]
    assert unique_names(root, [root / "a/1.jpg", root / "a/1.png"]) == ["a/1.jpg", "a/1.png"]
