"""Stage: scenes and a game for a hall, full screen."""

from allcad_core.ui.stage import page


def draw() -> None:
    page.stage()


draw()
