"""``allcad evaluate``: figures from stored out-of-fold predictions, one module a subject."""

from __future__ import annotations

import argparse

from allcad_core.cli import Command, add_below, run_below

SUBJECTS = (
    Command("cell", "classifiers of single cells", "allcad_core.cli.evaluate_classifiers"),
    Command("field", "classifiers of whole fields, and the shortcut test", "allcad_core.cli.evaluate_classifiers"),
    Command("compare", "two classifiers on the same pictures", "allcad_core.cli.evaluate_compare"),
    Command("detect", "boxes of a recipe against expert centroids, or your own boxes", "allcad_core.cli.evaluate_detect"),
    Command("suggestion", "how often each suggestion is given, by truth", "allcad_core.cli.evaluate_suggestion"),
    Command("segmentation", "masks of each method against those of experts", "allcad_core.cli.evaluate_segmentation"),
    Command("quality", "how often the checks of a photograph warn, set by set", "allcad_core.cli.evaluate_quality"),
    Command("generator", "generated cells found, and what generated fields add to training",
            "allcad_core.cli.evaluate_generator"),
)  # fmt: skip
"""What can be evaluated; each module has ``configure`` and ``run``, and imports what is heavy inside functions."""

EPILOG = """\
examples:
  allcad evaluate cell all --protocol session             one table of all classifiers of cells
  allcad evaluate field lightweight --protocol random4    one classifier: figures, sittings, errors
  allcad evaluate cell lightweight --set Aria --out DIR   on another set; tables and curves into a folder
  allcad evaluate cell all --data mine.zip                the shipped models on labelled pictures of your own
  allcad evaluate compare svm forest --protocol field     paired: which is right more often
  allcad evaluate detect regions --protocol field         centroids found, false blasts, by sitting
  allcad evaluate detect yolo11n --protocol session --json
  allcad evaluate detect all --data mine.zip              every model of analyse on fields of your own with boxes
  allcad evaluate suggestion regions --protocol field     how often each suggestion is given, by truth
  allcad evaluate segmentation --stored                   Dice and IoU of each method, without photographs
  allcad evaluate quality --data DIR                      false alarms of the quality checks, set by set
  allcad evaluate generator                               generated cells found; what they add to training

Every picture was held out of the training of what judged it. Intervals: 95 %, Wilson for shares, else bootstrap by field.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The subjects below ``evaluate``."""
    parser.epilog = EPILOG
    add_below(parser, SUBJECTS, "subject")


def run(arguments: argparse.Namespace) -> int:
    """Hand over to the subject."""
    return run_below(arguments)
