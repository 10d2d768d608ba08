"""Live camera: boxes over the moving picture, and a frozen frame for Analyse smear."""

from allcad_core.ui.live import page


def draw() -> None:
    page.live()


draw()
