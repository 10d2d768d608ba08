"""Generated smears: photographs whose every cell is known, deterministic by seed."""

from __future__ import annotations

from allcad_core.synthesis.fields import GeneratedField, generate
from allcad_core.synthesis.scene import STAINS, Kind, Scene, SceneError, Stain, draw_scene
from allcad_core.synthesis.slides import write_slide
from allcad_core.synthesis.smear import GeneratedCell, Smear
from allcad_core.synthesis.writing import write

__all__ = [
    "STAINS",
    "GeneratedCell",
    "GeneratedField",
    "Kind",
    "Scene",
    "SceneError",
    "Smear",
    "Stain",
    "draw_scene",
    "generate",
    "write",
    "write_slide",
]
