"""Stage: scenes and a game for a hall, full screen."""

from allcad_core.ui import theme
from allcad_core.ui.stage import page


def draw() -> None:
    theme.through_the_door()
    page.stage()


draw()
