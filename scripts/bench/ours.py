"""The evaluation on nst, computed as the runner does."""

import os
from collections.abc import Callable
from dataclasses import asdict

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from bench.work import CONTENT, STYLE
from nst import Features, Gram, Objective, Style
from nst.extractor.network import Network, Options, Source
from nst.extractor.ops.convolution import resolve
from nst.extractor.vgg19 import to_network
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.runtime.device import prepare
from nst.runtime.precision import Precision
from nst.transfer.evaluate import evaluation

OBJECTIVE = Objective(content=Features(layers=(CONTENT,)), style=Gram(layers=STYLE))


def network(name: str, precision: str) -> Network:
    """`vgg19` with random weights, or `vgg19_slim`."""
    from bench.work import he_normal

    resolved = Precision(precision).resolve()
    options = Options(pooling="avg", precision=resolved, convolution=resolve("auto", resolved))
    if name == "vgg19_slim":
        return read_slim(FILE, name).replace(**asdict(options))
    return Network(he_normal(), to_network, source=Source(name, "drawn", ""), options=options)


def evaluate(name: str, precision: str, side: int) -> Callable[[], object]:
    """A function: each call is one evaluation of a picture of `side` x `side` pixels."""
    import tensorflow as tf

    random = np.random.default_rng(1)
    content, style, start = (random.random((1, side, side, 3), np.float32) for _ in range(3))
    prepare()
    compiled = evaluation(network(name, precision), OBJECTIVE, [Style(style, scale=1.0)])(content)
    image = tf.constant(start)
    return lambda: compiled(image).gradient.numpy()


def multiply(precision: str, size: int) -> Callable[[], object]:
    """A function: each call multiplies two `size` x `size` matrices."""
    import tensorflow as tf

    prepare()
    a = tf.cast(tf.random.normal([size, size]), precision)
    return tf.function(lambda: tf.reduce_sum(tf.cast(tf.matmul(a, a), tf.float32)))
