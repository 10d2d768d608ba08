"""The true mask of a smear: known for generated samples, brought by the visitor for a photograph of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import cv2
import numpy as np
import streamlit as st

from allcad_core import images
from allcad_core.errors import DataError
from allcad_core.images import SmearImage
from allcad_core.ui.lab.work import CYTOPLASM, NUCLEUS, OUTSIDE, Mask, Part, Plane, mask_of
from allcad_core.ui.state import Smear

Marks = Literal["nuclei", "cells"]

GREYS = {0: OUTSIDE, 128: CYTOPLASM, 255: NUCLEUS}
"""Grey levels of a mask: what they mean where it holds all three."""
EXPERT = {(255, 255, 255): OUTSIDE, (0, 0, 255): CYTOPLASM, (0, 255, 255): NUCLEUS}
"""Colours of the expert masks of ALL-IDB2."""
NEAR = 40
"""Values this close to one of the above are taken for it: JPEG blurs masks."""
MOST_OTHER = 0.03
"""Share of pixels that may be none of them."""


@dataclass(frozen=True, eq=False)
class Truth:
    """A true mask.

    Attributes:
        plane: uint8 (height, width), ``OUTSIDE``, ``CYTOPLASM`` or ``NUCLEUS``.
        parts: which masks it gives.
        cells: how many white cells it shows.
        name: of the file; empty for a generated smear.
    """

    plane: Plane
    parts: tuple[Part, ...]
    cells: int
    name: str = ""

    def mask(self, part: Part) -> Mask:
        """The mask of nuclei or of whole cells, bool (height, width)."""
        return mask_of(self.plane, part)


def of(smear: Smear) -> Truth | None:
    """The true mask of a smear, where there is one; a visitor's own comes first."""
    own = _own().get(smear.key)
    if own is not None or smear.sample is None:
        return own
    return _of_sample(smear.sample, (smear.image.height, smear.image.width))


def bring(smear: Smear, name: str, content: bytes, marks: Marks = "nuclei") -> None:
    """Take a visitor's mask for this smear.

    Raises:
        ImageError: the file is no picture.
        DataError: it is no mask, or of another size.
    """
    _own()[smear.key] = from_picture(images.read(content, name), (smear.image.height, smear.image.width), marks)


def forget(smear: Smear) -> None:
    """Drop the visitor's mask."""
    _own().pop(smear.key, None)


def _own() -> dict[str, Truth]:
    return cast("dict[str, Truth]", st.session_state.setdefault("lab-truth", {}))


@st.cache_resource(show_spinner=False)
def _of_sample(name: str, shape: tuple[int, int]) -> Truth | None:
    """Masks of a sample, laid out again from its seed; ``None`` for a picture that the gallery does not make."""
    from allcad_core.synthesis.fields import lay
    from allcad_core.synthesis.gallery import SAMPLES, SIZE

    sample = next((one for one in SAMPLES if one.name == name), None)
    if sample is None or SIZE[::-1] != shape:
        return None
    nuclei, bodies = lay(sample.seed, SIZE, sample.scene).masks((0, 0, *SIZE))
    plane = np.where(nuclei > 0, NUCLEUS, np.where(bodies > 0, CYTOPLASM, OUTSIDE)).astype(np.uint8)
    return Truth(plane, ("nucleus", "cell"), int(np.unique(bodies[bodies > 0]).size))


def from_picture(picture: SmearImage, shape: tuple[int, int], marks: Marks = "nuclei") -> Truth:
    """Read a mask from a picture of it.

    Known are black and white (white is what ``marks`` says), black, grey and white (cytoplasm grey, nucleus white), and
    the colours of ALL-IDB2's experts. Where no value passes 63, everything above 0 is inside.

    Args:
        picture: the mask.
        shape: height and width of the smear.
        marks: what white means where there is no grey.

    Raises:
        DataError: it is no mask, of another size, or empty.
    """
    name = images.base_name(picture.name)
    if (picture.height, picture.width) != shape:
        raise DataError(
            f"{name} measures {picture.width} \u00d7 {picture.height} px, the smear {shape[1]} \u00d7 {shape[0]} px. "
            "Bring a mask of the smear's own size."
        )
    plane = _plane(picture.pixels)
    if plane is None:
        raise DataError(
            f"{name} is not a mask. Save it in black and white, or with cytoplasm grey (128) and nucleus white (255)."
        )
    if not plane.any():
        raise DataError(f"{name} is empty: it marks no cell. Save it with nuclei or cells in white.")
    if (plane == CYTOPLASM).any():
        parts: tuple[Part, ...] = ("nucleus", "cell") if (plane == NUCLEUS).any() else ("cell",)
    else:
        parts = ("nucleus",) if marks == "nuclei" else ("cell",)
    return Truth(plane, parts, cv2.connectedComponents((plane > 0).view(np.uint8))[0] - 1, name)


def _plane(pixels: Plane) -> Plane | None:
    if pixels.max() < 64 and np.ptp(pixels, axis=2).max() == 0:
        return np.where(pixels[..., 0] > 0, NUCLEUS, OUTSIDE).astype(np.uint8)
    coloured = float((np.ptp(pixels, axis=2) > NEAR).mean()) > 1e-4
    known = EXPERT if coloured else {(grey,) * 3: code for grey, code in GREYS.items()}
    plane = np.full(pixels.shape[:2], 255, np.uint8)
    for colour, code in known.items():
        near = cv2.inRange(pixels, *(np.clip(np.array(colour) + side, 0, 255) for side in (-NEAR, NEAR)))
        plane[near > 0] = code
    other = plane == 255
    if other.mean() > MOST_OTHER:
        return None
    plane[other] = OUTSIDE
    return plane
