"""A film frame by frame: what is measured once stays, and the picture's own movement is known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from allcad_core import watching
from allcad_core.detection import Detections
from allcad_core.errors import ImageError
from allcad_core.watching import Watch, decode

Pixels = NDArray[np.uint8]
BOX = (100.0, 100.0, 180.0, 180.0)


class Eye:
    """A detector that sees one blast and notes what it was shown."""

    def __init__(self) -> None:
        self.scales: list[float | None] = []

    def __call__(self, balanced: Pixels, red_cell: float | None) -> Detections:
        assert balanced.dtype == np.uint8
        self.scales.append(red_cell)
        return Detections(np.array([BOX]), np.array([0.9]), ("blast",))


@pytest.fixture
def smear(draw: Callable[..., Pixels]) -> Pixels:
    """A drawn smear larger than a frame, with lone red cells and nuclei."""
    rng = np.random.default_rng(3)
    red = [
        (x + rng.integers(-8, 9), y + rng.integers(-8, 9), 20) for x in range(40, 900, 70) for y in range(40, 700, 70)
    ]
    picture = draw((900, 700), red=red, purple=[(250, 250, 26), (480, 330, 30)])
    return cv2.add(picture, rng.integers(0, 6, picture.shape, np.uint8))


def test_a_frame_gives_tracks_with_their_share(smear: Pixels):
    watched = Watch(Eye(), patient=True).look(smear[:480, :640], 0.0)
    assert (watched.size, watched.blasts, len(watched.tracks)) == ((640, 480), 1, 1)
    assert watched.share.value == 1.0
    assert watched.share.low is not None
    assert watched.share.low < 0.5


def test_the_movement_of_the_picture_is_measured(smear: Pixels):
    watch = Watch(Eye(), patient=True)
    for number in range(4):
        x, y = 12 * number, 8 * number
        watched = watch.look(smear[y : y + 480, x : x + 640], 0.1 * number)
    assert watched.velocity == pytest.approx((-120, -80), abs=12)


def test_a_jump_to_another_place_is_no_movement(smear: Pixels):
    watch = Watch(Eye(), patient=True)
    watch.look(smear[:480, :640], 0.0)
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    assert watch.look(noise, 0.1).velocity == (0.0, 0.0)


def test_the_magnification_is_measured_seldom_and_kept_while_it_changes_little(
    smear: Pixels, monkeypatch: pytest.MonkeyPatch
):
    measured = iter([40.0, 42.0, 60.0])
    monkeypatch.setattr(watching, "_red_cell_px", lambda _: next(measured))
    eye = Eye()
    watch = Watch(eye, patient=True)
    for at_s in (0.0, 1.0, 9.0, 18.0):
        watch.look(smear[:480, :640], at_s)
    assert eye.scales == [watching.COARSE * px for px in (40.0, 40.0, 40.0, 60.0)]


def test_what_shows_no_red_cells_is_looked_at_all_the_same(smear: Pixels, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watching, "_red_cell_px", lambda _: None)
    assert len(Watch(Eye()).look(smear[:480, :640], 0.0).tracks) == 1


@pytest.mark.parametrize("sent", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut"])
def test_a_frame_that_is_no_picture_is_told_in_a_sentence(sent: bytes):
    with pytest.raises(ImageError, match="not a picture"):
        decode(sent)


def test_a_frame_that_is_too_large_is_refused():
    done, jpeg = cv2.imencode(".jpg", np.zeros((1400, 20, 3), np.uint8))
    assert done
    with pytest.raises(ImageError, match="1400"):
        decode(jpeg.tobytes())


def test_a_classifier_has_the_last_word_on_the_class(smear: Pixels):
    watch = Watch(Eye(), (lambda _, boxes: np.full(len(boxes), 0.1), 0.3), patient=True)
    watched = watch.look(smear[:480, :640], 0.0)
    assert [track.label for track in watched.tracks] == ["healthy"]
    assert (watched.blasts, watched.judged) == (0, 1)


def test_films_are_watched_by_compiled_networks_where_they_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def choose(device: str | None, backend: str | None, needed: tuple[str, ...]) -> str:
        asked.append((device, backend, needed))
        return "where"

    monkeypatch.setattr(watching.compiled, "choose_and_make", choose)
    monkeypatch.setattr("allcad_core.detection.ultralytics.yolo", Named)
    monkeypatch.setattr("allcad_core.analysis.cell_classifier", Named)
    assert watching.detector()(np.zeros((2, 2, 3), np.uint8), None) == (watching.DETECTOR, "where")
    assert watching.classifier()[1] == (watching.CLASSIFIER, "where")
    assert asked == [(None, None, (watching.DETECTOR, watching.CLASSIFIER))] * 2


class Named:
    """Stands for a network that says which it is, and where."""

    def __init__(self, name: str, where: object) -> None:
        self.threshold = (name, where)

    def detect(self, *_: object) -> tuple[str, object]:
        return self.threshold

    probabilities = detect
