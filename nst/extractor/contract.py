"""What a choice of the group `extractor` is: settings, and the network they stand for."""

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
    """Base of all choices.

    Args:
        pooling: `max` as the weights were trained, `avg` as Gatys et al. (2016, section 2) prefer, or `l2`, the root
            of the sum of squares (crowsonkb).
        padding: beyond the edge: `zero` as the weights were trained, `reflect`, `replicate`.
        convolution: `direct`, `winograd` (float32 only), or `auto`, which takes the faster.

    Raises:
        InputError: an unknown value.
    """

    pooling: str = "max"
    padding: str = "zero"
    convolution: str = "auto"

    def __post_init__(self) -> None:
        Options(self.pooling, self.padding)  # checks both
        check_name("extractor.convolution", self.convolution, METHODS)

    @abstractmethod
    def load(self, *, precision: Precision = Precision.auto, fallback: bool = True, pins: Pins = SINGLE) -> Network:
        """The network, loaded once per process.

        Args:
            precision: what the convolutions compute in.
            fallback: whether something else may serve if the first source cannot be reached.
            pins: choices of the sweep that this run is part of.
        """

    def applied(self, network: Network, precision: Precision) -> Network:
        """`network`, computing as chosen; the same object for the same choice."""
        resolved = precision.resolve()
        return _applied(network, Options(self.pooling, self.padding, resolved, resolve(self.convolution, resolved)))


@lru_cache(maxsize=8)
def _applied(network: Network, options: Options) -> Network:
    return network.replace(**asdict(options))
