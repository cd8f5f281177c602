"""Cropping, against slices and their gradients."""

import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from nst.image.crop import crop


@pytest.mark.parametrize("edges", list(itertools.product((0, 2), repeat=4)))
def test_crop_and_its_gradient_equal_a_slice(edges: tuple[int, int, int, int], rng: np.random.Generator) -> None:
    x = tf.constant(rng.normal(size=(2, 5, 6, 3)))
    top, bottom, left, right = edges

    def value_and_gradient(function: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            total = tf.reduce_sum(y**3)
        return y, tape.gradient(total, x)

    ours = value_and_gradient(lambda x: crop(x, *edges))
    theirs = value_and_gradient(lambda x: x[:, top : 5 - bottom, left : 6 - right])
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(found, expected)
