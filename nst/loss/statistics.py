"""Statistics of features over positions, shared by several losses."""

import tensorflow as tf

from nst.state import Scalar, Tensor


def positions(features: Tensor) -> Scalar:
    """Number of positions h w of `[1,h,w,C]`, an integer scalar; in a graph for any size, known only at run time."""
    return tf.shape(features)[1] * tf.shape(features)[2]


def matrix(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[h w, C]`: one row per position."""
    return tf.reshape(features, [-1, features.shape[-1]])


def products(one: Tensor, other: Tensor) -> Tensor:
    """`[1,h,w,C]`, `[1,h,w,D]` -> `[C,D]`: F^T K / M, the channels' products averaged over the M positions."""
    return _mean_product(matrix(one), matrix(other))


def second_moments(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[C,C]`: F^T F / M."""
    F = matrix(features)
    return _mean_product(F, F)


def _mean_product(F: Tensor, K: Tensor) -> Tensor:
    """`[M,C]`, `[M,D]` -> `[C,D]`."""
    return tf.matmul(F, K, transpose_a=True) / tf.cast(tf.shape(F)[0], F.dtype)
