"""Statistics of features over positions, shared by several losses."""

import tensorflow as tf

from nst.state import Scalar, Tensor

BLOCK, BLOCKS = 256, 16  # positions in a block, at least; blocks, at most


def positions(features: Tensor) -> Scalar:
    """Number of positions h w of `[1,h,w,C]`, an integer scalar; in a graph for any size, known only at run time."""
    return tf.shape(features)[1] * tf.shape(features)[2]


def matrix(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[h w, C]`: one row per position."""
    return tf.reshape(features, [-1, features.shape[-1]])


def exact(features: Tensor) -> Tensor:
    """`features`, in float32 if they are bfloat16."""
    return tf.cast(features, tf.float32) if features.dtype == tf.bfloat16 else features


def products(one: Tensor, other: Tensor) -> Tensor:
    """`[1,h,w,C]`, `[1,h,w,D]` -> `[C,D]`: F^T K / M, the channels' products averaged over the M positions."""
    return _mean_product(matrix(one), matrix(other))


def second_moments(features: Tensor) -> Tensor:
    """`[1,h,w,C]` -> `[C,C]`, float32: F^T F / M."""
    F = matrix(features)
    return _mean_product(F, F)


def _mean_product(F: Tensor, K: Tensor) -> Tensor:
    """`[M,C]`, `[M,D]` -> `[C,D]`; float32 for bfloat16."""
    product = _in_blocks(F, K) if F.dtype == tf.bfloat16 else tf.matmul(F, K, transpose_a=True)
    return product / tf.cast(tf.shape(F)[0], product.dtype)


def _in_blocks(F: Tensor, K: Tensor) -> Tensor:
    """F^T K in float32, `[M,C]`, `[M,D]` -> `[C,D]`: products of blocks of positions in bfloat16, added in float32.

    TensorFlow sums a product in float32, but rounds it to bfloat16. With 16 blocks the result is off by 5e-4.
    """
    count = tf.clip_by_value(tf.shape(F)[0] // BLOCK, 1, BLOCKS)
    whole = tf.shape(F)[0] // count * count
    blocks, others = (tf.reshape(x[:whole], [count, whole // count, x.shape[-1]]) for x in (F, K))
    parts = tf.matmul(blocks, others, transpose_a=True), tf.matmul(F[whole:], K[whole:], transpose_a=True)[None]
    return tf.add_n([tf.reduce_sum(tf.cast(part, tf.float32), 0) for part in parts])
