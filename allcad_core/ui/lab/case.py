"""One smear on the bench: the photograph, its true mask where it is known, what is compared with it, and the scale."""

from __future__ import annotations

from dataclasses import dataclass

from allcad_core.evaluation.one_smear import Agreement, agreement
from allcad_core.ui import state
from allcad_core.ui.lab.truth import Truth
from allcad_core.ui.lab.work import Found, Part
from allcad_core.ui.state import Smear


@dataclass(frozen=True, eq=False)
class Case:
    """What every part of the lab needs to know.

    Attributes:
        smear: the photograph.
        truth: its true mask; ``None`` where nobody knows it.
        part: nuclei or whole cells: which masks are compared.
        micrometres: of a pixel; ``None`` where nothing gives a scale.
    """

    smear: Smear
    truth: Truth | None
    part: Part
    micrometres: float | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.smear.image.width, self.smear.image.height

    def score(self, found: Found, part: Part | None = None) -> Agreement | None:
        """The agreement of a result with the truth in ``part``, else in the part that is compared."""
        if self.truth is None:
            return None
        truth, compared = self.truth, part or self.part
        key = ("lab", self.smear.key, "score", found.method, found.threshold, truth.name, compared)
        return state.remember(key, lambda: agreement(found.mask(compared), truth.mask(compared)))

    def difference(self, first: Found, second: Found) -> Agreement:
        """The agreement of two results with each other."""
        key = ("lab", self.smear.key, "pair", first.method, second.method, self.part)
        return state.remember(key, lambda: agreement(first.mask(self.part), second.mask(self.part)))
