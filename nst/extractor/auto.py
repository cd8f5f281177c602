"""VGG19 where its weights are cached or come within seconds, else the bundled network: the fallback rule again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nst.download import UnreachableError
from nst.errors import InputError, check_number
from nst.extractor.choice import Choice
from nst.extractor.network import Extractor, Network
from nst.extractor.vgg19 import VGG19
from nst.extractor.vgg19_slim import VGG19Slim
from nst.precision import Precision

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Auto(Choice):
    """VGG19 or, where it cannot be had, the bundled network; decided once per process, logged and recorded.

    Args:
        patience: seconds the download of VGG19's weights (80 MB) may take.
        pooling, padding, convolution, recompute: as `Choice` has them.
    """

    patience: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("extractor.patience", self.patience, above=0)

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True) -> Network:
        """The network that serves, loaded once per process.

        Raises:
            InputError: VGG19 is out of reach and `fallback` is false.
        """
        found = _search(self.patience)
        if isinstance(found, Path):
            return self._as(VGG19, weights=str(found)).load(precision=precision)
        if not fallback:
            raise InputError(f"{found}; extractor=vgg19_slim or fallback=true use the bundled network") from found
        return _standing_in(self._as(VGG19Slim).load(precision=precision), str(found))

    def _as(self, other: Callable[..., Extractor], **settings: Any) -> Extractor:
        """Another extractor that computes as this one was told to."""
        return other(**settings, **{field.name: getattr(self, field.name) for field in fields(Choice)})


@lru_cache(maxsize=1)
def _search(patience: float) -> Path | UnreachableError:
    """VGG19's weights, or why there are none; one answer for all runs of a sweep."""
    try:
        return VGG19.published.imagenet(patience)
    except UnreachableError as error:
        log.warning("VGG19's weights: %s; the bundled network, vgg19_slim, can stand in for it", error)
        return error


@lru_cache(maxsize=8)
def _standing_in(network: Network, reason: str) -> Network:
    """The same network with the reason on record."""
    return network.but(source=replace(network.source, instead_of=f"vgg19: {reason}"))
