"""Compare models: which one to trust, and where they differ on one smear."""

from allcad_core.ui import notes, state
from allcad_core.ui.compare import page


def draw() -> None:
    notes.broken(state.failures())
    page.compare()


draw()
