"""Pictures with sixteen bits a channel, of which Pillow alone keeps eight: read whole, then scaled by what they use."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

Depth = TypeVar("Depth", np.uint8, np.uint16)

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 256, 257, 258, 259, 262, 277
ROWS_PER_STRIP, PLANAR, PREDICTOR, TILE_WIDTH, TILE_LENGTH, ORIENTATION = 278, 284, 317, 322, 323, 274
STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES = 273, 279, 324, 325
"""Tags of TIFF 6.0."""
WHITE_IS_ZERO, BLACK_IS_ZERO, SEPARATE = 0, 1, 2
"""Values of ``PHOTOMETRIC`` and ``PLANAR``."""

CAMERA_DEPTHS = (8, 10, 12, 14, 16)
"""Bits that sensors deliver."""


def to_8_bit(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Scale 16-bit values to 8 bits by the significant bits of the picture.

    Cameras of 10, 12 or 14 bits store their values in 16-bit files, often unscaled. The depth is taken as the smallest
    of 8, 10, 12, 14 and 16 bits that holds the largest value; its full range becomes 0 to 255, rounded.

    >>> to_8_bit(np.array([0, 2048, 4095], dtype=np.uint16)).tolist()
    [0, 128, 255]
    """
    needed = int(values.max(initial=0)).bit_length()
    full = 2 ** next(depth for depth in CAMERA_DEPTHS if depth >= needed) - 1
    table = (np.arange(2**16, dtype=np.uint32).clip(0, full) * 255 + full // 2) // full
    return np.asarray(table.astype(np.uint8)[values])


def upright(pixels: NDArray[Depth], orientation: int) -> NDArray[Depth]:
    """Turn and mirror (height, width, channels) as the EXIF orientation 1 to 8 says (EXIF 2.32, section 4.6.4)."""
    quarters = {3: 2, 4: 2, 5: -1, 6: -1, 7: 1, 8: 1}.get(orientation, 0)
    pixels = np.rot90(pixels, quarters)
    return pixels[:, ::-1] if orientation in {2, 4, 5, 7} else pixels


def grey(picture: Image.Image) -> NDArray[np.uint8]:
    """8-bit pixels (height, width, 3) of a loaded 16-bit grey picture."""
    level = to_8_bit(np.asarray(picture).astype(np.uint16))
    if getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
        level = 255 - level
    return np.repeat(level[..., None], 3, axis=2)


def colour(picture: Image.Image, data: bytes, orientation: int) -> NDArray[np.uint8] | None:
    """8-bit pixels (height, width, 3) of a loaded 16-bit RGB or RGBA picture, laid over white.

    OpenCV reads all 16 bits; Pillow's own reading vouches for the upper half, and for how the picture is turned.

    Returns:
        ``None`` where the two readings disagree.
    """
    import cv2

    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint16 or found.ndim != 3:
        return None
    has_alpha = found.shape[2] == 4 and picture.mode in {"RGBA", "LA"}
    values: NDArray[np.uint16] = found.astype(np.uint16)[..., [2, 1, 0, 3] if has_alpha else [2, 1, 0]]
    known = np.asarray(picture.convert("RGBA" if has_alpha else "RGB"))
    for candidate in (values, upright(values, orientation)):
        if candidate.shape == known.shape and np.array_equal((candidate >> 8).astype(np.uint8), known):
            return over_white(candidate)
    return None


def over_white(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """8-bit pixels (height, width, 3) of 16-bit RGB, or of RGB with alpha laid over white."""
    pixels = to_8_bit(values[..., :3])
    if values.shape[2] == 3:
        return pixels
    alpha = values[..., 3:].astype(np.float32) / 65535
    return np.asarray((pixels * alpha + 255 * (1 - alpha)).round().astype(np.uint8))


def is_planar(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    """Whether a TIFF keeps its 16-bit channels apart, which neither Pillow nor OpenCV reads as it should."""
    return tags.get(PLANAR) == SEPARATE and tags.get(SAMPLES, 1) > 1 and max(tags.get(BITS, (1,))) == 16


def planar(picture: TiffImagePlugin.TiffImageFile, data: bytes) -> NDArray[np.uint8]:
    """8-bit pixels (height, width, 3) of a 16-bit TIFF with separate channels (RGB, RGBA, CMYK), turned upright.

    Raises:
        OSError, SyntaxError, ValueError: damaged, or channels of another meaning.
    """
    values = np.stack([np.asarray(plane).astype(np.uint16) for plane in _planes(picture, data)], axis=2)
    meaning = picture.mode, values.shape[2]
    if meaning == ("CMYK", 4):
        pixels = np.asarray(Image.frombytes("CMYK", values.shape[1::-1], to_8_bit(values).tobytes()).convert("RGB"))
    elif meaning in {("RGB", 3), ("RGB", 4), ("RGBA", 4)}:
        pixels = over_white(values if picture.mode == "RGBA" else values[..., :3])
    else:
        raise ValueError(f"{values.shape[2]} separate channels of mode {picture.mode}")
    return upright(pixels, picture.tag_v2.get(ORIENTATION, 1))


def _planes(picture: TiffImagePlugin.TiffImageFile, data: bytes) -> Iterator[Image.Image]:
    """Each channel as a grey picture: the same bytes behind a directory that names only this channel's strips."""
    tags, order = picture.tag_v2, "<" if data[:2] == b"II" else ">"
    where, size = (TILE_OFFSETS, TILE_BYTES) if TILE_OFFSETS in tags else (STRIP_OFFSETS, STRIP_BYTES)
    kept = (WIDTH, LENGTH, COMPRESSION, ROWS_PER_STRIP, PREDICTOR, TILE_WIDTH, TILE_LENGTH)
    shared = {tag: (tags[tag],) for tag in kept if tag in tags}
    shared |= {BITS: (16,), SAMPLES: (1,), PHOTOMETRIC: (BLACK_IS_ZERO,)}
    parts = len(tags[where]) // tags[SAMPLES]
    body = data[:2] + struct.pack(f"{order}HI", 42, len(data)) + data[8:]
    for channel in range(tags[SAMPLES]):
        own = {tag: tags[tag][channel * parts : (channel + 1) * parts] for tag in (where, size)}
        plane = TiffImagePlugin.TiffImageFile(io.BytesIO(body + _directory(shared | own, order, len(data))), "")
        plane.load()
        yield plane


def _directory(tags: dict[int, tuple[int, ...]], order: str, offset: int) -> bytes:
    """A TIFF directory (TIFF 6.0, section 2) at ``offset``; all values as 32-bit numbers."""
    entries, behind = struct.pack(f"{order}H", len(tags)), b""
    free = offset + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}I", *values)
        if len(values) > 1:
            packed, behind = struct.pack(f"{order}I", free + len(behind)), behind + packed
        entries += struct.pack(f"{order}HHI", tag, 4, len(values)) + packed
    return entries + bytes(4) + behind
