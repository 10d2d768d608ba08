"""Slide: a whole slide to move over, with cells boxed as they come into view."""

from allcad_core.ui.slide import page

page.draw()
