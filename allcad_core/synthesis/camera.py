"""From optical density to a photograph: light, coloured rims, noise. Each pixel depends on its place only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from allcad_core.synthesis.scene import Scene
from allcad_core.synthesis.textures import Plane

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Window = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the smear; the last row and column are not part of it."""

BLOCK = 512
"""The noise of a smear comes in blocks of this size, each with a seed of its own."""

_WAVES = 3


class Camera:
    """The microscope's lamp and the camera, for one smear.

    Args:
        scene: what it does to the light.
        size: width, height of the smear, pixels.
        seed: of the smear.
    """

    def __init__(self, scene: Scene, size: tuple[int, int], seed: int) -> None:
        self._scene = scene
        self._size = size
        self._seed = seed
        rng = np.random.default_rng([seed, 3])
        self._waves = rng.uniform(0, 2 * np.pi, (_WAVES, 4))
        angle = rng.uniform(0, 2 * np.pi)
        reach = scene.pixels(scene.aberration)
        self.shift = (reach * float(np.cos(angle)), reach * float(np.sin(angle)))

    @property
    def halo(self) -> int:
        """Pixels of optical density that ``expose`` needs around a window."""
        return int(np.ceil(max(abs(part) for part in self.shift))) + 1

    def expose(self, density: Plane, window: Window) -> Pixels:
        """Photograph a window.

        Args:
            density: float32 (3, height + 2 halo, width + 2 halo), optical density of red, green, blue.
            window: which part of the smear this is.

        Returns:
            uint8 (height, width, 3), RGB.
        """
        light = self._light(window)
        noise = self._noise(window)
        out = np.empty((*light.shape, 3), np.uint8)
        for channel, sign in enumerate((1, 0, -1)):
            seen = _shifted(density[channel], sign * self.shift[0], sign * self.shift[1], self.halo)
            grey = np.exp(-seen)
            grey *= light
            grey *= np.float32(self._scene.ground[channel])
            grey += noise[channel]
            np.clip(grey, 0, 255, out=grey)
            grey += np.float32(0.5)
            out[..., channel] = grey.astype(np.uint8)
        return out

    def _light(self, window: Window) -> Plane:
        """Share of the lamp's light at each pixel: brightest at the centre, uneven in slow waves."""
        x0, y0, x1, y1 = window
        scene, (width, height) = self._scene, self._size
        x = np.arange(x0, x1) / width
        y = np.arange(y0, y1) / height
        fall_x, fall_y = (x - scene.light_centre[0]) ** 2, (y - scene.light_centre[1]) ** 2
        light = 1 - 2 * scene.vignetting * (fall_x[None, :] + fall_y[:, None])
        for number, (a, b, c, d) in enumerate(self._waves, start=1):
            wave_x, wave_y = np.cos(2.1 * number * x + a) + np.cos(3.3 * x + b), np.cos(2.7 * number * y + c + d)
            light += scene.unevenness / (2 * _WAVES) * wave_x[None, :] * wave_y[:, None]
        return light.astype(np.float32)

    def _noise(self, window: Window) -> Plane:
        """float32 (3, height, width), grey levels."""
        x0, y0, x1, y1 = window
        out = np.empty((3, y1 - y0, x1 - x0), np.float32)
        pool = _noise_pool()
        room = pool.shape[1] - BLOCK
        for row in range(y0 // BLOCK, (y1 - 1) // BLOCK + 1):
            for column in range(x0 // BLOCK, (x1 - 1) // BLOCK + 1):
                rng = np.random.default_rng([self._seed, 4, row, column])
                top, left = rng.integers(0, room, 2)
                a, b = max(x0, column * BLOCK), min(x1, (column + 1) * BLOCK)
                c, d = max(y0, row * BLOCK), min(y1, (row + 1) * BLOCK)
                piece = pool[:, top + c - row * BLOCK : top + d - row * BLOCK]
                piece = piece[:, :, left + a - column * BLOCK : left + b - column * BLOCK]
                out[:, c - y0 : d - y0, a - x0 : b - x0] = piece
        out *= np.float32(self._scene.noise)
        return out


@lru_cache(maxsize=1)
def _noise_pool() -> Plane:
    """Camera noise as it stands after a colour mosaic is filled in: soft, with softer colour. float32 (3, 1024, 1024)."""
    from allcad_core.synthesis.patches import blurred

    rng = np.random.default_rng(1908)
    side = 2 * BLOCK
    grey = blurred(rng.standard_normal((side, side), np.float32), 0.55)
    colour = [blurred(rng.standard_normal((side, side), np.float32), 1.3) for _ in range(3)]
    grey /= grey.std()
    pool = np.stack(
        [0.8 * grey + weight * one / one.std() for one, weight in zip(colour, (0.6, 0.3, 0.8), strict=True)]
    )
    pool.setflags(write=False)
    return np.asarray(pool, np.float32)


def _shifted(plane: Plane, dx: float, dy: float, halo: int) -> Plane:
    """The inner part of ``plane`` as seen ``dx``, ``dy`` pixels away, between four pixels."""
    height, width = plane.shape[0] - 2 * halo, plane.shape[1] - 2 * halo

    def cut(x: int, y: int) -> Plane:
        return plane[halo + y : halo + y + height, halo + x : halo + x + width]

    if dx == 0 and dy == 0:
        return cut(0, 0)
    left, top = int(np.floor(dx)), int(np.floor(dy))
    across, down = np.float32(dx - left), np.float32(dy - top)
    upper = cut(left, top) * (1 - across) + cut(left + 1, top) * across
    lower = cut(left, top + 1) * (1 - across) + cut(left + 1, top + 1) * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)
