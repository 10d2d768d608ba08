"""Agreement of two passes, by hand on a few boxes."""

import json

import pytest

from allcad_core.annotation.agreement import agreement, kappa, read_pass
from allcad_core.cli import DONE, FAILED, main
from allcad_core.datasets.boxes import CellBox
from allcad_core.errors import DataError


def cells(*entries):
    """Boxes of 40 px at (x, 0), by class."""
    return tuple(CellBox(kind, (x, 0, x + 40, 40), "hand") for kind, x in entries)


def test_two_equal_passes_agree():
    one = {"Im001": cells(("blast", 0), ("healthy", 100), ("ignore", 200)), "Im034": ()}
    found = agreement(one, one)

    assert (found.fields, found.pairs, found.kappa, found.kappa_counted, found.overlap) == (2, 3, 1.0, 1.0, 1.0)
    assert found.differences == ()
    assert [(each.kind, each.specific) for each in found.classes] == [("blast", 1), ("healthy", 1), ("ignore", 1)]


def test_what_each_pass_found_is_counted_by_class():
    first = {"Im001": cells(("blast", 0), ("blast", 100), ("healthy", 200), ("ignore", 300))}
    second = {"Im001": cells(("blast", 0), ("healthy", 108), ("healthy", 200), ("healthy", 500))}
    found = agreement(first, second)
    blast, healthy, ignore = found.classes

    assert (blast.first, blast.first_found, blast.second, blast.second_found, blast.same) == (2, 2, 1, 1, 1)
    assert (healthy.first, healthy.first_found, healthy.second, healthy.second_found, healthy.same) == (1, 1, 3, 2, 1)
    assert (ignore.first, ignore.first_found, ignore.second, ignore.specific) == (1, 0, 0, 0)
    assert blast.specific == pytest.approx(2 / 3)
    assert found.overlap == 1.0
    assert found.differences == (
        "Im001: blast of the first pass, healthy of the second, at 100 0 140 40.",
        "Im001: ignore of the first pass alone at 300 0 340 40.",
        "Im001: healthy of the second pass alone at 500 0 540 40.",
    )


def test_boxes_that_overlap_by_less_than_half_are_two_cells():
    found = agreement({"Im001": cells(("blast", 0))}, {"Im001": cells(("blast", 15))})  # 25 / 55

    assert found.pairs == 0
    assert (found.kappa, found.overlap) == (None, None)


def test_only_fields_of_the_second_pass_are_compared():
    found = agreement({"Im001": cells(("blast", 0)), "Im002": cells(("blast", 0))}, {"Im002": cells(("blast", 0))})

    assert (found.fields, found.classes[0].first, found.classes[0].same) == (1, 1, 1)


def test_kappa_is_what_cohen_defines():
    # Observed agreement 35 of 50; expected by chance (25 * 30 + 25 * 20) / 50² = 1/2.
    table = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    pairs = [pair for pair, count in table.items() for _ in range(count)]

    assert kappa(pairs) == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    assert kappa([]) is None


def test_a_pass_is_read_with_and_without_labels_in_names(tmp_path):
    path = tmp_path / "second.csv"
    path.write_text(
        "image,class,x0,y0,x1,y1\nIm001,blast,0,0,40,40\nIm002_1,ignore,1,2,3,4\nIm034,,,,,\n", encoding="utf-8"
    )
    found = read_pass(path)

    assert found == {"Im001": (CellBox("blast", (0, 0, 40, 40), ""),),
                     "Im002": (CellBox("ignore", (1, 2, 3, 4), ""),), "Im034": ()}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,class\n", "lacks the columns x0, x1, y0, y1"),
        ("image,class,x0,y0,x1,y1\nIm001,cell,0,0,1,1\n", "line 2: 'cell' is no class"),
        ("image,class,x0,y0,x1,y1\nIm001,blast,0,0,,\n", "line 2: expected four numbers"),
    ],
)
def test_a_malformed_pass_is_refused(tmp_path, text, says):
    path = tmp_path / "second.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=says):
        read_pass(path)


def test_the_command_prints_what_both_found(tmp_path, capsys):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("image,class,x0,y0,x1,y1,source\nIm001_1,blast,0,0,40,40,stain\n", encoding="utf-8")
    second.write_text("image,class,x0,y0,x1,y1\nIm001,healthy,0,0,40,40\n", encoding="utf-8")

    assert main(["annotate", "agreement", str(first), str(second)]) == DONE
    text = capsys.readouterr().out
    assert "Fields: 1. Cells found by both: 1. Cohen's kappa 0.00" in text
    assert "Im001: blast of the first pass, healthy of the second, at 0 0 40 40." in text
    assert main(["annotate", "agreement", str(first), str(second), "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["kappa"] == 0.0


def test_an_empty_second_pass_is_refused(tmp_path, capsys):
    path = tmp_path / "pass.csv"
    path.write_text("image,class,x0,y0,x1,y1\n", encoding="utf-8")

    assert main(["annotate", "agreement", str(path), str(path)]) == FAILED
    assert "speaks of no field" in capsys.readouterr().err
