"""What every data set is read into: frozen records with lazy pixels, and where the data lie."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from allcad_core.errors import DataError
from allcad_core.results import Box

if TYPE_CHECKING:
    from allcad_core.images import SmearImage

Point = tuple[float, float]
"""x, y in pixels of the picture."""

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the number of the step and the number of steps."""

DATA_VARIABLE = "ALLCAD_DATA"
DEFAULT_DATA = Path("../shared/data")

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"})

_TURNED_ON_SIDE = range(5, 9)
"""EXIF orientations that swap width and height."""

_ORIENTATION_TAG = 0x0112


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """One box of an annotation: ``kind`` is the class name of its data set, ``box`` is in pixels of the picture."""

    kind: str
    box: Box


@dataclass(frozen=True, eq=False)
class CellMasks:
    """Expert masks of a crop, both bool (height, width). ``cell`` is nucleus and cytoplasm together."""

    nucleus: NDArray[np.bool_]
    cell: NDArray[np.bool_]


class Record(Protocol):
    """What splits need to know of a picture, be it a field or a crop."""

    @property
    def name(self) -> str:
        """Name within the data set, without the file's suffix."""

    @property
    def dataset(self) -> str:
        """Name of the data set."""

    @property
    def label(self) -> int | None:
        """1: leukaemia or blast, 0: healthy, None: unknown."""

    @property
    def kind(self) -> str | None:
        """Finer class in the words of the data set."""

    @property
    def group(self) -> str | None:
        """What shows the same cells shares one; None where nobody has looked."""


@dataclass(frozen=True)
class FieldRecord:
    """One smear field, with all that its data set says about it. Pixels are read when asked for.

    Attributes:
        name: file name without suffix, unique in the data set.
        path: the picture's file.
        dataset: name of the data set, such as ``ALL-IDB1``.
        label: 1 the patient has leukaemia, 0 not, None unknown.
        kind: finer class in the words of the data set, such as ``Pre`` of Aria.
        session: sitting at the microscope, where known.
        camera: camera model, where known.
        taken: time of the photograph as EXIF writes it, where known.
        group: fields that show the same cells share one; None where nobody has looked yet.
        blast_points: expert centroids of blasts, x, y in pixels.
        points_known: False where the data set has no centroid file for this field: no points then mean nothing.
        other_points: centroids of other things (healthy white cells, platelets, debris), x, y in pixels.
        boxes: boxes of cells that the data set brings.
        white_mask: file with the expert mask of whole white cells.
        red_mask: file with the expert mask of red cells.
        part: ``train``, ``val`` or ``test`` where the data set says so.
    """

    name: str
    path: Path
    dataset: str
    label: int | None = None
    kind: str | None = None
    session: str | None = None
    camera: str | None = None
    taken: str | None = None
    group: str | None = None
    blast_points: tuple[Point, ...] = ()
    points_known: bool = True
    other_points: tuple[Point, ...] = ()
    boxes: tuple[LabelledBox, ...] = ()
    white_mask: Path | None = None
    red_mask: Path | None = None
    part: str | None = None

    def read(self) -> SmearImage:
        """The picture. Raises ImageError where it cannot be read."""
        from allcad_core import images

        return images.read(self.path)

    def read_white_mask(self) -> NDArray[np.bool_]:
        """Expert mask of whole white cells, bool (height, width). Raises DataError where there is none."""
        return _binary(self.white_mask, self.name)

    def read_red_mask(self) -> NDArray[np.bool_]:
        """Expert mask of red cells, bool (height, width). Raises DataError where there is none."""
        return _binary(self.red_mask, self.name)


@dataclass(frozen=True)
class CropRecord:
    """One cut-out white cell. Pixels are read when asked for.

    Attributes:
        name: file name without suffix, unique in the data set.
        path: the picture's file.
        dataset: name of the data set, such as ``ALL-IDB2``.
        label: 1 blast, 0 healthy, None unknown.
        kind: finer class, such as ``lymphocyte``.
        group: crops of the same cell share one; None where the field says it, or nobody has looked.
        fields: names of the fields that hold the crop (a field may be there twice under two names).
        origin: x0, y0, x1, y1 of the crop in those fields, in pixels.
        mask: file with the expert mask.
        nucleus_colour, cytoplasm_colour: how the mask paints the two.
        boxes: boxes of cells in the crop that the data set brings.
    """

    name: str
    path: Path
    dataset: str
    label: int | None = None
    kind: str | None = None
    group: str | None = None
    fields: tuple[str, ...] = ()
    origin: tuple[int, int, int, int] | None = None
    mask: Path | None = None
    nucleus_colour: Colour = (255, 255, 255)
    cytoplasm_colour: Colour = (128, 128, 128)
    boxes: tuple[LabelledBox, ...] = ()

    def read(self) -> SmearImage:
        """The picture. Raises ImageError where it cannot be read."""
        from allcad_core import images

        return images.read(self.path)

    def read_masks(self) -> CellMasks:
        """Expert masks of nucleus and whole cell; neighbours may be drawn too. Raises DataError where there are none."""
        if self.mask is None:
            raise DataError(f"{self.dataset} has no mask for '{self.name}'.")
        with open_picture(self.mask) as picture:
            colours = np.asarray(picture.convert("RGB"))
        nucleus = (colours == np.array(self.nucleus_colour, np.uint8)).all(axis=2)
        cytoplasm = (colours == np.array(self.cytoplasm_colour, np.uint8)).all(axis=2)
        return CellMasks(nucleus, nucleus | cytoplasm)


