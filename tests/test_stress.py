"""A worse photograph of the same smear: each kind of stress does what it says and no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcad_core import stress
from allcad_core.errors import AllcadError
from allcad_core.images import SmearImage
from allcad_core.stress import NO_STRESS, Stress

GROUND, NUCLEUS = (225, 215, 210), (90, 50, 140)


@pytest.fixture(scope="module")
def field(draw) -> np.ndarray:
    return draw((320, 240), purple=[(160, 120, 40)])


@pytest.fixture(scope="module")
def image(field) -> SmearImage:
    return SmearImage(field, "field.png", "PNG", "0" * 64)


def test_no_stress_changes_no_pixel_and_gives_the_very_photograph(field, image):
    assert np.array_equal(stress.apply(field, NO_STRESS), field)
    assert stress.stressed(image, NO_STRESS) is image
    assert NO_STRESS.active == ()


@pytest.mark.parametrize(
    ("kind", "value"), [("blur", 2.0), ("stain", 0.3), ("brightness", 0.6), ("magnification", 0.5), ("jpeg", 10)]
)
def test_each_kind_changes_the_picture_and_leaves_the_given_one(field, image, kind, value):
    before = field.copy()
    chosen = Stress(**{kind: value})
    made = stress.apply(field, chosen)
    assert chosen.active == (kind,)
    assert made.dtype == np.uint8
    assert made.shape != field.shape or not np.array_equal(made, field)
    assert np.array_equal(field, before)
    worse = stress.stressed(image, chosen)
    assert worse.sha256 != image.sha256
    assert worse.name == image.name
    assert not worse.pixels.flags.writeable


@pytest.mark.parametrize(
    ("kind", "value"), [("blur", -1), ("stain", 0.9), ("brightness", 0), ("magnification", 5), ("jpeg", 0)]
)
def test_a_strength_outside_its_range_is_refused_in_a_sentence(kind, value):
    with pytest.raises(AllcadError, match=f"The stress '{kind}' lies between"):
        Stress(**{kind: value})


def test_stain_moves_nuclei_between_blue_and_red_and_leaves_the_ground(field):
    redder, bluer = (stress.apply(field, Stress(stain=way))[120, 160].astype(int) for way in (0.4, -0.4))
    assert redder[0] > NUCLEUS[0] > bluer[0]
    assert redder[2] < NUCLEUS[2] < bluer[2]
    assert redder[1] == bluer[1] == NUCLEUS[1]
    for way in (0.4, -0.4):
        assert np.abs(stress.apply(field, Stress(stain=way))[5, 5].astype(int) - GROUND).max() <= 1


def test_stain_follows_beer_and_lambert():
    """Density of red light, log10(200 / 20) = 1, becomes 0.75: 200 / 10 ** 0.75 = 35.6."""
    pixels = np.full((4, 4, 3), (20, 100, 100), np.uint8)
    made = stress.apply(pixels, Stress(stain=0.25), np.array([200, 200, 200], np.float32))
    assert made[0, 0].tolist() == [36, 100, 84]


def test_brightness_multiplies_and_cuts_at_white(field):
    assert stress.apply(field, Stress(brightness=0.5))[120, 160].tolist() == [45, 25, 70]
    assert stress.apply(field, Stress(brightness=1.5))[5, 5].tolist() == [255, 255, 255]


def test_blur_keeps_the_mean_and_takes_the_edges(field):
    made = stress.apply(field, Stress(blur=4))
    assert abs(float(made.mean()) - float(field.mean())) < 1
    steps = [np.abs(np.diff(picture[..., 0].astype(int), axis=1)).max() for picture in (made, field)]
    assert steps[0] < steps[1] / 4


def test_magnification_scales_the_sides_and_boxes_come_back(field):
    chosen = Stress(magnification=0.5)
    assert stress.apply(field, chosen).shape == (120, 160, 3)
    assert stress.at_original((60, 40, 100, 80), chosen) == (120, 80, 200, 160)


def test_a_lower_quality_is_farther_from_the_picture(generated):
    pixels = generated.pixels
    far = [float(np.abs(stress.apply(pixels, Stress(jpeg=q)).astype(int) - pixels).mean()) for q in (90, 40, 10)]
    assert 0 < far[0] < far[1] < far[2]


@given(
    st.builds(
        Stress,
        magnification=st.floats(0.4, 2),
        stain=st.floats(-0.5, 0.5),
        blur=st.floats(0, 8),
        brightness=st.floats(0.4, 1.6),
        jpeg=st.integers(5, 100),
    )
)
def test_any_stress_gives_a_picture(chosen):
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    made = stress.apply(pixels, chosen)
    assert made.dtype == np.uint8
    assert made.ndim == 3
    assert replace(chosen) == chosen
