"""Auto: VGG19 if its weights are on this machine or can be fetched, else the bundled network."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from nst.assets.unreachable import UnreachableError
from nst.errors import InputError, check_number
from nst.extractor.contract import Extractor
from nst.extractor.imagenet import Weights, find
from nst.extractor.network import Network
from nst.extractor.pins import SINGLE, Pins
from nst.extractor.vgg19 import VGG19, load_weights, pin_name
from nst.extractor.vgg19_slim import VGG19Slim
from nst.runtime.precision import Precision

log = logging.getLogger(__name__)

SWEEP_REASON = "its weights were unavailable when this sweep began"


@dataclass(frozen=True)
class Auto(Extractor):
    """VGG19 or, if its weights are unavailable, the bundled network; a replacement is logged and recorded.

    Args:
        patience: time limit in seconds, above 0, of Keras's download (80 MB), the last of the sources.
        pooling, padding, convolution: see `Extractor`.

    Raises:
        InputError: a setting is out of range or unknown.
    """

    patience: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("extractor.patience", self.patience, above=0)

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """Return the network; it is loaded once per process.

        Args:
            precision: number format of the convolutions.
            fallback: whether the 8-bit weights or the bundled network may replace the exact weights.
            pins: choices of the run's sweep.

        Raises:
            InputError: `fallback` is false and VGG19's exact weights are unavailable, or this machine lacks the weights
                that the sweep chose.
        """
        reason = SWEEP_REASON

        def search() -> Weights | None:
            nonlocal reason
            try:
                return find(VGG19.network, exact=not fallback, patience=self.patience)
            except UnreachableError as error:
                if not fallback:
                    raise InputError(
                        f"{error}; fallback=true allows the 8-bit weights or the bundled network"
                    ) from error
                log.warning("VGG19's weights: %s; the bundled network, vgg19_slim, replaces VGG19", error)
                if pins.folder is None:  # a sweep's runs share one reason, and so one network and graph
                    reason = str(error)
                return None

        weights = pins.weights(pin_name(VGG19.network, fallback), search)
        if weights:
            return self.applied(load_weights(weights), precision)
        return _replacing(self._slim().load(precision=precision), reason)

    def _slim(self) -> Extractor:
        """The bundled network with the same settings."""
        make: Callable[..., Any] = VGG19Slim
        return make(**{field.name: getattr(self, field.name) for field in fields(Extractor)})


@lru_cache(maxsize=8)
def _replacing(network: Network, reason: str) -> Network:
    """Return the same network with `reason` in its source, for the record."""
    return network.replace(source=replace(network.source, instead_of=f"vgg19: {reason}"))
