"""VGG19 where its weights are cached or come within seconds, else the bundled network: the fallback rule again."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache

from nst.download import UnreachableError
from nst.errors import InputError, check_number
from nst.extractor.network import Network
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import VGG19Slim
from nst.precision import Precision

log = logging.getLogger(__name__)


class Auto:
    """VGG19 or, where it cannot be had, the bundled network; decided once per process, logged and recorded.

    Args:
        patience: seconds the download of VGG19's weights (80 MB) may take.
        pooling: `avg` as Gatys et al. (2016, section 2) prefer, or `max` as the weights were trained.
    """

    name = "auto"

    def __init__(self, patience: float = 30.0, pooling: str = "avg") -> None:
        self.patience = check_number("extractor.patience", patience, above=0)
        self.pooling = VGG19(pooling=pooling).pooling

    def load(
        self, *, precision: Precision = Precision.auto, fallback: bool = True, seconds: float | None = None
    ) -> Network:
        """The network that serves.

        Raises:
            InputError: VGG19 is out of reach and `fallback` is false.
        """
        return _decide(self.pooling, precision, fallback, seconds or self.patience)


@lru_cache(maxsize=8)
def _decide(pooling: str, precision: Precision, fallback: bool, seconds: float) -> Network:
    try:
        return VGG19(pooling=pooling).load(precision=precision, seconds=seconds)
    except UnreachableError as error:
        if not fallback:
            raise InputError(f"{error}; extractor=vgg19_slim or fallback=true use the bundled network") from error
        log.warning("VGG19's weights: %s; standing in for it: the bundled network, vgg19_slim", error)
        return _standing_in(VGG19Slim(pooling=pooling).load(precision=precision), str(error))


def _standing_in(network: Network, reason: str) -> Network:
    """The same network with the reason on record."""
    source = replace(network.source, instead_of=f"vgg19: {reason}")
    return Network(
        network.weights, network.preprocess, pooling=network.pooling, precision=network.precision, source=source
    )
