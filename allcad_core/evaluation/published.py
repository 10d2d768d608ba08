"""Accuracies that the two papers print, and what is known of how they came about. The only typed-in figures here."""

from __future__ import annotations

from dataclasses import dataclass

ZAITER = "Zaiter & Zwiggelaar, Acute Lymphocytic Leukemia Detection Using Deep Learning Methods, Table 1"
CHEN = (
    "Chen, Liao, Shalaginov & Zeng, Real-time Detection of Acute Lymphoblastic Leukemia Cells Using Deep Learning, "
    "whole-image CNN"
)


@dataclass(frozen=True, slots=True)
class Published:
    """One accuracy of a paper.

    Attributes:
        model: name of our model of the same architecture.
        title: the paper's name of it.
        task: ``cell`` for crops of ALL-IDB2, ``field`` for fields of ALL-IDB1.
        accuracy: as printed, 0..1.
        protocol: our protocol that is nearest to the paper's split.
        source: paper and place.
    """

    model: str
    title: str
    task: str
    accuracy: float
    protocol: str
    source: str


TABLE_1: tuple[Published, ...] = (
    Published("resnet50", "ResNet50", "field", 0.96, "random4", ZAITER),
    Published("regnet", "RegNet", "field", 0.97, "random4", ZAITER),
    Published("lightweight", "Proposed CNN", "field", 0.99, "random4", ZAITER),
    Published("whole_image", "Whole-image CNN", "field", 0.9922, "chen17", CHEN),
    Published("resnet50", "ResNet50", "cell", 0.98, "random4", ZAITER),
    Published("regnet", "RegNet", "cell", 0.98, "random4", ZAITER),
    Published("lightweight", "Proposed CNN", "cell", 0.98, "random4", ZAITER),
)
"""In the order of the table: fields, then crops."""

_SPLITS = (
    "Zaiter & Zwiggelaar name five folds in the abstract and four in the method; four are taken here. They draw crops and "
    "fields at random. Crops of ALL-IDB2 are cut from fields of ALL-IDB1, up to 13 from one field, and some fields overlap, "
    "so that a random split shows a model cells in training that it is then tested on."
)
_NOTEBOOKS = (
    "Chen et al. print 99.22 % for the whole-image CNN. Their notebooks show that this is 128 of 129: 16 test fields turned "
    "by multiples of 45 degrees make 128 pictures, and one picture of a patient was copied into the folder of healthy ones. "
    "The saved log of the training finds all 108 files in the training folder, so the test fields may have been trained on. "
    "Ours is trained without the 17 test fields that their notebooks name, and judges each of them once."
)
NOTES = (_SPLITS, _NOTEBOOKS)
"""What has to be read beside the papers' figures."""
