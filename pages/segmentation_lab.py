"""Segmentation lab: from the photograph to measured cells, each step to be seen, moved and compared."""

from allcad_core.ui import bring, notes, state
from allcad_core.ui.lab import choice, page
from allcad_core.ui.lab.label_row import PAGE


def draw() -> None:
    choice.follow_address()
    notes.broken(state.failures())
    smear = state.current()
    if smear is None:
        with notes.empty():
            bring.sample_button(PAGE)
            bring.uploader("lab-upload", label_shown=False, page=PAGE)
        return
    choice.write_address(smear)
    page.lab(smear)


draw()
