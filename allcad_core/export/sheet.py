"""The paper of a report: A4 pages with allcad's type, colours and notice; what stands on them is not decided here."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from numpy.typing import NDArray
from PIL import Image

from allcad_core.export.footer import NOTICE
from allcad_core.export.marks import AMBER, HAIRLINE, INK, MUTED

FONT = "DejaVu"
FONT_FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
MARGIN, LINE = 15.0, 5.0
"""Millimetres: of the page on every side, and from line to line."""
BODY, SMALL, HEAD, TITLE = 9.5, 8.0, 12.0, 17.0
"""Points."""
JPEG_QUALITY = 90


class Sheet(FPDF):
    """Pages that are written from top to bottom; fonts are embedded, nothing is fetched."""

    def __init__(self, title: str, version: str) -> None:
        super().__init__(format="A4")
        self.version = version
        for style, file in FONT_FILES.items():
            self.add_font(FONT, style, str(_fonts() / file))
        self.set_title(title)
        self.set_creator(f"allcad {version}")
        self.set_lang("en-GB")
        self.set_margin(MARGIN)
        self.c_margin = 0  # text begins where pictures and lines do
        self.set_auto_page_break(True, MARGIN + 6)
        self.alias_nb_pages()
        self.add_page()

    def footer(self) -> None:
        """The notice and the page's number, on every page."""
        self.set_y(-MARGIN)
        self._write_as(SMALL, MUTED)
        self.cell(0, LINE, f"{NOTICE} allcad {self.version}")
        self.cell(0, LINE, f"Page {self.page_no()} of {{nb}}", align="R")

    def heading(self, text: str, room: float = 6 * LINE) -> None:
        """A part begins, on a new page where less than ``room`` millimetres are left."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(3)
        self._write_as(HEAD, INK, "B")
        self._lines(text, 1.3 * LINE)
        self.ln(0.5)

    def title_line(self, text: str) -> None:
        """The answer, large."""
        self._write_as(TITLE, INK, "B")
        self._lines(text, 1.6 * LINE)

    def paragraph(self, text: str, *, quiet: bool = False, bold: bool = False) -> None:
        """Text that breaks where it must."""
        self._write_as(SMALL if quiet else BODY, MUTED if quiet else INK, "B" if bold else "")
        self._lines(text, LINE)

    def noted(self, text: str) -> None:
        """A paragraph behind an amber edge: something to be kept in mind."""
        top, page = self.get_y(), self.page_no()
        self.set_x(MARGIN + 4)
        self._write_as(BODY, INK)
        self.multi_cell(0, LINE, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        start = top if self.page_no() == page else MARGIN
        with self.local_context(fill_color=AMBER):
            self.rect(MARGIN, start, 1.2, self.get_y() - start, style="F")
        self.ln(1)

    def rows(self, titles: Sequence[str], body: Iterable[Sequence[str]], widths: Sequence[int], right: int = 0) -> None:
        """A table; ``widths`` are parts of the page's width, the first ``right`` columns after the first are numbers."""
        self._write_as(SMALL + 0.5, INK)
        self.set_draw_color(*HAIRLINE)
        align = ["LEFT", *["RIGHT"] * right, *["LEFT"] * (len(titles) - 1 - right)]
        with self.table(
            [titles, *body],
            col_widths=tuple(widths),
            text_align=tuple(align),
            borders_layout="HORIZONTAL_LINES",
            line_height=LINE,
            width=self.epw,
            align="LEFT",
        ):
            pass
        self.set_x(MARGIN)

    def picture(self, pixels: NDArray[np.uint8], tallest: float, alt: str) -> None:
        """A picture as wide as the page, or as high as ``tallest`` millimetres allow."""
        height, width = pixels.shape[:2]
        wide = min(self.epw, tallest * width / height)
        self.image(jpeg(pixels), x=MARGIN + (self.epw - wide) / 2, w=wide, alt_text=alt)
        self.ln(2)

    def tiles(self, pictures: Sequence[tuple[NDArray[np.uint8], str]], columns: int) -> None:
        """Square pictures in rows, each with its caption below."""
        gap = 3.0
        side = (self.epw - (columns - 1) * gap) / columns
        for start in range(0, len(pictures), columns):
            if self.will_page_break(side + 2 * LINE):
                self.add_page()
            top = self.get_y()
            for place, (pixels, caption) in enumerate(pictures[start : start + columns]):
                left = MARGIN + place * (side + gap)
                self.image(jpeg(pixels), x=left, y=top, w=side, h=side, alt_text=caption)
                self.set_xy(left, top + side + 0.5)
                self._write_as(SMALL, INK)
                self.cell(side, LINE, caption, align="C")
            self.set_xy(MARGIN, top + side + LINE + 2)

    def _write_as(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(FONT, style, size)
        self.set_text_color(*colour)

    def _lines(self, text: str, height: float) -> None:
        self.set_x(MARGIN)
        self.multi_cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")


def jpeg(pixels: NDArray[np.uint8]) -> io.BytesIO:
    """A picture as it goes into the file, without coarser colours: they would blur thin lines."""
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "JPEG", quality=JPEG_QUALITY, subsampling="4:4:4")
    memory.seek(0)
    return memory


def _fonts() -> Path:
    """Matplotlib's folder of fonts, found without importing it: DejaVu has every letter and glyph of allcad."""
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
