"""A homage to the mosaics of Ravenna (6th century): a peacock under a bough on gold ground, in a braided border."""

import numpy as np
from PIL import Image

from painter.canvas import Canvas
from painter.frame import Frame
from painter.palette import rgb
from painter.pavement import pave
from painter.tesserae import Setting
from paintings.mosaic.border import set_border
from paintings.mosaic.garden import set_garden, set_gold
from paintings.mosaic.peacock import set_peacock

ASPECT = 0.8
GROUT = rgb("#5d5145")
LIGHT = 0.34


def paint(long_side: int, seed: int) -> Image.Image:
    """The mosaic as an RGB picture, `long_side` pixels wide; the same seed gives the same pixels."""
    frame = Frame(ASPECT)
    canvas = Canvas(long_side, ASPECT, GROUT)
    rng = np.random.default_rng(seed)
    setting = Setting(frame, rng)
    set_border(setting)
    figures = set_peacock(setting) + set_garden(setting)
    set_gold(setting, figures)
    pave(canvas, setting.stones(), GROUT, rng)
    return canvas.picture(LIGHT)
