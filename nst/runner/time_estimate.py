"""Estimate the time of a run before it starts; for a long run, log it with faster settings."""

import logging
import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.loss.objective import Objective
from nst.runtime.logs import duration
from nst.state import Image, Level, full_size_equivalents

log = logging.getLogger(__name__)

LONG = 120.0  # seconds; a shorter run is not logged
PROBE_SIDE = 256  # pixels
BACKWARD = 1.2  # time of a backward pass and the losses, relative to a forward pass; measured: 0.8 to 1.3
SLIM_SPEEDUP = 8  # of the bundled network over VGG19; measured: 6.5 to 10


def seconds(network: Network, layers: Sequence[str], levels: Sequence[Level]) -> float:
    """Estimate the seconds for all steps of `levels` from forward passes on a small picture, to within about a third.

    Losses are assumed to cost as much as Gram matrices; losses that sort or search take longer.
    """
    work = sum(level.steps * level.height * level.width for level in levels)
    return _fastest(network, tuple(layers)) * (1 + BACKWARD) * work / PROBE_SIDE**2


@lru_cache(maxsize=8)  # the runs of a sweep measure once
def _fastest(network: Network, layers: Sequence[str]) -> float:
    """Seconds of a forward pass."""
    probe = tf.constant(np.full((1, PROBE_SIDE, PROBE_SIDE, 3), 0.5, np.float32))
    return min(_forward(network, layers, probe) for _ in range(3))  # the first pass also sets up kernels


def _forward(network: Network, layers: Sequence[str], probe: Image) -> float:
    started = time.perf_counter()
    for features in network(probe, layers).values():
        features.numpy()  # waits for the GPU
    return time.perf_counter() - started


def log_if_long(network: Network, objective: Objective, levels: Sequence[Level]) -> None:
    """Log one line if the run will take more than two minutes."""
    expected = seconds(network, objective.layers, levels)
    about = "at least" if any(loss.copies for _, loss in objective.terms) else "about"
    if expected <= LONG:
        return
    side = max(levels[-1].height, levels[-1].width)
    shorter = max(64, int(side * (LONG / expected) ** 0.5) // 32 * 32)
    quicker = [f"size={shorter}"] if shorter < side else []
    if network.source.name == "vgg19":
        quicker.insert(0, f"extractor=vgg19_slim (about {duration(expected / SLIM_SPEEDUP)})")
    instead = " or ".join(quicker or ["fewer steps"])
    work = full_size_equivalents(levels)
    log.info(
        "this run will take %s %s (%.0f full-size equivalents); quicker: %s", about, duration(expected), work, instead
    )
