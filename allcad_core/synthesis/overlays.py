"""What people draw into micrographs: glowing arrows at a cell, a scale bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from allcad_core.synthesis.camera import Pixels, Window
from allcad_core.synthesis.layout import Placed
from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.textures import Plane

BAR_UM = 10


@dataclass(frozen=True, eq=False)
class Drawing:
    """A picture laid over the photograph: ``colour`` uint8 (h, w, 3), ``cover`` float32 (h, w), its upper left corner."""

    x: int
    y: int
    colour: Pixels
    cover: Plane


def drawings(scene: Scene, size: tuple[int, int], white: Sequence[Placed], seed: int) -> tuple[Drawing, ...]:
    """All drawings of a smear."""
    rng = np.random.default_rng([seed, 7])
    room = scene.pixels(20)
    order = [white[int(index)] for index in rng.permutation(len(white))]
    order.sort(key=lambda cell: min(cell.x, size[0] - cell.x) < room)  # cells with room around them first
    found = [_arrow(cell, scene, size, rng) for cell in order[: scene.arrows]]
    if scene.scale_bar:
        found.append(_bar(scene, size))
    return tuple(found)


def paint(drawing: Drawing, picture: Pixels, window: Window) -> None:
    """Lay a drawing over the part of the smear in ``picture``, in place."""
    height, width = drawing.cover.shape
    x0, y0, x1, y1 = window
    left, right = max(drawing.x, x0), min(drawing.x + width, x1)
    top, bottom = max(drawing.y, y0), min(drawing.y + height, y1)
    if left >= right or top >= bottom:
        return
    rows, columns = slice(top - drawing.y, bottom - drawing.y), slice(left - drawing.x, right - drawing.x)
    cover = drawing.cover[rows, columns, None]
    below = picture[top - y0 : bottom - y0, left - x0 : right - x0]
    below[:] = np.rint(below * (1 - cover) + drawing.colour[rows, columns] * cover).astype(np.uint8)


def _arrow(cell: Placed, scene: Scene, size: tuple[int, int], rng: np.random.Generator) -> Drawing:
    """A glowing arrow that points at a cell from below, or from above near the lower edge."""
    length, half = round(scene.pixels(14)), round(scene.pixels(3.6))
    gap = round(scene.pixels(cell.radius_um + 2.5))
    glow = max(2.0, 0.35 * scene.magnification)
    margin = round(3 * glow)
    side, tall = 2 * (half + margin) + 1, length + 2 * margin
    middle = half + margin
    neck, shaft = margin + round(0.52 * length), round(0.36 * half)
    corners = [
        (middle, margin),
        (middle + half, neck),
        (middle + shaft, neck),
        (middle + shaft, margin + length),
        (middle - shaft, margin + length),
        (middle - shaft, neck),
        (middle - half, neck),
    ]
    shape = np.zeros((tall, side), np.uint8)
    cv2.fillPoly(shape, [np.array(corners, np.int32)], 255)
    inside = cv2.GaussianBlur(shape, (0, 0), glow).astype(np.float32) / 255
    core = np.clip((inside - 0.5) * 2.2, 0, 1)[..., None]
    colour = np.array([255, 96, 72], np.float32) * (1 - core) + np.array([255, 226, 130], np.float32) * core
    cover = np.clip(inside * 1.9, 0, 1) * np.float32(rng.uniform(0.85, 0.95))
    below = cell.y + gap + tall < size[1]
    if not below:
        colour, cover = colour[::-1], cover[::-1]
    top = cell.y + gap - margin if below else cell.y - gap - tall + margin
    return Drawing(cell.x - middle, top, colour.astype(np.uint8), np.asarray(cover, np.float32))


def _bar(scene: Scene, size: tuple[int, int]) -> Drawing:
    """A black bar of ten micrometres with its length above, at the lower right."""
    from PIL import Image, ImageDraw, ImageFont

    length, letters = round(scene.pixels(BAR_UM)), max(10, round(scene.pixels(2.6)))
    thick = max(2, round(scene.pixels(0.6)))
    font = ImageFont.load_default(letters)
    words = f"{BAR_UM / 1000:g} mm"
    wide = max(length, round(font.getlength(words))) + 4
    canvas = Image.new("L", (wide, 2 * letters + thick), 0)
    pen = ImageDraw.Draw(canvas)
    pen.text((wide / 2, letters), words, fill=255, font=font, anchor="mm")
    pen.rectangle(((wide - length) // 2, 2 * letters, (wide + length) // 2, 2 * letters + thick), fill=255)
    cover = np.asarray(np.asarray(canvas) / 255, np.float32)
    margin = max(8, round(0.02 * size[0]))
    colour = np.full((*cover.shape, 3), 12, np.uint8)
    return Drawing(size[0] - margin - wide, size[1] - margin - cover.shape[0], colour, cover)
