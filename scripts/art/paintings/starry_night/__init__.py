"""A homage to Van Gogh's "The Starry Night" (1889): whirling sky, crescent, hills, village and cypress in strokes."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.frame import Frame
from painter.hand import Hand
from painter.palette import rgb
from paintings.starry_night.land import paint_cypress, paint_hills, paint_village
from paintings.starry_night.sky import paint_moon, paint_sky, paint_stars

ASPECT = 0.8
GROUND = rgb("#1a2550")
LIGHT = 0.30


def paint(long_side: int, seed: int) -> Image.Image:
    """The painting as an RGB picture, `long_side` pixels wide; the same seed gives the same pixels."""
    frame = Frame(ASPECT)
    hand = Hand(Canvas(long_side, ASPECT, GROUND), np.random.default_rng(seed))
    paint_sky(hand, frame)
    paint_stars(hand, frame)
    paint_moon(hand, frame)
    paint_hills(hand, frame)
    paint_village(hand)
    paint_cypress(hand, frame)
    return hand.canvas.picture(LIGHT)
