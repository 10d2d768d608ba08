"""Reading a photograph: the one place where foreign bytes become pixels, or a sentence that says why not."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from allcad_core import sixteen_bit
from allcad_core.errors import ImageError
from allcad_core.results import Note

Pixels = NDArray[np.uint8]
"""uint8 (height, width, 3), RGB."""

MIN_SIDE = 64
"""Pixels. A white cell alone is 60 to 250 px wide in a usable photograph; a smaller picture is an icon."""
MAX_PIXELS = 200_000_000
"""The largest sensors of phones and microscope cameras have 200 megapixels (16320 x 12240). Decoded that is 600 MB,
the most that a laptop with 8 GB can hold beside the models. More is a whole slide, or a bomb."""
MAX_BYTES = 4 * MAX_PIXELS
"""``MAX_PIXELS`` uncompressed with four channels. A larger file is no single photograph."""

SMALL_PIXELS = 24_000_000
"""Up to so many pixels a file may swell as it likes: decoded that is 72 MB."""
MAX_GROWTH = 200
"""Bytes of pixels for a byte of a larger file. A photograph grows by 5 to 60 times, noise of the sensor keeps it there; a
JPEG of one colour, the most that the usual coding can do, by 192. More is made to fill the memory."""
LOSSLESS_GROWTH = 50
"""The same for PNG and BMP, which keep the noise of the sensor and can hardly halve it."""

FORMATS: dict[str, frozenset[str]] = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"}),
    "PNG": frozenset({".png", ".apng"}),
    "TIFF": frozenset({".tif", ".tiff"}),
    "BMP": frozenset({".bmp", ".dib"}),
    "WEBP": frozenset({".webp"}),
}
"""What allcad reads, with the extensions that say so."""

FOREIGN = frozenset({".heic", ".heif", ".avif", ".jxl", ".jp2", ".dng"})
"""Extensions of other pictures that Python's table may not know."""

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)

DNG_VERSION = 50706
"""Tag by which a TIFF says that it is a raw file (DNG 1.7, chapter 4)."""
PNG_DEPTH = 24
"""Where the header of a PNG says the bits of a channel."""

_MIME = mimetypes.MimeTypes()
"""Python's own table, without the machine's: whether an extension is known must not depend on where allcad runs."""
_PILLOW = threading.Lock()


@dataclass(frozen=True, eq=False)
class SmearImage:
    """A photograph as a person sees it.

    Attributes:
        pixels: uint8 (height, width, 3), RGB, upright, write-protected.
        name: name or path as it was given.
        source_format: ``JPEG``, ``PNG``, ``TIFF``, ``BMP``, ``WEBP``, or ``generated``.
        sha256: hexadecimal digest of the file's bytes (of the pixels where there was no file).
        warnings: what a person should know about the reading: codes ``extension``, ``pages``.
    """

    pixels: Pixels = field(repr=False)
    name: str
    source_format: str
    sha256: str
    warnings: tuple[Note, ...] = ()

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.pixels.shape[0])


def read(source: bytes | str | Path, name: str | None = None) -> SmearImage:
    """Read a photograph from a file or from its bytes.

    JPEG, PNG, TIFF (8 and 16 bit), BMP and WebP are judged by content, never by extension. Transparency is laid over
    white. 16-bit values are scaled by the file's significant bits, see :func:`allcad_core.sixteen_bit.to_8_bit`.

    Args:
        source: the bytes of a file, or a path.
        name: how messages and results call the picture; the path where not given.

    Raises:
        ImageError: not readable, empty, truncated, not a picture, animated, under ``MIN_SIDE``, over ``MAX_PIXELS``
            (refused from its header, before decoding) or over ``MAX_BYTES``, or a large picture in a file so small that it
            swells by more than ``MAX_GROWTH``.
    """
    if isinstance(source, bytes):
        data, name = source, name or "The picture"
    else:
        name = name or str(source)
        data = _bytes_of(Path(source), base_name(name))
    shown = base_name(name)
    if not data:
        raise ImageError(f"{shown} is empty. Copy it again from where it was taken, and upload it again.")
    if len(data) > MAX_BYTES:
        raise _too_heavy(shown, len(data))
    kind = _kind_of(data)
    if kind is None:
        raise _not_a_picture(shown)
    with _quiet_pillow():
        pixels, notes = _decode(data, kind, shown)
    pixels.setflags(write=False)
    return SmearImage(pixels, name, kind, hashlib.sha256(data).hexdigest(), (*_extension_note(shown, kind), *notes))


