"""Booleans as bits: what a backward pass keeps of a comparison takes an eighth of the memory.

Eight flags, bytes of 0 or 1, are one 64-bit integer: byte k holds its bits 8k to 8k + 7. A product with a constant
moves or copies bits of all eight at once, faster than a loop over flags.
"""

import tensorflow as tf

from nst.state import Tensor

GATHER = 0x0102040810204080  # a product with it moves bit 8k to bit 56 + k, for k from 0 to 7
SPREAD = 0x0101010101010101  # a product of a byte with it has this byte in all eight bytes
SELECT = 0x8040201008040201 - 2**64  # bit k of byte k, as a signed integer


def packed(flags: Tensor) -> Tensor:
    """`n` booleans of any shape -> `[ceil(n / 8)]`, uint8: flag 8i + k is bit k of byte i."""
    flat = tf.reshape(tf.cast(flags, tf.uint8), [-1])
    flat = tf.pad(flat, [[0, -tf.size(flat, tf.int64) % 8]])
    eights = tf.bitcast(tf.reshape(flat, [-1, 8]), tf.int64)
    return tf.cast(tf.bitwise.right_shift(eights * GATHER, 56), tf.uint8)


def unpacked(bits: Tensor, like: Tensor) -> Tensor:
    """The flags of `packed`, in the shape of `like`; a graph unpacks them only after it has computed `like`."""
    with tf.control_dependencies([like]):
        eights = tf.cast(tf.identity(bits), tf.int64) * SPREAD
    flags = tf.bitcast(tf.bitwise.bitwise_and(eights, SELECT), tf.uint8) > 0
    return tf.reshape(tf.reshape(flags, [-1])[: tf.size(like, tf.int64)], tf.shape(like))
