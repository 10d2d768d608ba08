"""Confusion explorer: what a model said against what it was, at any threshold, down to the very pictures."""

from allcad_core.ui import theme
from allcad_core.ui.explorer import page


def draw() -> None:
    theme.through_the_door()
    page.explorer()


draw()
