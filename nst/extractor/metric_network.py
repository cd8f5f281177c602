"""The network that measures the metrics: the same for all runs of a comparison, whatever network they used.

    auto    VGG19 if its weights are on this machine (a sweep downloads them if necessary), else the run's own network
    own     the run's own network

It always computes as in training: max pooling, zero padding, float32.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from nst.assets.unreachable import UnreachableError
from nst.extractor.imagenet import Weights, cached, find
from nst.extractor.pins import SINGLE, Pins
from nst.state import MetricNetwork

if TYPE_CHECKING:  # it imports TensorFlow, which a search does not need
    from nst.extractor.network import Network

log = logging.getLogger(__name__)

PATIENCE = 30.0  # time limit in seconds of Keras's download, the last of the sources


def metric_network(
    asked: MetricNetwork, own: Callable[[], Network], pins: Pins = SINGLE, *, fetch: bool = False
) -> Network:
    """Return the metric network.

    Args:
        asked: the value of the setting `metrics.network`.
        own: returns the run's own network.
        pins: choices of the run's sweep.
        fetch: whether VGG19's weights may be downloaded.

    Raises:
        UnreachableError: the sweep's earlier runs were measured with weights that this machine does not have.
    """
    from nst.extractor.vgg19 import load_weights

    weights = metric_weights(asked, pins, fetch=fetch)
    return load_weights(weights) if weights else own().as_trained


def metric_weights(asked: MetricNetwork, pins: Pins, *, fetch: bool) -> Weights | None:
    """Return the weights of the metric network; None is the run's own network. Args: see `metric_network`."""
    return None if asked is MetricNetwork.own else pins.weights("metrics", lambda: _available(fetch))


def _available(fetch: bool) -> Weights | None:
    """VGG19's weights; None if they are unavailable, which is logged if `fetch`."""
    if not fetch:
        return cached()
    try:
        return find("vgg19", patience=PATIENCE)
    except UnreachableError as error:
        log.warning(
            "metrics are measured with each run's own network and cannot be compared across networks: %s", error
        )
        return None
