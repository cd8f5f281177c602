"""The contract of the choices in the config group `extractor`: settings, and a network with these settings."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from functools import lru_cache

from nst.errors import check_name
from nst.extractor.network import Network
from nst.extractor.ops.convolution import METHODS, resolve
from nst.extractor.options import Options
from nst.extractor.pins import SINGLE, Pins
from nst.runtime.precision import Precision


@dataclass(frozen=True, kw_only=True)
class Extractor(ABC):
    """Base of all extractors.

    Args:
        pooling: `max` as in training, `avg` as preferred by Gatys et al. (2016, section 2), or `l2`, the root of the
            sum of squares (crowsonkb).
        padding: values beyond the edge: `zero` as in training, `reflect` or `replicate`.
        convolution: `direct`, `winograd` (float32 only), or `auto`, the faster of the two.

    Raises:
        InputError: a setting has an unknown value.
    """

    pooling: str = "max"
    padding: str = "zero"
    convolution: str = "auto"

    def __post_init__(self) -> None:
        Options(self.pooling, self.padding)  # checks both
        check_name("extractor.convolution", self.convolution, METHODS)

    @abstractmethod
    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """Return the network; it is loaded once per process.

        Args:
            precision: number format of the convolutions.
            fallback: whether other weights or another network may replace exact weights.
            pins: choices of the run's sweep.

        Raises:
            InputError: the weights are broken or unavailable.
        """

    def applied(self, network: Network, precision: Precision) -> Network:
        """Return `network` with these settings; the same object for the same arguments."""
        resolved = precision.resolve()
        return _applied(network, Options(self.pooling, self.padding, resolved, resolve(self.convolution, resolved)))


@lru_cache(maxsize=8)
def _applied(network: Network, options: Options) -> Network:
    return network.replace(**asdict(options))
