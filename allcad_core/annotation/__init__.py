"""Boxes of every white cell of ALL-IDB1: proposed by machine, looked at and corrected by hand, rebuilt by one command."""

from allcad_core.annotation.proposals import FieldProposals, Loose, Proposal

__all__ = ["FieldProposals", "Loose", "Proposal"]
