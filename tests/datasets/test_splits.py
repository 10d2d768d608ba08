import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from allcad_core.datasets import allidb1, allidb2, aria, splits
from allcad_core.datasets.base import CropRecord, FieldRecord
from allcad_core.errors import DataError, UnknownNameError

SITTINGS = (("A", 1, 1, 17), ("B", 1, 18, 33), ("C", 0, 34, 47), ("D", 1, 48, 63), ("E", 0, 64, 77), ("F", 0, 78, 92),
            ("G", 0, 93, 95), ("H", 0, 96, 108))  # fmt: skip
OVERLAPS = ((9, 10, 11), (13, 14, 15), (39, 44), (78, 89))


def fields_of_all_idb(leave_out: frozenset[int] = frozenset()) -> list[FieldRecord]:
    """108 fields as the official set has them, with its sittings and some of its overlaps."""
    tied = {number: f"overlap-{numbers[0]}" for numbers in OVERLAPS for number in numbers}
    return [
        FieldRecord(
            name=f"Im{number:03d}_{label}",
            path=Path(f"Im{number:03d}_{label}.jpg"),
            dataset=allidb1.NAME,
            label=label,
            session=session,
            group=tied.get(number, f"alone-{number}"),
            blast_points=((1.0, 1.0),) * (label * (1 + number % 12)),
        )
        for session, label, first, last in SITTINGS
        for number in range(first, last + 1)
        if number not in leave_out
    ]


@pytest.mark.parametrize("protocol", ["field", "session"])
def test_no_group_stands_on_both_sides(protocol):
    fields = fields_of_all_idb()

    found = splits.folds(protocol, fields)

    for one, other in combinations(fields, 2):
        if one.group == other.group:
            assert found[one.name] == found[other.name]


def test_field_folds_are_even_in_fields_labels_sessions_and_blasts():
    fields = fields_of_all_idb()

    found = splits.folds("field", fields)

    for label, count in ((1, 49), (0, 59)):
        sizes = Counter(found[field.name] for field in fields if field.label == label)
        assert all(abs(sizes[fold] - count / 5) < 2 for fold in range(5))
    blasts = Counter(dict.fromkeys(range(5), 0))
    for field in fields:
        blasts[found[field.name]] += len(field.blast_points)
    assert max(blasts.values()) <= 1.25 * min(blasts.values())
    for session, _, first, last in SITTINGS:
        sizes = Counter(found[field.name] for field in fields if field.session == session)
        assert max(sizes.values()) <= (last - first + 1) / 5 + 2


def test_fields_that_came_later_move_none_of_the_others():
    all_108 = splits.folds("field", fields_of_all_idb())
    without = splits.folds("field", fields_of_all_idb(splits.PLACED_LAST))

    assert len(without) == 92
    assert {name: all_108[name] for name in without} == without


def test_a_later_field_goes_where_the_fields_that_it_overlaps_are():
    fields = fields_of_all_idb()
    fields[11] = replace(fields[11], group="overlap-13")

    found = splits.folds("field", fields)

    assert found["Im012_1"] == found["Im013_1"]


def test_folds_do_not_hang_on_the_order_and_do_on_the_seed():
    fields = fields_of_all_idb()

    assert splits.folds("field", fields[::-1]) == splits.folds("field", fields)
    assert splits.folds("field", fields, seed=1) != splits.folds("field", fields)


def test_session_folds_hold_whole_sittings_with_both_classes():
    fields = fields_of_all_idb()

    found = splits.folds("session", fields)

    by_fold = {fold: {field.session for field in fields if found[field.name] == fold} for fold in range(3)}
    assert by_fold == {0: {"A", "E", "G"}, 1: {"B", "C"}, 2: {"D", "F", "H"}}
    assert all({field.label for field in fields if found[field.name] == fold} == {0, 1} for fold in range(3))


def test_session_folds_need_known_sittings():
    fields = [replace(field, session=None) for field in fields_of_all_idb()]

    with pytest.raises(DataError, match="session of 'Im001_1' is not known"):
        splits.folds("session", fields)


@pytest.mark.parametrize(("protocol", "count"), [("random4", 4), ("random5", 5)])
def test_random_folds_are_even_within_each_label(protocol, count):
    fields = fields_of_all_idb()

    found = splits.folds(protocol, fields)

    for label in (0, 1):
        sizes = Counter(found[field.name] for field in fields if field.label == label)
        assert set(sizes) == set(range(count))
        assert max(sizes.values()) - min(sizes.values()) <= 1


def test_chen17_tests_on_the_17_and_trains_on_the_others():
    found = splits.folds("chen17", fields_of_all_idb())

    assert Counter(found.values()) == {0: 17, splits.TRAIN_ONLY: 91}
    assert {name for name, fold in found.items() if fold == 0} == splits.CHEN17


def test_test_fields_of_chen17_that_overlap_training_fields_are_named():
    assert splits.overlapping_chen17(fields_of_all_idb()) == {"Im009_1", "Im044_0", "Im089_0"}


