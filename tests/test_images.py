"""What the door lets in, how it comes out, and what is sent away with which words."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile

from allcad_core import images
from allcad_core.errors import ImageError
from allcad_core.images import MAX_BYTES, MAX_PIXELS, MIN_SIDE, SmearImage, base_name, from_array, read

HEIGHT, WIDTH = 80, 120
LOSSY = 14
"""Grey levels by which a JPEG of high quality may differ on the smooth picture below."""


def smooth(channels: int = 3) -> np.ndarray:
    """A picture whose every channel and every corner differs, smooth enough for JPEG."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    layers = [255 * x / WIDTH, 255 * y / HEIGHT, 255 - 127 * (x / WIDTH + y / HEIGHT), 255 * (x + y) / (WIDTH + HEIGHT)]
    return np.stack(layers[:channels], axis=2).round().astype(np.uint8)


def deep(bits: int = 16, channels: int = 3) -> np.ndarray:
    """The same in 16-bit values of which ``bits`` are used, with the ends of the range in the picture."""
    full = 2**bits - 1
    noise = np.random.default_rng(7).integers(0, 2 ** (bits - 8), (HEIGHT, WIDTH, channels))
    values = (smooth(channels).astype(np.int64) << (bits - 8)) + noise
    values[0, 0], values[-1, -1] = 0, full
    return values.clip(0, full).astype(np.uint16)


def scaled(values: np.ndarray, bits: int) -> np.ndarray:
    """By the definition: the full range of ``bits`` becomes 0 to 255, rounded."""
    return np.floor(values.astype(np.float64) * 255 / (2**bits - 1) + 0.5).astype(np.uint8)


def encoded(kind: str, picture: np.ndarray | Image.Image | None = None, **options: object) -> bytes:
    if picture is None:
        picture = smooth()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("PNG", "a.png", {}),
        ("PNG", "a.PNG", {}),
        ("BMP", "a.bmp", {}),
        ("WEBP", "a.webp", {"lossless": True}),
        ("TIFF", "a.tif", {}),
        ("TIFF", "a.tiff", {"compression": "tiff_lzw"}),
        ("TIFF", "a.tif", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", "a.tif", {"compression": "packbits"}),
        ("TIFF", "a.tif", {"big_tiff": True}),
    ],
)
def test_a_lossless_picture_comes_back_as_it_was(kind, name, options):
    image = read(encoded(kind, **options), name)
    np.testing.assert_array_equal(image.pixels, smooth())
    assert (image.source_format, image.name, image.warnings) == (kind, name, ())
    assert (image.width, image.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 98}),
        ("JPEG", {"quality": 98, "progressive": True}),
        ("WEBP", {"quality": 98}),
        ("TIFF", {"compression": "jpeg", "quality": 98}),
    ],
)
def test_a_lossy_picture_comes_back_close(kind, options):
    image = read(encoded(kind, **options), "a")
    assert np.abs(image.pixels.astype(int) - smooth()).max() <= LOSSY


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "CMYK", "YCbCr"])
def test_every_colour_mode_of_a_tiff_comes_out_as_rgb(mode):
    source = Image.fromarray(smooth()).convert(mode)
    expected = np.asarray(source.convert("RGB"))
    np.testing.assert_array_equal(read(encoded("TIFF", source), "a.tif").pixels, expected)