def from_array(pixels: Pixels, name: str) -> SmearImage:
    """A picture that was generated or cut out here, not read from a file.

    Args:
        pixels: uint8 (height, width, 3), RGB; copied.
        name: how messages and results call it.

    Raises:
        ImageError: the array is not such a picture.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ImageError(f"{base_name(name)} is not an 8-bit RGB picture: {pixels.dtype} {pixels.shape}.")
    own = np.array(pixels, order="C")
    own.setflags(write=False)
    digest = hashlib.sha256(repr(own.shape).encode() + own.tobytes()).hexdigest()
    return SmearImage(own, name, "generated", digest)


def base_name(name: str) -> str:
    """Last part of a path of any system, without control characters: what messages show."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    return "".join(letter if letter.isprintable() else "?" for letter in last) or "The picture"


def _bytes_of(path: Path, shown: str) -> bytes:
    try:
        if not path.is_file():
            raise ImageError(f"{shown} is {'a folder' if path.is_dir() else 'not there'}. Give the path of a picture.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_heavy(shown, size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ImageError(f"{shown} cannot be opened. Check the path and that you may read it.") from error


def _too_heavy(shown: str, size: int) -> ImageError:
    return ImageError(
        f"{shown} has {size / 1e6:,.0f} MB; allcad reads up to {MAX_BYTES / 1e6:,.0f} MB. "
        "Cut out the field that you mean, save it as JPEG or PNG and upload it again."
    )


def _not_a_picture(shown: str) -> ImageError:
    return ImageError(f"{shown} is not a picture that allcad can read. Save it as JPEG or PNG and upload it again.")


def _damaged(shown: str, kind: str) -> ImageError:
    remedy = "Copy it again from where it was taken, or save it anew as JPEG or PNG, and upload it again."
    return ImageError(f"{shown} is damaged, cut off or an unusual {kind}. {remedy}")


def _animated(shown: str) -> ImageError:
    return ImageError(f"{shown} is animated. Save the one picture that you mean as JPEG or PNG and upload it again.")


def _kind_of(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for signature, kind in SIGNATURES if data.startswith(signature)), None)


def _extension_note(shown: str, kind: str) -> tuple[Note, ...]:
    suffix = PurePosixPath(shown).suffix.lower()
    if suffix in FORMATS[kind] or (suffix not in FOREIGN and _MIME.guess_type(f"x{suffix}")[0] is None):
        return ()
    return (Note("extension", f"{shown} is a {kind} picture by its content; its extension says otherwise."),)


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Keep Pillow's remarks on odd metadata from the reader, and its strictness on truncated files as it should be.

    Both belong to the whole process, hence the lock.
    """
    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lenient, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def _decode(data: bytes, kind: str, shown: str) -> tuple[Pixels, tuple[Note, ...]]:
    """Pixels and warnings of the file's first picture. Every way in which a decoder fails ends as ImageError."""
    try:
        picture = _open(data, kind)
        _check_header(picture, kind, shown)
        _check_growth(picture, data, kind, shown)
        pages = _pages(picture) if kind == "TIFF" else 1
        pixels = _pixels(picture, data, kind, shown)
    except ImageError:
        raise
    except Exception as error:  # decoders raise nearly anything on broken bytes
        raise (_not_a_picture(shown) if kind == "BMP" else _damaged(shown, kind)) from error
    if pages == 1:
        return pixels, ()
    return pixels, (
        Note("pages", f"{shown} holds {pages} pages; allcad read the first. Save the others on their own."),
    )


