"""A homage to Kandinsky's "Composition VIII" (1923): circles, angles, checkers, bows and lines on a clouded ground."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.frame import Frame
from painter.hand import Hand
from painter.palette import rgb
from paintings.composition.ground import paint_ground
from paintings.composition.score import paint_accents, paint_chords, paint_themes

ASPECT = 0.75
GROUND = rgb("#efe2c4")
LIGHT = 0.24


def paint(long_side: int, seed: int) -> Image.Image:
    """The painting as an RGB picture, `long_side` pixels wide; the same seed gives the same pixels."""
    frame = Frame(ASPECT)
    hand = Hand(Canvas(long_side, ASPECT, GROUND), np.random.default_rng(seed))
    paint_ground(hand, frame)
    paint_chords(hand)
    paint_themes(hand, frame)
    paint_accents(hand)
    return hand.canvas.picture(LIGHT)
