"""The steps of a segmentation as cards to choose from: a small picture, a title and a few words each."""

from __future__ import annotations

from collections.abc import Sequence

from allcad_core.ui import media
from allcad_core.ui.components import component
from allcad_core.ui.lab.told import Stage

_mount = component("stages", "lab/bus.js")


def stages(steps: Sequence[Stage], sprite: media.Sprite, *, key: str) -> None:
    """Show the cards; the choice is told to the viewer in the browser.

    Args:
        steps: in their order.
        sprite: a picture for each, in the same order.
        key: name of the row on its page.
    """
    _mount(
        key=key,
        data={
            "sprite": media.address(sprite.jpeg, "image/jpeg", f"{key}.sprite"),
            "count": len(steps),
            "columns": sprite.columns,
            "rows": sprite.rows,
            "cards": [{"name": step.name, "title": step.title, "short": step.short} for step in steps],
        },
    )
