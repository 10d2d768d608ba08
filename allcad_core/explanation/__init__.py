"""Why a network gave its answer: maps of what spoke for it, on the crop or field that it saw."""

from allcad_core.explanation.maps import Explainable, contributions, explain, heat, share_inside
from allcad_core.explanation.overlays import overlay

__all__ = ["Explainable", "contributions", "explain", "heat", "overlay", "share_inside"]