def test_a_cmyk_jpeg_is_read_as_its_colours():
    inks = Image.fromarray(smooth()).convert("CMYK")
    image = read(encoded("JPEG", inks, quality=98), "a.jpg")
    assert np.abs(image.pixels.astype(int) - smooth()).max() <= LOSSY


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparency_is_laid_over_white(kind):
    layer = np.dstack([smooth(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    layer[:, : WIDTH // 2, 3] = 0
    layer[:, WIDTH // 2 :, 3] = 128
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    pixels = read(encoded(kind, layer, **options), "a").pixels
    assert (pixels[:, : WIDTH // 2] == 255).all()
    half = smooth()[:, WIDTH // 2 :].astype(float) * 128 / 255 + 255 * 127 / 255
    assert np.abs(pixels[:, WIDTH // 2 :] - half).max() <= 1


def test_a_palette_with_a_transparent_entry_is_laid_over_white():
    picture = Image.new("P", (WIDTH, HEIGHT), 0)
    picture.putpalette([200, 0, 0, 0, 0, 200])
    picture.paste(1, (0, 0, WIDTH, HEIGHT // 2))
    pixels = read(encoded("PNG", picture, transparency=0), "a.png").pixels
    assert pixels[-1, 0].tolist() == [255, 255, 255]
    assert pixels[0, 0].tolist() == [0, 0, 200]


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_an_8_bit_tiff_may_keep_its_channels_together_or_apart(compression, planar, tile):
    values = smooth() if planar == "contig" else np.moveaxis(smooth(), 2, 0)
    data = tiff(values, photometric="rgb", planarconfig=planar, compression=compression, tile=tile)
    np.testing.assert_array_equal(read(data, "a.tif").pixels, smooth())


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_a_16_bit_tiff_is_scaled_by_the_bits_that_it_uses(bits, planar, compression, byteorder):
    values = deep(bits) if planar == "contig" else np.moveaxis(deep(bits), 2, 0)
    options = {"photometric": "rgb", "planarconfig": planar, "compression": compression, "byteorder": byteorder}
    data = tiff(values.astype(f"{byteorder}u2"), rowsperstrip=16, **options)
    np.testing.assert_array_equal(read(data, "a.tif").pixels, scaled(deep(bits), bits))


def test_a_16_bit_tiff_may_be_compressed_by_lzw():
    found, data = cv2.imencode(".tif", deep(12)[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert found
    np.testing.assert_array_equal(read(data.tobytes(), "a.tif").pixels, scaled(deep(12), 12))


def test_a_16_bit_tiff_may_be_tiled_with_its_channels_apart():
    data = tiff(np.moveaxis(deep(12), 2, 0), photometric="rgb", planarconfig="separate", tile=(32, 32))
    np.testing.assert_array_equal(read(data, "a.tif").pixels, scaled(deep(12), 12))


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_16_bit_tiff_with_transparency_is_laid_over_white(planar):
    values = deep(16, 4)
    share = values[..., 3:] / 65535
    expected = scaled(values[..., :3], 16) * share + 255 * (1 - share)
    stored = values if planar == "contig" else np.moveaxis(values, 2, 0)
    data = tiff(stored, photometric="rgb", planarconfig=planar, extrasamples=["unassalpha"])
    assert np.abs(read(data, "a.tif").pixels - expected).max() <= 0.51


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_fourth_channel_without_meaning_is_left_out(planar):
    stored = deep(12, 4) if planar == "contig" else np.moveaxis(deep(12, 4), 2, 0)
    data = tiff(stored, photometric="rgb", planarconfig=planar, extrasamples=["unspecified"])
    np.testing.assert_array_equal(read(data, "a.tif").pixels, scaled(deep(12, 4)[..., :3], 12))


def test_a_16_bit_cmyk_tiff_is_read_with_its_channels_apart():
    inks = np.asarray(Image.fromarray(smooth()).convert("CMYK")).astype(np.uint16) * 257
    data = tiff(np.moveaxis(inks, 2, 0), photometric="separated", planarconfig="separate")
    assert np.abs(read(data, "a.tif").pixels.astype(int) - smooth()).max() <= 1


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_a_16_bit_grey_tiff_knows_which_end_is_white(photometric):
    level = scaled(deep(12)[..., 0], 12)
    expected = level if photometric == "minisblack" else 255 - level
    pixels = read(tiff(deep(12)[..., 0], photometric=photometric), "a.tif").pixels
    np.testing.assert_array_equal(pixels, np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_16_bit_png_is_scaled_like_a_tiff(channels):
    values = deep(12, channels)
    _, data = cv2.imencode(".png", values[..., ::-1])
    np.testing.assert_array_equal(
        read(data.tobytes(), "a.png").pixels, np.broadcast_to(scaled(values, 12), (HEIGHT, WIDTH, 3))
    )


def seen(stored: np.ndarray, orientation: int) -> np.ndarray:
    """EXIF 2.32, 4.6.4: which side of what is stored is the visible top, and which its left."""
    by_definition = {
        1: stored,  # row 0 is the top, column 0 the left
        2: stored[:, ::-1],  # top, right
        3: stored[::-1, ::-1],  # bottom, right
        4: stored[::-1],  # bottom, left
        5: stored.swapaxes(0, 1),  # left, top
        6: stored[::-1].swapaxes(0, 1),  # right, top
        7: stored[::-1, ::-1].swapaxes(0, 1),  # right, bottom
        8: stored[:, ::-1].swapaxes(0, 1),  # left, bottom
    }
    return by_definition[orientation]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_a_person_sees_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    expected = seen(smooth(), orientation)
    np.testing.assert_array_equal(read(encoded("PNG", exif=exif), "a.png").pixels, expected)
    jpeg = read(encoded("JPEG", exif=exif, quality=98), "a.jpg").pixels
    assert np.abs(jpeg.astype(int) - expected).max() <= LOSSY
    tag = [(274, 3, 1, orientation, True)]
    np.testing.assert_array_equal(read(tiff(smooth(), photometric="rgb", extratags=tag), "a.tif").pixels, expected)
    wide = seen(scaled(deep(12), 12), orientation)
    np.testing.assert_array_equal(read(tiff(deep(12), photometric="rgb", extratags=tag), "a.tif").pixels, wide)
    apart = tiff(np.moveaxis(deep(12), 2, 0), photometric="rgb", planarconfig="separate", extratags=tag)
    np.testing.assert_array_equal(read(apart, "a.tif").pixels, wide)


@pytest.mark.parametrize("exif", [b"Exif\x00\x00broken", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b""])
def test_broken_metadata_does_not_cost_the_picture(exif):
    assert read(encoded("JPEG", exif=exif), "a.jpg").width == WIDTH


def test_an_orientation_that_does_not_exist_is_ignored():
    exif = Image.Exif()
    exif[0x0112] = 77
    np.testing.assert_array_equal(read(encoded("PNG", exif=exif), "a.png").pixels, smooth())


def test_a_tiff_with_several_pages_gives_the_first_with_a_warning():
    second = Image.fromarray(255 - smooth())
    image = read(encoded("TIFF", save_all=True, append_images=[second, second]), "stack.tif")
    np.testing.assert_array_equal(image.pixels, smooth())
    assert [note.code for note in image.warnings] == ["pages"]
    assert "stack.tif" in image.warnings[0].message
    assert "3 pages" in image.warnings[0].message


def test_a_photograph_with_a_preview_behind_it_is_one_photograph():
    preview = Image.fromarray(smooth()).resize((64, 64))
    data = encoded("MPO", save_all=True, append_images=[preview], quality=98)
    image = read(data, "IMG_0001.jpg")
    assert (image.source_format, image.width, image.warnings) == ("JPEG", WIDTH, ())


@pytest.mark.parametrize("name", ["smear.jpg", "smear.tif", "smear.txt", "smear.heic", "smear.gif"])
def test_a_wrong_extension_is_judged_by_content_and_told(name):
    image = read(encoded("PNG"), name)
    np.testing.assert_array_equal(image.pixels, smooth())
    assert [note.code for note in image.warnings] == ["extension"]
    assert name in image.warnings[0].message
    assert "PNG" in image.warnings[0].message


@pytest.mark.parametrize("name", ["smear", "smear.2024", "slide.v2", "smear.png", "smear.PNG"])
def test_no_extension_or_one_that_means_nothing_is_no_warning(name):
    assert read(encoded("PNG"), name).warnings == ()


# --- what comes out -------------------------------------------------------------------------------------------------


def test_pixels_cannot_be_written_and_the_digest_is_of_the_file(tmp_path):
    path = tmp_path / "smear.png"
    path.write_bytes(encoded("PNG"))
    image = read(path)
    assert image.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert image.name == str(path)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 0
    np.testing.assert_array_equal(read(str(path)).pixels, image.pixels)
    assert read(path, "other.png").name == "other.png"


def test_a_generated_picture_is_a_copy_that_cannot_be_written():
    pixels = smooth()
    image = from_array(pixels, "made here")
    pixels[:] = 0
    np.testing.assert_array_equal(image.pixels, smooth())
    assert not image.pixels.flags.writeable
    assert (image.source_format, image.name, len(image.sha256)) == ("generated", "made here", 64)
    assert image.sha256 != from_array(pixels, "made here").sha256


@pytest.mark.parametrize("shape", [(80, 120), (80, 120, 4), (0, 120, 3)])
def test_a_generated_picture_has_three_channels(shape):
    with pytest.raises(ImageError, match="drawn is not an 8-bit RGB picture"):
        from_array(np.zeros(shape, np.uint8), "folder/drawn")


def test_a_generated_picture_has_eight_bits():
    with pytest.raises(ImageError, match="float64"):
        from_array(np.zeros((80, 120, 3)), "drawn")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/home/lab/smear.png", "smear.png"),
        (r"C:\lab\smear.png", "smear.png"),
        ("smear\n\x1b[31m.png", "smear??[31m.png"),
        ("", "The picture"),
        ("/", "The picture"),
    ],
)
def test_messages_show_the_base_name_only(name, shown):
    assert base_name(name) == shown


# --- what is refused ------------------------------------------------------------------------------------------------


def refusal(data: bytes, name: str) -> str:
    with pytest.raises(ImageError) as caught:
        read(data, f"/secret/folder/{name}")
    message = str(caught.value)
    assert message.startswith(name), message
    assert "secret" not in message
    assert message.endswith(".")
    return message


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


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_truncated_16_bit_tiff_is_refused(planar):
    values = deep() if planar == "contig" else np.moveaxis(deep(), 2, 0)
    data = tiff(values, photometric="rgb", planarconfig=planar)
    assert "damaged" in refusal(data[:-2000], "smear.tif")


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


# --- broken bytes ---------------------------------------------------------------------------------------------------

SOURCES = {
    "a.jpg": encoded("JPEG"),
    "p.jpg": encoded("JPEG", progressive=True),
    "a.png": encoded("PNG"),
    "p.png": encoded("PNG", Image.fromarray(smooth()).convert("P")),
    "w.png": cv2.imencode(".png", deep())[1].tobytes(),
    "a.bmp": encoded("BMP"),
    "a.webp": encoded("WEBP"),
    "l.webp": encoded("WEBP", lossless=True),
    "a.gif": encoded("GIF"),
    "a.tif": encoded("TIFF"),
    "z.tif": encoded("TIFF", compression="tiff_lzw"),
    "j.tif": encoded("TIFF", compression="jpeg"),
    "w.tif": tiff(deep(), photometric="rgb", compression="zlib"),
    "s.tif": tiff(np.moveaxis(deep(12), 2, 0), photometric="rgb", planarconfig="separate"),
}


def outcome(data: bytes, name: str) -> SmearImage | ImageError:
    """The only two things that may happen."""
    try:
        return read(data, name)
    except ImageError as error:
        return error


def check(result: SmearImage | ImageError, name: str) -> None:
    if isinstance(result, SmearImage):
        assert result.pixels.dtype == np.uint8
        assert result.pixels.shape == (result.height, result.width, 3)
        assert min(result.width, result.height) >= MIN_SIDE
    else:
        assert str(result).startswith(name)


edits = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SOURCES)), edits=edits, head=st.booleans(), cut=st.floats(0, 1))
def test_mutated_pictures_are_read_or_refused(name, edits, head, cut):
    data = bytearray(SOURCES[name])
    for place, value in edits:
        data[int(place * (min(len(data), 400) if head else len(data)))] = value
    if cut < 0.3:
        del data[int(len(data) * cut / 0.3) :]
    check(outcome(bytes(data), name), name)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(SOURCES)), body=st.binary(max_size=600), kept=st.integers(0, 60))
def test_a_true_beginning_with_a_foreign_rest_is_read_or_refused(name, body, kept):
    check(outcome(SOURCES[name][:kept] + body, name), name)


@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300))
def test_random_bytes_are_refused(body):
    assert isinstance(outcome(body, "x.png"), ImageError)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_a_shown_name_is_one_printable_line(name):
    shown = base_name(name)
    assert shown
    assert shown.isprintable()


def test_nothing_is_left_behind_after_a_refusal(tmp_path):
    path: Path = tmp_path / "broken.jpg"
    path.write_bytes(SOURCES["a.jpg"][:200])
    with pytest.raises(ImageError) as caught:
        read(path)
    assert caught.value.__cause__ is not None
    path.unlink()  # no open handle holds it
    assert read(SOURCES["a.jpg"], "a.jpg").width == WIDTH
