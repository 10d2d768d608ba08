"""What the door sends away, and with which words."""

from __future__ import annotations

import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile

from allcad_core import images
from allcad_core.errors import ImageError
from allcad_core.images import MAX_BYTES, MAX_PIXELS, MIN_SIDE, read
from tests.pictures import HEIGHT, WIDTH, encoded, refusal, smooth, tiff


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and carries next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_an_empty_file_is_refused():
    assert "is empty" in refusal(b"", "smear.jpg")


@pytest.mark.parametrize(
    "data", [b"These are words.", b"%PDF-1.7", b"\x00" * 500, b"BM but words", b"\x00\x00\x00\x18ftypheic"]
)
def test_what_is_no_picture_is_refused_with_the_remedy(data):
    expected = "IMG_2041.heic is not a picture that allcad can read. Save it as JPEG or PNG and upload it again."
    assert refusal(data, "IMG_2041.heic") == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(kind, share):
    noisy = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    data = encoded(kind, noisy)
    message = refusal(data[: int(share * len(data))], f"smear.{kind.lower()}")
    assert "PNG" in message


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}])
def test_a_truncated_jpeg_is_not_filled_with_grey(options):
    noisy = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    data = encoded("JPEG", noisy, **options)
    assert "damaged" in refusal(data[: len(data) * 3 // 4], "smear.jpg")


def test_what_others_do_to_pillow_changes_nothing(monkeypatch):
    """Libraries make Pillow lenient, or replace how it opens files."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("not ours"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    data = encoded("JPEG")
    assert read(data, "smear.jpg").width == WIDTH
    assert "damaged" in refusal(data[: len(data) * 3 // 4], "smear.jpg")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_many_visitors_may_read_at_once():
    """Odd metadata makes Pillow warn, and a warning is an error here."""
    odd = encoded("JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    with ThreadPoolExecutor(8) as visitors:
        images_read = list(visitors.map(read, [odd, encoded("PNG"), encoded("TIFF")] * 20))
    assert {image.width for image in images_read} == {WIDTH}
    assert {image.name for image in images_read} == {"The picture"}


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_refused(kind):
    first = Image.fromarray(smooth())
    second = first.copy()
    ImageDraw.Draw(second).rectangle((5, 5, 60, 60), fill="red")
    data = encoded(kind, first, save_all=True, append_images=[second], duration=100)
    assert "is animated" in refusal(data, f"film.{kind.lower()}")


def test_a_still_gif_is_refused_with_its_reason():
    assert "256 colours" in refusal(encoded("GIF"), "smear.gif")


@pytest.mark.parametrize("size", [(MIN_SIDE - 1, 500), (500, MIN_SIDE - 1), (1, 1)])
def test_a_picture_that_is_too_small_is_refused(size):
    message = refusal(encoded("PNG", Image.new("RGB", size)), "icon.png")
    assert f"{size[0]} × {size[1]} px" in message  # noqa: RUF001
    assert f"{MIN_SIDE} px" in message


def test_the_smallest_picture_is_read():
    assert read(encoded("PNG", Image.new("RGB", (MIN_SIDE, MIN_SIDE))), "a.png").width == MIN_SIDE


@pytest.mark.parametrize("size", [(MAX_PIXELS // 1000 + 1, 1000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_from_its_header(size, monkeypatch):
    monkeypatch.setattr(images, "_pixels", lambda *_: pytest.fail("decoded before the size was judged"))
    assert "200 megapixels" in refusal(png_header(*size), "bomb.png")


def test_a_size_at_the_limit_passes_the_header(monkeypatch):
    tiny = np.zeros((1, 1, 3), np.uint8)
    monkeypatch.setattr(images, "_pixels", lambda *_: tiny)
    data = png_header(MAX_PIXELS // 1000, 1000)
    assert read(data + bytes(3 * MAX_PIXELS // images.LOSSLESS_GROWTH - len(data)), "big.png").width == 1


def test_a_large_picture_in_a_small_file_is_refused_from_its_header(monkeypatch):
    monkeypatch.setattr(images, "_pixels", lambda *_: pytest.fail("decoded before its growth was judged"))
    assert "no photograph" in refusal(png_header(14_000, 14_000) + bytes(5_000_000), "flat.png")


def test_a_tiff_with_giant_tiles_is_refused():
    data = bytearray(tiff(smooth(), photometric="rgb", tile=(96, 128), compression="zlib"))
    directory = struct.unpack("<I", data[4:8])[0]
    for k in range(struct.unpack_from("<H", data, directory)[0]):
        entry = directory + 2 + 12 * k
        if struct.unpack_from("<H", data, entry)[0] in {322, 323}:
            struct.pack_into("<HII", data, entry + 2, 4, 1, 2**20)
    assert "200 megapixels" in refusal(bytes(data), "bomb.tif")


def test_a_file_of_too_many_bytes_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(images, "MAX_BYTES", 1000)
    assert "MB" in refusal(encoded("BMP"), "smear.bmp")
    path = tmp_path / "smear.bmp"
    path.write_bytes(encoded("BMP"))
    with pytest.raises(ImageError, match=r"^smear\.bmp has"):
        read(path)
    assert MAX_BYTES >= 3 * MAX_PIXELS


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_measured_values_are_no_photograph(dtype):
    assert "measured values" in refusal(tiff(smooth()[..., 0].astype(dtype)), "elevation.tif")


def test_a_raw_file_of_a_camera_is_refused():
    data = tiff(smooth(), photometric="rgb", extratags=[(50706, 1, 4, bytes([1, 4, 0, 0]), True)])
    assert "raw file" in refusal(data, "shot.dng")


def test_a_path_without_a_picture_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"^nothing\.jpg is not there"):
        read(tmp_path / "nothing.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ImageError):
        read("a\x00b.png")
