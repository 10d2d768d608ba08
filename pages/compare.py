"""Compare models: which one to trust, and where they differ on one smear."""

from allcad_core.ui import notes, state, theme
from allcad_core.ui.compare import page


def draw() -> None:
    theme.through_the_door()
    notes.broken(state.failures())
    page.compare()


draw()