def _open(data: bytes, kind: str) -> ImageFile.ImageFile:
    """Header only. Pillow's opener for exactly this format, past ``Image.open``, which Ultralytics replaces."""
    Image.preinit()
    if kind not in Image.OPEN:
        Image.init()
    factory, _ = Image.OPEN[kind]
    picture = factory(io.BytesIO(data), "")
    assert isinstance(picture, ImageFile.ImageFile)
    return picture


def _check_header(picture: ImageFile.ImageFile, kind: str, shown: str) -> None:
    """Refuse by what the header says, before a pixel is decoded."""
    width, height = picture.size
    tags = getattr(picture, "tag_v2", {})
    tile = int(tags.get(sixteen_bit.TILE_WIDTH, 1)) * int(tags.get(sixteen_bit.TILE_LENGTH, 1))
    if max(width * height, tile) > MAX_PIXELS:
        raise ImageError(
            f"{shown} has {width} × {height} px; allcad reads up to {MAX_PIXELS // 10**6} megapixels. "  # noqa: RUF001
            "Cut out the field that you mean and upload it again."
        )
    # A JPEG with several frames is a photograph with its preview or depth map (MPO).
    if kind not in {"TIFF", "JPEG"} and getattr(picture, "is_animated", False):
        raise _animated(shown)
    if kind == "GIF":
        raise ImageError(f"{shown} is a GIF; its 256 colours are too few. Save the photograph as JPEG or PNG.")
    if DNG_VERSION in tags:
        raise ImageError(f"{shown} is a raw file of a camera. Export it as JPEG or TIFF and upload it again.")
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"{shown} has {width} × {height} px; "  # noqa: RUF001
            f"allcad needs at least {MIN_SIDE} px on each side. Upload the photograph in its full size."
        )


def _check_growth(picture: ImageFile.ImageFile, data: bytes, kind: str, shown: str) -> None:
    """Refuse a large picture in a file that is too small to hold a photograph of that size."""
    pixels = picture.width * picture.height
    most = LOSSLESS_GROWTH if kind in {"PNG", "BMP"} else MAX_GROWTH
    if pixels > SMALL_PIXELS and 3 * pixels > most * len(data):
        raise ImageError(
            f"{shown} has {pixels / 1e6:.0f} megapixels in {len(data) / 1e6:.1f} MB, which is no photograph. "
            "Cut out the field that you mean and upload it again."
        )


def _pages(picture: ImageFile.ImageFile) -> int:
    try:
        return int(getattr(picture, "n_frames", 1))
    finally:
        picture.seek(0)


def _pixels(picture: ImageFile.ImageFile, data: bytes, kind: str, shown: str) -> Pixels:
    tags = getattr(picture, "tag_v2", {})
    orientation = tags.get(sixteen_bit.ORIENTATION, 1)
    if isinstance(picture, TiffImagePlugin.TiffImageFile) and sixteen_bit.is_planar(picture.tag_v2):
        return np.ascontiguousarray(sixteen_bit.planar(picture, data))
    deep = max(tags.get(sixteen_bit.BITS, (8,))) == 16 if kind == "TIFF" else kind == "PNG" and data[PNG_DEPTH] == 16
    picture.load()
    if picture.mode in {"I", "F", "LAB", "HSV"}:
        raise ImageError(f"{shown} holds measured values, no photograph. Export it as 8-bit JPEG, PNG or TIFF.")
    pixels: Pixels | None = None
    if picture.mode.startswith("I;16"):
        pixels = sixteen_bit.grey(picture)
    elif deep and picture.mode in {"RGB", "RGBA", "LA"}:
        pixels = sixteen_bit.colour(picture, data, orientation)
    if pixels is None:
        pixels = np.asarray(_over_white(picture))
    if kind != "TIFF":  # Pillow turns a TIFF itself
        pixels = sixteen_bit.upright(pixels, _exif_orientation(picture))
    return np.ascontiguousarray(pixels)


def _over_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def _exif_orientation(picture: Image.Image) -> int:
    """Orientation tag of EXIF, 1 to 8; 1 where the metadata is missing or broken, as the pixels are good all the same."""
    try:
        value = picture.getexif().get(sixteen_bit.ORIENTATION, 1)
    except Exception:
        return 1
    return value if value in range(1, 9) else 1
