"""Fields that show the same cells: found by matching keypoints."""

from __future__ import annotations

from collections.abc import Sequence

from allcad_core.datasets.base import FieldRecord


def overlapping_pairs(fields: Sequence[FieldRecord]) -> list[tuple[str, str]]:
    """Names of fields that show the same cells, pair by pair."""
    raise NotImplementedError
