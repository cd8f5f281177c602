"""Distributions of scalars, given by samples: their quantiles, and the squared distance of sorted samples."""

import tensorflow as tf

from nst.state import Scalar, Tensor


def between(samples: Tensor, count: Scalar) -> Tensor:
    """`[D,N]` in any order -> `[D,count]`: evenly spaced quantiles, interpolated linearly between samples."""
    ordered = tf.sort(samples)
    there, wanted = (tf.cast(number, samples.dtype) for number in (tf.shape(samples)[1], count))
    places = (tf.range(wanted) + 0.5) * (there / wanted) - 0.5
    places = tf.clip_by_value(places, 0, there - 1)
    low = tf.floor(places)
    part = places - low
    first = tf.cast(low, tf.int32)
    second = tf.minimum(first + 1, tf.shape(samples)[1] - 1)
    return tf.gather(ordered, first, axis=1) * (1 - part) + tf.gather(ordered, second, axis=1) * part


@tf.custom_gradient
def matched(samples: Tensor, quantiles: Tensor) -> Tensor:
    """mean((sorted samples - quantiles)^2), both `[D,N]`; the gradient moves each sample toward its quantile."""
    order = tf.argsort(samples)
    off = tf.gather(samples, order, batch_dims=1) - quantiles

    def gradient(upstream: Tensor) -> Tensor:
        count = tf.cast(tf.size(samples), samples.dtype)
        rows = tf.broadcast_to(tf.range(tf.shape(order)[0])[:, None], tf.shape(order))
        back = tf.scatter_nd(tf.stack([rows, order], -1), off, tf.shape(samples))
        return upstream * 2 / count * back, None

    return tf.reduce_mean(off**2), gradient
