"""The network that the metrics are measured with: one for all runs that are to be compared, whatever they used.

    auto    VGG19 if its weights are on this machine; a sweep fetches them if necessary. Else the run's own network.
    own     the run's own network

It is always used as it was trained: max pooling, zero padding, float32.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from nst.assets.unreachable import UnreachableError
from nst.extractor.imagenet import Weights, cached, find
from nst.extractor.pins import SINGLE, Pins
from nst.state import MetricNetwork

if TYPE_CHECKING:  # it brings TensorFlow, which a search does not need
    from nst.extractor.network import Network

log = logging.getLogger(__name__)

PATIENCE = 30.0  # seconds that Keras's download may take, the last of the sources


def metric_network(
    asked: MetricNetwork, own: Callable[[], Network], pins: Pins = SINGLE, *, fetch: bool = False
) -> Network:
    """The network to measure with.

    Args:
        asked: `metrics.network`.
        own: gives the network of the run.
        pins: choices of the sweep that the run is part of.
        fetch: whether VGG19's weights may be downloaded.

    Raises:
        UnreachableError: the sweep's earlier runs were measured with weights that this machine does not have.
    """
    from nst.extractor.vgg19 import load_weights

    weights = metric_weights(asked, pins, fetch=fetch)
    return load_weights(weights) if weights else own().as_trained


def metric_weights(asked: MetricNetwork, pins: Pins, *, fetch: bool) -> Weights | None:
    """The weights of the network to measure with; None for the run's own. The arguments are `metric_network`'s."""
    return None if asked is MetricNetwork.own else pins.weights("metrics", lambda: _available(fetch))


def _available(fetch: bool) -> Weights | None:
    """VGG19's weights, or None."""
    if not fetch:
        return cached()
    try:
        return find("vgg19", patience=PATIENCE)
    except UnreachableError as error:
        log.warning(
            "metrics are measured with each run's own network and cannot be compared across networks: %s", error
        )
        return None
