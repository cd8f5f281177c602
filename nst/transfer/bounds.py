"""Restricts a transfer to a mask: outside it, the content stays."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst.image.io import resize
from nst.image.mask import at, composite
from nst.optimizer.contract import Evaluate
from nst.state import Image, Level, Point


class Bounds(NamedTuple):
    """Where the picture may change: a mask `[1,H,W,1]` (None: everywhere), and the content `[1,H,W,3]`."""

    mask: np.ndarray | None
    content: np.ndarray

    def applied(self, picture: np.ndarray) -> np.ndarray:
        """`picture` `[1,h,w,3]` inside the mask, the content outside, at the size of `picture`."""
        if self.mask is None:
            return picture
        height, width = picture.shape[1:3]
        return composite(picture, resize(self.content, height, width), at(self.mask, height, width))

    def within(self, evaluate: Evaluate, level: Level) -> Evaluate:
        """`evaluate` at `level` with the content outside the mask; the gradient there is 0."""
        if self.mask is None:
            return evaluate
        mask = tf.constant(at(self.mask, level.height, level.width))
        outside = (1 - mask) * resize(self.content, level.height, level.width)

        def bounded(image: Image) -> Point:
            point = evaluate(mask * image + outside)
            return point._replace(image=image, gradient=mask * point.gradient)

        return bounded
