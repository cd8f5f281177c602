"""VGG19 where its weights are cached or come within seconds, else the bundled network: the fallback rule again."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from nst.download import UnreachableError
from nst.errors import InputError, check_name, check_number
from nst.extractor.network import POOLINGS, Network
from nst.extractor.vgg19 import VGG19, imagenet
from nst.extractor.vgg19_slim import VGG19Slim
from nst.precision import Precision

log = logging.getLogger(__name__)


class Auto:
    """VGG19 or, where it cannot be had, the bundled network; decided once per process, logged and recorded.

    Args:
        patience: seconds the download of VGG19's weights (80 MB) may take.
        pooling: `avg` as Gatys et al. (2016, section 2) prefer, or `max` as the weights were trained.
    """

    def __init__(self, patience: float = 30.0, pooling: str = "avg") -> None:
        self.patience = check_number("extractor.patience", patience, above=0)
        self.pooling = check_name("extractor.pooling", pooling, POOLINGS)

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True) -> Network:
        """The network that serves, loaded once per process.

        Raises:
            InputError: VGG19 is out of reach and `fallback` is false.
        """
        found = _search(self.patience)
        if isinstance(found, Path):
            return VGG19(str(found), self.pooling).load(precision=precision)
        if not fallback:
            raise InputError(f"{found}; extractor=vgg19_slim or fallback=true use the bundled network") from found
        return _standing_in(VGG19Slim(self.pooling).load(precision=precision), str(found))


@lru_cache(maxsize=1)
def _search(patience: float) -> Path | UnreachableError:
    """VGG19's weights, or why there are none; one answer for all runs of a sweep."""
    try:
        return imagenet(patience)
    except UnreachableError as error:
        log.warning("VGG19's weights: %s; the bundled network, vgg19_slim, can stand in for it", error)
        return error


@lru_cache(maxsize=8)
def _standing_in(network: Network, reason: str) -> Network:
    """The same network with the reason on record."""
    return network.but(source=replace(network.source, instead_of=f"vgg19: {reason}"))