def find_data(root: Path | None = None) -> Path:
    """The data folder: ``root``, else $ALLCAD_DATA, else ../shared/data. Raises DataError where it is no folder."""
    chosen = root or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)
    if not chosen.is_dir():
        raise DataError(f"There is no data folder at '{chosen}'. Name one, or set {DATA_VARIABLE}.")
    return chosen


def find_set(root: Path, *names: str) -> Path:
    """Folder of a data set: ``root`` itself or a folder in it, by any of its names. Raises DataError where missing."""
    if root.name in names and root.is_dir():
        return root
    for candidate in (*(root / name for name in names), *(root / "ALL_IDB" / name for name in names)):
        if candidate.is_dir():
            return candidate
    raise DataError(f"There is no {names[0]} in '{root}'. Expected a folder of that name.")


def pictures_in(folder: Path) -> list[Path]:
    """Picture files directly in ``folder``, by name. Raises DataError where the folder is missing."""
    if not folder.is_dir():
        raise DataError(f"There is no folder '{folder}', where pictures should be.")
    return sorted(path for path in folder.iterdir() if is_picture(path))


def pictures_below(folder: Path) -> list[Path]:
    """Picture files in ``folder`` and the folders below it, by path. Raises DataError where the folder is missing."""
    if not folder.is_dir():
        raise DataError(f"There is no folder '{folder}', where pictures should be.")
    return sorted(path for path in folder.rglob("*") if is_picture(path) and path.is_file())


def unique_names(root: Path, paths: Sequence[Path]) -> list[str]:
    """A name for each path below ``root``: file names without suffix where they differ, else paths without suffix."""
    stems = [path.stem for path in paths]
    if len(set(stems)) == len(stems):
        return stems
    longer = [path.relative_to(root).with_suffix("").as_posix() for path in paths]
    if len(set(longer)) == len(longer):
        return longer
    return [path.relative_to(root).as_posix() for path in paths]


def is_picture(path: Path) -> bool:
    """Whether the suffix says picture; hidden files do not count."""
    return path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")


def open_picture(path: Path) -> Image.Image:
    """Open a picture's header with Pillow. Raises DataError with the file's name."""
    try:
        return Image.open(path)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"'{path}' cannot be read as a picture.") from error


def size_of(path: Path) -> tuple[int, int]:
    """Width and height in pixels as a person sees the picture, from its header alone. Raises DataError."""
    with open_picture(path) as picture:
        width, height = picture.size
        turned = picture.getexif().get(_ORIENTATION_TAG) in _TURNED_ON_SIDE
    return (height, width) if turned else (width, height)


def grey_of(path: Path, scale: float = 1.0) -> NDArray[np.uint8]:
    """Grey picture, uint8 (height, width), upright; a small ``scale`` reads JPEG at a fraction of the work.

    Raises:
        DataError: the picture cannot be read.
    """
    with open_picture(path) as picture:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        try:
            picture.draft("L", (2 * size[0], 2 * size[1]))
            plain = picture.convert("L")
            small = plain if plain.size == size else plain.resize(size, Image.Resampling.BOX)
            return np.asarray(ImageOps.exif_transpose(small))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise DataError(f"'{path}' cannot be read as a picture.") from error


def read_text(path: Path) -> str:
    """A text file; a byte-order mark is dropped. Raises DataError with the file's name."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"'{path}' cannot be read as text.") from error


def read_rows(path: Path, columns: Collection[str], *, spaces: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file, each with the words that say where it stands; a cell that a short row lacks is ``None``.

    Args:
        path: of the file.
        columns: that it must have.
        spaces: spaces after a comma do not count.

    Raises:
        DataError: a column is missing, or it is no CSV file.
    """
    reader = csv.DictReader(read_lines(path), skipinitialspace=spaces)
    try:
        if missing := set(columns) - set(reader.fieldnames or ()):
            raise DataError(f"'{path}' lacks the columns {', '.join(sorted(missing))}.")
        for row in reader:
            yield f"'{path}', line {reader.line_num}", row
    except csv.Error as error:
        raise DataError(f"'{path}', line {reader.line_num}: no CSV ({error}).") from error


def read_lines(path: Path) -> list[str]:
    """Lines of a text file. Raises DataError with the file's name."""
    return read_text(path).splitlines()


def _binary(path: Path | None, name: str) -> NDArray[np.bool_]:
    if path is None:
        raise DataError(f"There is no such mask for '{name}'.")
    with open_picture(path) as picture:
        return np.asarray(picture.convert("L")) > 127
