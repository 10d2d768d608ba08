"""Batch: many photographs in one run, begun, watched and opened here."""

from allcad_core.ui.batch import page


def draw() -> None:
    page.batch()


draw()
