"""How long a run will take, told before it starts if it is long, with what would be quicker."""

import logging
import time
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from nst.extractor.network import Network
from nst.loss.objective import Objective
from nst.runtime.logs import duration
from nst.state import Image, Level, full_size_equivalents

log = logging.getLogger(__name__)

LONG = 120.0  # seconds; a shorter run is not worth a line
PROBE_SIDE = 256
BACKWARD = 1.2  # a backward pass and the losses, beside a forward pass; 0.8 to 1.3 where it was measured
SLIM_SPEEDUP = 5  # the bundled network beside VGG19: 4 to 8 where it was measured


def seconds(network: Network, layers: Sequence[str], levels: Sequence[Level]) -> float:
    """What the steps of `levels` will take, from forward passes over a small picture; right to a third or so.

    Losses are taken for what Gram matrices cost: those that sort or search take longer.
    """
    probe = tf.constant(np.full((1, PROBE_SIDE, PROBE_SIDE, 3), 0.5, np.float32))
    forward = min(_forward(network, layers, probe) for _ in range(3))  # the first also sets up kernels
    work = sum(level.steps * level.height * level.width for level in levels)
    return forward * (1 + BACKWARD) * work / PROBE_SIDE**2


def _forward(network: Network, layers: Sequence[str], probe: Image) -> float:
    started = time.perf_counter()
    for features in network(probe, layers).values():
        features.numpy()  # on a GPU, wait for it
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
