"""Table 1 of the papers beside ours: on the papers' split, on splits that do not leak, and by the shortcut alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from allcad_core.errors import UnknownNameError
from allcad_core.evaluation.classifiers import HEADLINES, Report, report
from allcad_core.evaluation.judged import names_of, stored_name
from allcad_core.evaluation.metrics import NOTHING, Estimate
from allcad_core.evaluation.published import NOTES, TABLE_1, Published
from allcad_core.intervals import EN_DASH
from allcad_core.predictions import RESULTS

OURS: tuple[tuple[str, str, str], ...] = (
    ("best_field", "Best of ours", "field"),
    ("best_cell", "Best of ours", "cell"),
    ("tree", "Decision tree on hand measures", "cell"),
    ("knn", "k-nearest neighbours on hand measures", "cell"),
    ("svm", "SVM on hand measures", "cell"),
    ("forest", "Random forest on hand measures", "cell"),
    ("resrandsvm", "ResRandSVM", "cell"),
)
"""Name, title and task of what stands below the papers' models: ours, and the baselines of the literature."""
PAPERS_SPLIT = "random4"
LEGEND = (
    "Accuracy with its 95 % Wilson interval; under `session` balanced accuracy, the mean over folds, with a bootstrap "
    "interval that draws whole fields. The paper's split is `random4` for Zaiter & Zwiggelaar and `chen17` for Chen et "
    "al.; it leaks, see below. There the answer is the likelier class, elsewhere the threshold is chosen on the other "
    "folds. *Shortcut*: accuracy of the same networks with every white cell painted over as ground, on the paper's split "
    "unless another one is named. *Not trained yet*: the predictions are still missing. *Left out*: no run of it is planned."
)
UNTRAINED, LEFT_OUT = "not trained yet", "left out"
OBJECTS = {"field": "fields, ALL-IDB1", "cell": "crops, ALL-IDB2"}


@dataclass(frozen=True)
class Line:
    """One line of the table; ``None`` where nothing is stored.

    Attributes:
        model: name of ours.
        title: what it is.
        task: ``cell`` or ``field``.
        published: the paper's figure, where it has one.
        on_papers_split: ours on the paper's split, answered at 0.5.
        by_field: on folds in which no field stands on both sides, threshold out of fold.
        by_session: on whole sittings left out, threshold out of fold.
        planned: protocols under which it is to be run; ``None`` where that is not known.
    """

    model: str
    title: str
    task: str
    published: Published | None
    on_papers_split: Report | None
    by_field: Report | None
    by_session: Report | None
    planned: frozenset[str] | None = None

    @property
    def papers_split(self) -> str:
        """The protocol that is nearest to the paper's split."""
        return self.published.protocol if self.published else PAPERS_SPLIT

    @property
    def papers_accuracy(self) -> Estimate:
        """Accuracy on the paper's split at 0.5."""
        return self.on_papers_split.at_half.overall.measures.accuracy if self.on_papers_split else NOTHING

    @property
    def field_accuracy(self) -> Estimate:
        """Accuracy on the folds of fields."""
        return self.by_field.headline.accuracy if self.by_field else NOTHING

    @property
    def session_balanced(self) -> Estimate:
        """Balanced accuracy on the folds of sittings, mean over folds."""
        return self.by_session.headline.balanced_accuracy if self.by_session else NOTHING

    @property
    def shortcut(self) -> tuple[str, Estimate] | None:
        """Accuracy with every white cell painted over, and the protocol: the paper's split, else the first that is stored."""
        for found in (self.on_papers_split, self.by_field, self.by_session):
            if found is not None and found.shortcut is not None:
                return found.protocol, found.shortcut.at_half.overall.measures.accuracy
        return None


