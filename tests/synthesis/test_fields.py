"""Generated fields: the same from the same seed, true to their masks, boxes and parameters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from allcad_core.errors import AllcadError
from allcad_core.synthesis import STAINS, GeneratedField, Scene, Smear, draw_scene, generate
from allcad_core.synthesis.patches import CHROMATIN, CYTOPLASM
from allcad_core.synthesis.white_cells import BUILDS, white_cell

SIZE = (640, 480)
BUSY = Scene(white_density=3000, clustering=0.5, blast_fraction=0.5, smudge_density=100)


@pytest.fixture(scope="module")
def busy() -> GeneratedField:
    """A field full of touching white cells."""
    return generate(11, SIZE, BUSY)


def test_the_same_seed_gives_the_same_field_and_another_seed_another():
    first, again, other = generate(5, SIZE), generate(5, SIZE), generate(6, SIZE)
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.bodies, again.bodies)
    assert first.cells == again.cells
    assert first.scene == again.scene
    assert not np.array_equal(first.pixels, other.pixels)


def test_a_field_has_the_size_asked_for(busy):
    assert busy.pixels.shape == (480, 640, 3)
    assert busy.pixels.dtype == np.uint8
    assert busy.nuclei.shape == busy.bodies.shape == (480, 640)
    assert busy.nuclei.dtype == busy.bodies.dtype == np.int32


def test_every_cell_is_in_the_mask_and_the_mask_holds_nothing_else(busy):
    assert len(busy.cells) > 10
    assert [cell.number for cell in busy.cells] == list(range(1, len(busy.cells) + 1))
    assert set(np.unique(busy.bodies)) == {0, *(cell.number for cell in busy.cells)}
    assert set(np.unique(busy.nuclei)) <= set(np.unique(busy.bodies))


@pytest.mark.parametrize("seed", range(4))
def test_boxes_are_tight_around_the_masks(seed):
    field = generate(seed, SIZE, BUSY)
    found = ndimage.find_objects(field.bodies)
    for cell, slices in zip(field.cells, found, strict=True):
        assert slices is not None
        rows, columns = slices
        assert cell.box == (columns.start, rows.start, columns.stop, rows.stop)


def test_a_nucleus_lies_inside_its_own_body(busy):
    inside = busy.nuclei > 0
    assert inside.any()
    assert np.array_equal(busy.nuclei[inside], busy.bodies[inside])


def test_labels_follow_kinds(busy):
    assert {cell.kind for cell in busy.cells} > {"blast"}
    assert all((cell.label == "blast") == (cell.kind == "blast") for cell in busy.cells)


@pytest.mark.parametrize(("share", "label"), [(0.0, "healthy"), (1.0, "blast")])
def test_a_smear_of_one_class_holds_only_that(share, label):
    field = generate(3, SIZE, replace(BUSY, blast_fraction=share))
    assert {cell.label for cell in field.cells} == {label}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_share_of_blasts_is_honoured(share):
    kinds = [place.kind for place in Smear(replace(BUSY, blast_fraction=share), (1280, 960), 9).layout.white]
    assert abs(kinds.count("blast") - share * len(kinds)) <= 0.5


def test_blasts_have_a_higher_nucleus_to_cell_ratio_than_neutrophils():
    def ratios(kind):
        cells = [white_cell(kind, BUILDS[kind].diameter[0] / 2, Scene(), np.random.default_rng(n)) for n in range(12)]
        return [cell.nucleus.sum() / cell.body.sum() for cell in cells]

    assert min(ratios("blast")) > max(ratios("neutrophil"))
    assert np.mean(ratios("blast")) > np.mean(ratios("lymphocyte")) > np.mean(ratios("neutrophil"))


def _cells(kind, count=12):
    return [white_cell(kind, BUILDS[kind].diameter[0] / 2, Scene(), np.random.default_rng(n)) for n in range(count)]


def test_in_one_smear_the_nuclei_of_lymphocytes_are_denser_than_those_of_blasts():
    lymphocytes, blasts = (
        np.median([cell.substances[CHROMATIN][cell.nucleus].mean() for cell in _cells(kind)])
        for kind in ("lymphocyte", "blast")
    )
    assert lymphocytes > 1.15 * blasts


def _light(cell, channel):
    """Optical density of red (0) or green (1) light in the inner part of a nucleus."""
    inner = ndimage.binary_erosion(cell.nucleus, iterations=6)
    return np.tensordot(Scene().stain.matrix()[channel], cell.substances, 1), inner


def test_the_clumps_of_lymphocytes_are_coarser_than_the_threads_of_blasts():
    def fineness(cell):
        density, inner = _light(cell, 1)
        soft = ndimage.gaussian_filter(density, 2)
        return (density - soft)[inner].std() / soft[inner].std()

    lymphocytes, blasts = (np.median([fineness(cell) for cell in _cells(kind)]) for kind in ("lymphocyte", "blast"))
    assert lymphocytes < 0.9 * blasts


def test_pale_spots_in_a_lymphocyte_are_pinker_than_its_clumps_and_in_a_blast_they_are_not():
    def slope(cell):
        (red, inner), (green, _) = _light(cell, 0), _light(cell, 1)
        red, green = red[inner] / red[inner].mean(), green[inner] / green[inner].mean()
        return np.cov(red, green)[0, 1] / green.var()

    lymphocytes, blasts = (np.median([slope(cell) for cell in _cells(kind)]) for kind in ("lymphocyte", "blast"))
    assert lymphocytes > 1.2
    assert blasts == pytest.approx(1.0, abs=0.1)


def test_a_round_nucleus_is_nearly_as_dense_at_its_edge_as_in_its_middle_and_bluer():
    scene = Scene(defocus=0.0)
    for kind in ("blast", "lymphocyte"):
        cells = [white_cell(kind, BUILDS[kind].diameter[0] / 2, scene, np.random.default_rng(n)) for n in range(12)]
        ratios = []
        for cell in cells:
            away = ndimage.distance_transform_edt(cell.nucleus) / scene.magnification
            edge, middle = (away > 0.25) & (away < 0.7), away > 1.5
            ratios.append(
                [plane[edge].mean() / plane[middle].mean() for plane in cell.substances[[CHROMATIN, CYTOPLASM]]]
            )
        chromatin, cytoplasm = np.median(ratios, axis=0)
        assert 0.85 < chromatin < 1.0
        assert cytoplasm > 1.2


def test_cells_have_the_sizes_of_the_atlas_beside_red_cells():
    scene = Scene()
    for kind, build in BUILDS.items():
        body = white_cell(kind, build.diameter[0] / 2, scene, np.random.default_rng(4)).body
        diameter = 2 * np.sqrt(body.sum() / np.pi) / scene.magnification
        assert diameter == pytest.approx(build.diameter[0], rel=0.08)


def test_nuclei_are_darker_in_green_than_cytoplasm_and_cytoplasm_than_ground(busy):
    green = busy.pixels[..., 1].astype(float)
    nucleus, body = busy.nuclei > 0, busy.bodies > 0
    assert green[nucleus].mean() + 20 < green[body & ~nucleus].mean() < np.percentile(green, 95)


def test_a_cell_that_others_touch_keeps_its_number_in_one_piece_mostly(busy):
    for cell in busy.cells:
        pieces, count = ndimage.label(busy.bodies == cell.number)
        largest = np.bincount(pieces.ravel())[1:].max()
        assert count == 1 or largest > 0.95 * (pieces > 0).sum()


def test_no_white_cells_are_possible():
    field = generate(1, SIZE, Scene(white_density=0))
    assert field.cells == ()
    assert not field.bodies.any()


def test_an_empty_glass_is_possible():
    nothing = Scene(white_density=0, red_coverage=0, platelet_density=0, smudge_density=0, debris_density=0, noise=0)
    pixels = generate(1, SIZE, nothing).pixels
    assert pixels.std(axis=(0, 1)).max() < 5
    assert pixels.mean() == pytest.approx(np.mean(nothing.ground), rel=0.06)


@pytest.mark.parametrize("magnification", [3.0, 15.0])
def test_magnification_scales_the_cells(magnification):
    field = generate(2, SIZE, Scene(magnification=magnification, white_density=2500, blast_fraction=1, clustering=0))
    inner = [c.box for c in field.cells if c.box[0] > 0 and c.box[1] > 0 and c.box[2] < SIZE[0] and c.box[3] < SIZE[1]]
    widths = [x1 - x0 for x0, _, x1, _ in inner]
    assert 10.0 < np.median(widths) / magnification < 17.0


@pytest.mark.parametrize("stain", STAINS)
def test_a_stronger_stain_makes_a_darker_picture(stain):
    scene = Scene(stain=STAINS[stain])
    weak, strong = (generate(2, SIZE, replace(scene, stain_strength=factor)).pixels for factor in (0.7, 1.3))
    assert weak.mean() > strong.mean() + 2


def test_defocus_takes_the_detail():
    def detail(defocus):
        pixels = generate(4, SIZE, Scene(defocus=defocus, noise=0)).pixels[..., 1].astype(float)
        return np.percentile(ndimage.gaussian_gradient_magnitude(pixels, 1), 99)

    assert detail(0.05) > detail(0.3) > detail(1.0)


def test_arrows_and_scale_bar_change_the_picture_and_not_the_truth():
    plain = generate(8, SIZE, BUSY)
    drawn = generate(8, SIZE, replace(BUSY, arrows=2, scale_bar=True))
    changed = (plain.pixels != drawn.pixels).any(axis=2)
    assert changed.any()
    assert changed.mean() < 0.25
    assert plain.cells == drawn.cells
    assert np.array_equal(plain.bodies, drawn.bodies)


def test_drawn_scenes_differ_and_stay_in_range():
    scenes = [draw_scene(seed) for seed in range(40)]
    assert len({scene.magnification for scene in scenes}) == 40
    assert any(scene.blast_fraction == 0 for scene in scenes)
    assert any(scene.blast_fraction > 0.5 for scene in scenes)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Scene(blast_fraction=1.5), "blast_fraction is 1.5"),
        (lambda: Scene(magnification=0), "magnification is 0"),
        (lambda: Scene(mix=(0, 0, 0, 0)), "mix is"),
        (lambda: Scene(ground=(0, 10, 10)), "ground is"),
        (lambda: generate(-1), "seed is -1"),
        (lambda: generate(1, (10, 10)), "size is 10x10"),
    ],
)
def test_what_cannot_be_generated_is_refused_in_one_sentence(wrong, says):
    with pytest.raises(AllcadError, match=says) as refused:
        wrong()
    assert isinstance(refused.value, ValueError)
