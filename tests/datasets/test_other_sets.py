import numpy as np
import pytest
from PIL import Image

from allcad_core.datasets import aria, class_folders, pbc, splits, txl_pbc, wbc_segmentation
from allcad_core.errors import DataError


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_pbc_kinds_come_from_the_class_of_the_box(tmp_path, draw):
    draw(tmp_path / "PBC_cells" / "images" / "MY_1.jpg", size=(100, 100))
    write(tmp_path / "PBC_cells" / "labels" / "MY_1.txt", "1 0.5 0.5 0.5 0.5\n")
    write(tmp_path / "PBC_cells" / "classes.txt", "basophil\nimmature_granulocyte\n")

    (crop,) = pbc.crops(tmp_path)

    assert (crop.kind, crop.label, crop.boxes[0].box) == ("immature_granulocyte", 0, (25, 25, 75, 75))


def test_pbc_refuses_a_class_that_contradicts_the_name(tmp_path, draw):
    draw(tmp_path / "PBC_cells" / "images" / "MY_1.jpg", size=(100, 100))
    write(tmp_path / "PBC_cells" / "labels" / "MY_1.txt", "0 0.5 0.5 0.5 0.5\n")
    write(tmp_path / "PBC_cells" / "classes.txt", "basophil\n")

    with pytest.raises(DataError, match=r"MY_1\.jpg' must show one kind of cell.*basophil.*immature"):
        pbc.crops(tmp_path)


def test_wbc_segmentation_brings_masks_and_kinds(tmp_path, draw):
    folder = tmp_path / "WBC_segmentation"
    draw(folder / "dataset1" / "001.png", size=(120, 120))
    mask = np.zeros((120, 120), np.uint8)
    mask[20:60, 20:60], mask[30:40, 30:40] = 128, 255
    Image.fromarray(mask).save(folder / "dataset1" / "001_mask.png")
    write(folder / "classes1.csv", "image ID,class label\n1,2\n")

    (crop,) = wbc_segmentation.crops(tmp_path)
    masks = crop.read_masks()

    assert (crop.name, crop.kind, crop.label) == ("dataset1/001", "lymphocyte", None)
    assert (masks.nucleus.sum(), masks.cell.sum()) == (100, 1600)


def test_wbc_segmentation_names_what_is_missing_or_broken(tmp_path, draw):
    folder = tmp_path / "WBC_segmentation"
    draw(folder / "dataset1" / "001.png")
    with pytest.raises(DataError, match=r"001\.png' has no mask"):
        wbc_segmentation.crops(tmp_path)

    draw(folder / "dataset1" / "001_mask.png")
    write(folder / "classes1.csv", "image ID,class label\n1,2\n2,nine\n")
    with pytest.raises(DataError, match=r"classes1\.csv', line 3"):
        wbc_segmentation.crops(tmp_path)


def test_aria_fields_know_their_class_only(tmp_path, draw):
    draw(tmp_path / "Aria" / "Benign" / "WBC-Benign-001.jpg")
    draw(tmp_path / "Aria" / "Pre" / "WBC-Malignant-Pre-001.jpg")

    fields = aria.fields(tmp_path)

    assert [(field.kind, field.label, field.points_known) for field in fields] == [
        ("Benign", 0, False),
        ("Pre", 1, False),
    ]


def test_class_folders_give_kinds_and_labels_through_train_and_test(tmp_path, draw):
    for part in ("train", "test"):
        for kind in ("all", "hem"):
            draw(tmp_path / part / kind / "1.png")

    crops = class_folders.crops(tmp_path, {"all": 1, "hem": 0})

    assert [(crop.name, crop.kind, crop.label) for crop in crops] == [
        ("test/all/1", "all", 1), ("test/hem/1", "hem", 0), ("train/all/1", "all", 1), ("train/hem/1", "hem", 0),
    ]  # fmt: skip


def test_an_empty_class_folder_says_what_was_expected(tmp_path):
    with pytest.raises(DataError, match="no folders of pictures"):
        class_folders.crops(tmp_path)


def test_the_real_sets_are_read_as_their_readme_counts_them(data_root):
    fields = txl_pbc.fields(data_root)
    assert len(fields) == 400
    assert {box.kind for field in fields for box in field.boxes} == set(txl_pbc.CLASSES)
    cells = pbc.crops(data_root)
    assert len(cells) == 450
    assert len({cell.kind for cell in cells}) == 7
    assert len(wbc_segmentation.crops(data_root)) == 400
    assert len(aria.fields(data_root)) == 523


def test_real_pictures_of_the_same_cells_share_a_block(data_root):
    for records, pairs in (
        (txl_pbc.fields(data_root), txl_pbc.SAME_CELLS),
        (wbc_segmentation.crops(data_root), wbc_segmentation.SAME_CELLS),
        (aria.fields(data_root), aria.SAME_CELLS),
    ):
        found = splits.blocks(records)
        assert all(found[one] == found[other] for one, other in pairs)
