"""Confusion explorer: what a model said against what it was, at any threshold, down to the very pictures."""

from allcad_core.ui.explorer import page


def draw() -> None:
    page.explorer()


draw()
