"""White cells by a learned network: nucleus and cytoplasm a pixel, touching cells split as in ``stain``."""

from __future__ import annotations

CROP_SIDE = 160
"""Crops of one cell are worked on at this length of their long side."""
FIELD_RED_CELL = 36.0
"""Fields are worked on at the size at which a red cell measures this many px."""
