"""The data of a training session, read when first needed, and where runs and results stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import torch

from allcad_core.datasets import allidb1, allidb2, aria, splits
from allcad_core.errors import DataError
from allcad_core.synthesis import trial
from allcad_core.training import aggregates, sources
from allcad_core.training.plan_types import Plan
from allcad_core.training.plans import plan
from allcad_core.training.truth import TrueField

UNSEEN = "unseen"
"""What the session folds' detectors say of pictures that no stage of their training has seen."""
LEFT_OUT = {"ALL-IDB1": 0, "ALL-IDB2": 0, "Aria": 1, "PBC": 2}
"""The fold of ``source`` that leaves a data set out."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, the part done and how many there are."""
Picture = tuple[str, str]
"""Data set and name."""


class Bench:
    """The data of a training session, read when first needed, and where runs and results stand."""

    def __init__(
        self,
        data: Path,
        runs: Path,
        results: Path,
        device: torch.device,
        tell: Tell,
        varied: Mapping[str, Plan] | None = None,
    ) -> None:
        self.data, self.runs, self.results, self.device, self.tell = data, runs, results, device, tell
        self._varied = varied or {}
        self._generated: list[TrueField] = []

    def plan(self, name: str) -> Plan:
        """The plan of a model, as varied for this session. Raises UnknownNameError."""
        return self._varied.get(name) or plan(name)

    @cached_property
    def main(self) -> list[TrueField]:
        """Fields of ALL-IDB1."""
        return sources.main_fields(self.data, self._reading, self.runs / "shelf")

    @cached_property
    def crops(self) -> list[TrueField]:
        """Crops of ALL-IDB2."""
        return sources.crop_pictures(self.data, self._reading, self.runs / "shelf")

    @cached_property
    def further(self) -> list[TrueField]:
        """Pictures of the other sets."""
        return sources.further_fields(self.data, self._reading, self.runs / "shelf")

    def pictures(self, names: Collection[str]) -> list[TrueField]:
        """Pictures of the named data sets; no other set is read."""
        found = [*self.crops] if sources.CROPS in names else []
        found += self.main if sources.MAIN in names else []
        if not set(names).isdisjoint(sources.FURTHER):
            found += [field for field in self.further if field.dataset in names]
        return found

    def _reading(self, name: str, done: int, count: int) -> None:
        self.tell(f"Reading {name}", done, count)

    def generated(self, count: int) -> list[TrueField]:
        """So many generated fields, made once."""
        if len(self._generated) != count:
            self._generated = sources.generated_fields(
                count, lambda name, done, of: self.tell(f"Making {name}", done, of)
            )
        return self._generated

    def folds(self, protocol: str) -> dict[str, int]:
        """Fold of each field by name: ALL-IDB1 by the protocol; in ``field``, blocks of the other sets too."""
        found = splits.folds(protocol, allidb1.fields(self.data))
        if protocol == "field":
            for _, blocks in self._blocks():
                found |= blocks
        return found

    def _blocks(self) -> list[tuple[str, dict[str, int]]]:
        """The further sets that are at hand, with the block of each of their pictures."""
        listed = [(name, sources.records(self.data, name)) for name in sources.FURTHER]
        return [(name, splits.blocks(records)) for name, records in listed if records]

    def cell_folds(self, protocol: str) -> dict[Picture, int]:
        """Fold of each picture that shows cells to judge; what is not named is trained on in every fold.

        The papers' random splits draw the crops themselves. There, the fields that the crops were cut from take no part,
        or the very cells of a fold would be in its training.
        """
        fields = allidb1.fields(self.data)
        try:
            crops = allidb2.crops(self.data)
        except DataError:
            crops = ()
        if protocol == "source":
            known = [*fields, *crops, *(one for name in sources.FURTHER for one in sources.records(self.data, name))]
            return {(one.dataset, one.name): LEFT_OUT[one.dataset] for one in known if one.dataset in LEFT_OUT}
        found = {(sources.CROPS, name): fold for name, fold in splits.crop_folds(protocol, crops, fields).items()}
        if protocol.startswith("random"):
            return found
        found |= {(sources.MAIN, name): fold for name, fold in splits.folds(protocol, fields).items()}
        if protocol == "field":
            found |= {(name, picture): fold for name, blocks in self._blocks() for picture, fold in blocks.items()}
        return found

    def numbers(self, name: str, protocol: str) -> Sequence[int]:
        """The folds that a model has under a protocol."""
        if protocol == trial.PROTOCOL:
            return (0,)
        made = self.plan(name)
        if aggregates.listens(made) and protocol == "source":
            return (LEFT_OUT[sources.MAIN], LEFT_OUT[aria.NAME])
        if made.task == "detect" and protocol == UNSEEN:
            protocol = "session"
        folds = self.cell_folds(protocol) if made.task == "cell" else self.folds(protocol)
        return sorted(set(folds.values()) - {splits.TRAIN_ONLY})
