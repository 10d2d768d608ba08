"""Pictures of 16 bits a channel: scaled by the bits that they use, however their file keeps them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from allcad_core.images import read
from tests.pictures import HEIGHT, WIDTH, deep, refusal, scaled, smooth, tiff


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


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_truncated_16_bit_tiff_is_refused(planar):
    values = deep() if planar == "contig" else np.moveaxis(deep(), 2, 0)
    data = tiff(values, photometric="rgb", planarconfig=planar)
    assert "damaged" in refusal(data[:-2000], "smear.tif")
