"""The evaluation and the race on nst, computed as the runner does."""

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from hydra import compose, initialize_config_dir

from bench.work import CONTENT, STYLE
from nst import Features, Gram, Objective, Style
from nst.cli.configs import conf_dir, register
from nst.extractor.network import Kernels, Network, Options, Source
from nst.extractor.ops.convolution import resolve
from nst.extractor.vgg19 import to_network
from nst.extractor.vgg19_slim import FILE, read_slim
from nst.runner import checkpoint
from nst.runner.instantiate import build
from nst.runtime.device import prepare
from nst.runtime.precision import Precision
from nst.state import Iterate
from nst.transfer.evaluate import evaluation
from nst.transfer.stylize import stylize
from nst.transfer.transfer import Transfer

Turn = Callable[[Callable[[], float], bool, Callable[[Path], object]], None]

FLOAT32_EVERY = 5  # with bfloat16, every so many steps the loss is computed in float32

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


def race(
    weights: Kernels, overrides: str, content: np.ndarray, style: np.ndarray, turn: Turn, saved: Path | None
) -> None:
    """Optimize as conf/ with `overrides` says, with the objective of jcjohnson/neural-style.

    Each step calls `turn(loss, comparable, keep)`. `loss()` returns the step's loss, `comparable` says that it is the
    loss at full size in float32, and `keep(folder)` saves a checkpoint. The run resumes from the checkpoint in `saved`.
    """
    register()
    with initialize_config_dir(conf_dir(), version_base="1.3"):
        config = compose("config", overrides.split())
    pyramid, optimizer = build(config, "pyramid"), build(config, "optimizer")
    precision = Precision(config.precision).resolve()
    options = Options(precision=precision, convolution=resolve("auto", precision))
    network = Network(weights, to_network, source=Source("vgg19", "given", ""), options=options)
    objective = Objective(
        content=Features(weight=5, layers=(CONTENT,), layer_weights=(1,), normalizer="mean"),
        style=Gram(weight=100, layers=STYLE, layer_weights=(1,) * len(STYLE), normalizer="channels"),
    )
    styles = [Style(style, scale=1.0)]
    plain = network.replace(precision="float32", convolution=resolve("auto", "float32"))
    evaluate32 = None if precision == Precision.float32 else evaluation(plain, objective, styles)(content)
    levels = pyramid.levels(*content.shape[1:3], config.steps)
    origin: dict[str, None] = dict.fromkeys(checkpoint.ORIGIN)

    def observe(iterate: Iterate) -> None:
        def keep(folder: Path) -> None:
            checkpoint.save(folder / checkpoint.FILE, iterate, {"identity": overrides, "origin": origin})

        def loss() -> float:
            point = iterate.point
            return float((evaluate32(point.image) if evaluate32 and comparable else point).total)

        last = iterate.level == len(levels) - 1
        comparable = last and (not evaluate32 or iterate.evaluation % FLOAT32_EVERY == 0)
        turn(loss, comparable, keep)

    transfer = Transfer(content, styles, network, objective, optimizer, steps=config.steps, pyramid=pyramid)
    resume = checkpoint.load(saved, overrides, origin, optimizer, transfer.levels) if saved else None
    stylize(transfer, observers=[observe], resume=resume)
