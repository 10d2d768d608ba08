"""What the door lets in, and how it comes out."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from allcad_core.errors import ImageError
from allcad_core.images import base_name, from_array, read
from tests.pictures import HEIGHT, LOSSY, WIDTH, deep, encoded, scaled, smooth, tiff

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