def test_source_leaves_out_whole_data_sets_and_all_of_all_idb_at_once():
    path = Path("x.jpg")
    fields = [FieldRecord("a", path, "ALL-IDB1"), FieldRecord("b", path, "Aria"), FieldRecord("c", path, "own")]
    crops = [CropRecord("d", path, "ALL-IDB2"), CropRecord("e", path, "PBC")]

    assert splits.folds("source", fields) == {"a": 0, "b": 1, "c": 3}
    assert splits.crop_folds("source", crops, fields) == {"d": 0, "e": 2}


def test_crops_go_with_their_field():
    fields = fields_of_all_idb()
    crops = [CropRecord("one", Path("1.tif"), "ALL-IDB2", 1, fields=("Im005_1",)),
             CropRecord("two", Path("2.tif"), "ALL-IDB2", 0, fields=("Im039_0", "Im044_0"))]  # fmt: skip

    of_fields = splits.folds("field", fields)

    assert splits.crop_folds("field", crops, fields) == {"one": of_fields["Im005_1"], "two": of_fields["Im044_0"]}


def test_a_crop_of_unknown_origin_is_refused():
    with pytest.raises(DataError, match="'lost' was cut from is not known"):
        splits.inherit({"Im001_1": 0}, [CropRecord("lost", Path("l.tif"), "ALL-IDB2")])


def test_a_crop_between_two_folds_is_refused():
    crop = CropRecord("torn", Path("t.tif"), "ALL-IDB2", fields=("a", "b"))

    with pytest.raises(DataError, match="'torn' lies in fields of different folds"):
        splits.inherit({"a": 0, "b": 1}, [crop])


def test_aria_is_cut_into_consecutive_fifths_a_class_at_a_time():
    records = [
        FieldRecord(f"{kind}-{number}", Path("x.jpg"), aria.NAME, kind=kind)
        for kind, count in (("Benign", 11), ("Pre", 5))
        for number in range(1, count + 1)
    ]

    found = splits.blocks(records)

    assert [found[f"Pre-{number}"] for number in range(1, 6)] == [0, 1, 2, 3, 4]
    benign = [found[f"Benign-{number}"] for number in range(1, 12)]
    assert benign == sorted(benign)
    assert Counter(benign) == {0: 3, 1: 2, 2: 2, 3: 2, 4: 2}


def test_pbc_blocks_do_not_move_when_pictures_are_added():
    records = [CropRecord(f"BA_{number}", Path("x.jpg"), "PBC") for number in range(300)]

    found = splits.blocks(records)

    assert {name: found[name] for name in list(found)[:150]} == splits.blocks(records[:150])
    assert all(40 <= size <= 80 for size in Counter(found.values()).values())


def test_an_unknown_protocol_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'leave-one-out'.*chen17.*session"):
        splits.folds("leave-one-out", fields_of_all_idb())


def test_names_must_be_unique_and_there_must_be_some():
    fields = fields_of_all_idb()

    with pytest.raises(DataError, match="'Im001_1' stands there twice"):
        splits.folds("field", [*fields, fields[0]])
    with pytest.raises(DataError, match="nothing to split"):
        splits.folds("field", [])


@pytest.mark.parametrize("protocol", ["field", "session"])
def test_in_the_real_data_no_field_duplicate_overlap_or_crop_stands_on_both_sides(protocol, data_root):
    fields, crops = allidb1.fields(data_root), allidb2.crops(data_root)

    found = splits.folds(protocol, fields)
    of_crops = splits.crop_folds(protocol, crops, fields)

    assert len(found) == len(fields)
    known = [("Im009_1", "Im010_1", "Im011_1"), ("Im013_1", "Im014_1", "Im015_1"), ("Im018_1", "Im019_1"),
             ("Im020_1", "Im021_1", "Im022_1"), ("Im039_0", "Im044_0"), ("Im078_0", "Im089_0"), ("Im093_0", "Im108_0"),
             *allidb1.UNLISTED_OVERLAPS]  # fmt: skip
    for names in known:
        assert len({found[name] for name in names}) == 1
    for crop in crops:
        assert {found[name] for name in crop.fields} == {of_crops[crop.name]}
    pixels: dict[str, int] = {}
    for crop in crops:
        digest = hashlib.sha256(crop.read().pixels.tobytes()).hexdigest()
        assert pixels.setdefault(digest, of_crops[crop.name]) == of_crops[crop.name]


def test_the_folds_that_shipped_weights_were_trained_on_do_not_change(data_root):
    found = splits.folds("field", allidb1.fields(data_root))

    first = [sorted(name for name, fold in found.items() if fold == number)[:4] for number in range(5)]
    assert first == [
        ["Im008_1", "Im009_1", "Im010_1", "Im011_1"],
        ["Im001_1", "Im005_1", "Im020_1", "Im021_1"],
        ["Im013_1", "Im014_1", "Im015_1", "Im025_1"],
        ["Im004_1", "Im018_1", "Im019_1", "Im023_1"],
        ["Im002_1", "Im003_1", "Im007_1", "Im017_1"],
    ]
