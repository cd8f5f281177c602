"""A homage to Monet's "Water Lilies" (1906): a pond without a bank, all reflections, leaves and blossoms in dabs."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.frame import Frame
from painter.hand import Hand
from painter.palette import rgb
from paintings.water_lilies.lilies import paint_lilies
from paintings.water_lilies.water import mirrored_light, paint_glitter, paint_reflections, paint_surface

ASPECT = 0.8
GROUND = rgb("#7f95a8")
LIGHT = 0.48


def paint(long_side: int, seed: int) -> Image.Image:
    """The painting as an RGB picture, `long_side` pixels wide; the same seed gives the same pixels."""
    frame = Frame(ASPECT)
    hand = Hand(Canvas(long_side, ASPECT, GROUND), np.random.default_rng(seed))
    light = mirrored_light(hand, frame)
    paint_reflections(hand, frame, light)
    paint_surface(hand, frame, light)
    paint_glitter(hand, frame, light)
    paint_lilies(hand)
    return hand.canvas.picture(LIGHT)
