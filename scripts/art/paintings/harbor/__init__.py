"""A harbor town in late light: a content picture, smooth and clear, with large and small shapes."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.palette import rgb
from painter.perspective import Camera, Scene
from painter.stencil import Map, Stencil
from paintings.harbor.boats import paint_boats
from paintings.harbor.sky import paint_backdrop
from paintings.harbor.towers import paint_lighthouse
from paintings.harbor.town import Thing, build_town, paint_promenade, paint_quay
from paintings.harbor.water import stir

ASPECT = 0.667
GROUND = rgb("#c6d8de")
CAMERA = Camera(height=10.0, horizon=0.370, focal=1.1, haze=1000.0)
LIGHTHOUSE = np.array([-45.0, 0.0, 128.0])

UNEVEN = 0.04
"""Variation of the tone of all surfaces."""


def paint(long_side: int, seed: int) -> Image.Image:
    """The picture in RGB, `long_side` pixels wide; the same seed gives the same pixels."""
    canvas = Canvas(long_side, ASPECT, GROUND)
    stencil, rng = Stencil(canvas), np.random.default_rng(seed)
    town = build_town(rng)
    paint_backdrop(stencil, CAMERA.horizon, rng)
    backdrop = stencil.pixels[..., :3].copy()
    stencil.pixels[..., :3] = _upside_down(stencil, backdrop)
    _paint_scene(Scene(stencil, CAMERA, mirrored=True), town, seed)
    water = stir(stencil, stencil.pixels[..., :3].copy(), CAMERA, rng)
    stencil.pixels[..., :3] = np.where((stencil.y > CAMERA.horizon)[..., None], water, backdrop)
    _paint_scene(Scene(stencil, CAMERA), town, seed)
    uneven = stencil.noise(0.03, 0.03, rng) + 0.6 * stencil.noise(0.004, 0.004, rng) - 0.8
    stencil.pixels[..., :3] *= 1.0 + UNEVEN * uneven[..., None]
    return canvas.picture(0.0)


def _paint_scene(scene: Scene, town: list[Thing], seed: int) -> None:
    paint_quay(scene)
    for thing in town:
        thing.paint(scene)
    paint_promenade(scene, seed)
    paint_lighthouse(scene, LIGHTHOUSE)
    paint_boats(scene)


def _upside_down(stencil: Stencil, backdrop: Map) -> Map:
    """The backdrop with its mirror image below the horizon."""
    rows = (CAMERA.horizon - np.abs(stencil.y[:, 0] - CAMERA.horizon)) * stencil.canvas.scale
    return backdrop[np.clip(rows, 0, stencil.shape[0] - 1).astype(np.intp)]
