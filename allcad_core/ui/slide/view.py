"""The slide viewer as a component: the pyramid with its boxes, the figures, the map of where the visitor has been."""

from __future__ import annotations

from allcad_core.quality import RED_CELL_UM
from allcad_core.slides.base import TILE
from allcad_core.ui import media
from allcad_core.ui.components import component
from allcad_core.ui.slide import routes
from allcad_core.ui.slide.visits import Visit
from allcad_core.ui.viewer import LIBRARY

_mount = component("slide", "slide/boxes.js", "slide/map.js")


def slide_view(visit: Visit, *, key: str = "slide") -> None:
    """Show a visitor's slide. All that moves goes between the browser and ``routes``; the page does not run again."""
    slide = visit.slide
    um = slide.um_per_px or RED_CELL_UM / visit.looker.red_cell_px
    _mount(
        key=key,
        data={
            "library": media.address(LIBRARY, "text/javascript", "viewer.library"),
            "address": f"{routes.prefix()}/{visit.token}",
            "name": slide.name,
            "width": slide.width,
            "height": slide.height,
            "tile": TILE,
            "um": um,
        },
    )
