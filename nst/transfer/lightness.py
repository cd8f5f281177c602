"""Restricts a transfer to lightness: it optimizes a gray picture between the limits of a color mode.

The picture stays `[1,H,W,3]`, with three equal channels; optimizers, masks, levels, checkpoints and observers handle it
like any other. Each evaluation takes the mean of the channels, moves it between the limits (`Color.limits`) and returns
the moved picture in its point. So pictures outside the limits never exist, and the losses are those of the lightness of
the picture that `Transfer.present` returns, which only adds the content's hue and chroma.

The gradient is the projected one: 0 where descent would leave the limits (Bertsekas 1982), and with respect to the
channels equal, so an optimizer that treats all values alike keeps the picture gray. A gradient through the clipping in
place of this would be 0 for every value outside the limits, and such a value would never return.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst.color import Color, gray
from nst.optimizer.contract import Evaluate
from nst.state import Image, Point


class Limits(NamedTuple):
    """The lowest and the highest gray value of each pixel at a level, `[1,H,W,1]`."""

    low: np.ndarray
    high: np.ndarray

    def applied(self, picture: np.ndarray) -> np.ndarray:
        """The lightness of `picture` `[1,H,W,3]` as a gray picture between the limits."""
        return gray(picture).clip(self.low, self.high)

    def within(self, evaluate: Evaluate) -> Evaluate:
        """`evaluate` for gray pictures between the limits."""
        low, high = tf.constant(self.low), tf.constant(self.high)

        def limited(image: Image) -> Point:
            value = tf.clip_by_value(tf.reduce_mean(image, -1, keepdims=True), low, high)
            point = evaluate(tf.repeat(value, 3, -1))
            slope = tf.reduce_mean(point.gradient, -1, keepdims=True)
            held = ((value <= low) & (slope > 0)) | ((value >= high) & (slope < 0))
            return point._replace(gradient=tf.repeat(tf.where(held, tf.zeros_like(slope), slope), 3, -1))

        return limited


def limits(color: Color, content: np.ndarray) -> Limits | None:
    """The limits of `color` for `content` `[1,H,W,3]`; None if it has none."""
    found = color.limits(content)
    return found and Limits(*found)
