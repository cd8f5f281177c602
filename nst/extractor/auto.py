"""VGG19 if its weights are on this machine or can be fetched, else the bundled network: the fallback rule again."""

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

IN_A_SWEEP = "its weights could not be had when this sweep began"


@dataclass(frozen=True)
class Auto(Extractor):
    """VGG19 or, if its weights cannot be had, the bundled network; logged and recorded.

    Args:
        patience: seconds that Keras's download (80 MB), the last of the sources, may take.
        pooling, padding, convolution: as `Extractor` has them.
    """

    patience: float = 30.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("extractor.patience", self.patience, above=0)

    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """The network that serves, loaded once per process.

        Args:
            precision: what the convolutions compute in.
            fallback: whether the 8-bit weights, and the bundled network, may serve.
            pins: choices of the sweep that this run is part of.

        Raises:
            InputError: `fallback` is false, and VGG19's exact weights are out of reach.
        """
        reason = IN_A_SWEEP

        def search() -> Weights | None:
            nonlocal reason
            try:
                return find(VGG19.network, exact=not fallback, patience=self.patience)
            except UnreachableError as error:
                if not fallback:
                    raise InputError(
                        f"{error}; with fallback=true the 8-bit weights or the bundled network serve"
                    ) from error
                log.warning("VGG19's weights: %s; the bundled network, vgg19_slim, replaces it", error)
                if pins.folder is None:  # the runs of a sweep share one reason, and so one network and graph
                    reason = str(error)
                return None

        weights = pins.weights(pin_name(VGG19.network, fallback), search)
        if weights:
            return self.applied(load_weights(weights), precision)
        return _replacing(self._slim().load(precision=precision), reason)

    def _slim(self) -> Extractor:
        """The bundled network with the settings of this one."""
        make: Callable[..., Any] = VGG19Slim
        return make(**{field.name: getattr(self, field.name) for field in fields(Extractor)})


@lru_cache(maxsize=8)
def _replacing(network: Network, reason: str) -> Network:
    """The same network with the reason on record."""
    return network.replace(source=replace(network.source, instead_of=f"vgg19: {reason}"))
