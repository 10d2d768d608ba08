"""Batch: many photographs in one run, begun, watched and opened here."""

from allcad_core.ui import theme
from allcad_core.ui.batch import page


def draw() -> None:
    theme.through_the_door()
    page.batch()


draw()