def lines(
    data: Path | None = None, results: Path = RESULTS, planned: Mapping[tuple[str, str], Collection[str]] | None = None
) -> list[Line]:
    """The table from what is stored, the papers' models first.

    Args:
        data: the data folder, for pictures that are not listed beside the results.
        results: folder of the results.
        planned: protocols under which a model (name, task) is to be run, to tell what is missing from what is left out.
    """
    named = [(one.model, one.title, one.task) for one in TABLE_1] + list(OURS)
    published = [*TABLE_1, *(None,) * len(OURS)]
    return [_line(each, one, data, results, planned or {}) for each, one in zip(named, published, strict=True)]


def _line(
    named: tuple[str, str, str],
    published: Published | None,
    data: Path | None,
    results: Path,
    planned: Mapping[tuple[str, str], Collection[str]],
) -> Line:
    model, title, task = named
    papers_split = published.protocol if published else PAPERS_SPLIT
    split, field, session = (
        _stored(model, task, protocol, data, results) for protocol in (papers_split, "field", "session")
    )
    wanted = next((planned[name, task] for name in names_of(model, task) if (name, task) in planned), None)
    return Line(model, title, task, published, split, field, session, None if wanted is None else frozenset(wanted))


def _stored(model: str, task: str, protocol: str, data: Path | None, results: Path) -> Report | None:
    name = stored_name(model, task, protocol, results)
    if name is None:
        return None
    try:
        return report(name, task, protocol, data, results, dataset=HEADLINES[task][0])
    except UnknownNameError:  # judged on other sets only
        return None


def markdown(found: Sequence[Line]) -> str:
    """The table with what has to be read beside it."""
    titles = ("Model", "Judges", "Paper", "Ours, paper's split", "Ours, `field`", "Ours, `session`", "Shortcut")
    rows = [
        (
            f"{line.title} (`{line.model}`)",
            OBJECTS[line.task],
            f"{100 * line.published.accuracy:.4g} %" if line.published else EN_DASH,
            _cell(line.papers_accuracy, line.on_papers_split, line, line.papers_split),
            _cell(line.field_accuracy, line.by_field, line, "field"),
            _cell(line.session_balanced, line.by_session, line, "session"),
            _shortcut(line),
        )
        for line in found
    ]
    table = [titles, ("---",) * len(titles), *rows]
    sources = dict.fromkeys(line.published.source for line in found if line.published)
    return "\n".join(
        [
            "# Table 1: classifiers",
            "",
            *("| " + " | ".join(row) + " |" for row in table),
            "",
            LEGEND,
            "",
            *(line for note in (*_subsets(found), *_gaps(found), *NOTES) for line in (note, "")),
            "Sources of the papers' figures: " + "; ".join(sources) + ".",
            "",
        ]
    )


def _cell(estimate: Estimate, report: Report | None, line: Line, protocol: str) -> str:
    if report is None:
        return LEFT_OUT if line.planned is not None and protocol not in line.planned else UNTRAINED
    return f"{estimate} *" if report.missing_folds else str(estimate)


def _shortcut(line: Line) -> str:
    if line.task != "field":
        return ""
    if line.shortcut is None:
        return UNTRAINED
    protocol, accuracy = line.shortcut
    return str(accuracy) if protocol == line.papers_split else f"{accuracy}, `{protocol}`"


def _subsets(found: Sequence[Line]) -> list[str]:
    """What ``chen17`` scores on all of its fields and on those without overlap."""
    notes = []
    for line in found:
        parts = line.on_papers_split.at_half.by_subset if line.on_papers_split else {}
        told = [f"{figures.measures.accuracy} on {name}" for name, figures in parts.items()]
        if told:
            notes.append(f"`{line.model}` under `chen17`: {', '.join(told)}.")
    return notes


def _gaps(found: Sequence[Line]) -> list[str]:
    """A sentence where a figure rests on part of the folds."""
    reports = [report for line in found for report in (line.on_papers_split, line.by_field, line.by_session)]
    missing = [f"{report.model} {report.protocol}" for report in reports if report and report.missing_folds]
    return [f"\\* over part of the folds, the others are still to be trained: {', '.join(missing)}."] if missing else []
