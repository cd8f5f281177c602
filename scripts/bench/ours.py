"""An evaluation on nst, as the runner does it."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from bench.work import CONTENT, STYLE
from nst import Features, Gram, Objective, Style
from nst.device import prepare
from nst.extractor.network import Network, Source
from nst.extractor.vgg19 import to_network
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.precision import Precision
from nst.transfer import evaluation

OBJECTIVE = Objective(content=Features(layers=(CONTENT,)), style=Gram(layers=STYLE))


def network(name: str, precision: str) -> Network:
    """`vgg19`, with drawn weights, or `vgg19_slim`."""
    from bench.work import he_normal

    resolved = Precision(precision).resolve()
    if name == "vgg19_slim":
        return read_slim(FILE, name).but(pooling="avg", precision=resolved)
    return Network(he_normal(), to_network, pooling="avg", precision=resolved, source=Source(name, "drawn", ""))


def evaluate(name: str, precision: str, side: int) -> Callable[[], object]:
    """A call of which is one evaluation of a picture of `side` x `side`."""
    import tensorflow as tf

    random = np.random.default_rng(1)
    content, style, start = (random.random((1, side, side, 3), np.float32) for _ in range(3))
    prepare()
    compiled = evaluation(network(name, precision), OBJECTIVE, content, [Style(style, scale=1.0)])
    image = tf.constant(start)
    return lambda: compiled(image).gradient.numpy()


def multiply(precision: str, size: int) -> Callable[[], object]:
    """A call of which multiplies two square matrices."""
    import tensorflow as tf

    prepare()
    a = tf.cast(tf.random.normal([size, size]), precision)
    return tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(a, a), tf.float32)))
