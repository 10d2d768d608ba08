"""Whole slides: opened as pyramids, looked at window by window, what was seen kept by tile."""

from allcad_core.slides.base import Slide, SlideError, Window
from allcad_core.slides.generated import generated_slide
from allcad_core.slides.looking import Looker, looks
from allcad_core.slides.opening import open_slide
from allcad_core.slides.scan import scan_slide
from allcad_core.slides.seen import Seen

__all__ = ["Looker", "Seen", "Slide", "SlideError", "Window", "generated_slide", "looks", "open_slide", "scan_slide"]
