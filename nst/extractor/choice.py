"""What every extractor of the group lets one choose: how its network computes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache

from nst.errors import check_name
from nst.extractor.convolution import METHODS, PADDINGS, resolve
from nst.extractor.network import POOLINGS, Network, Options
from nst.precision import Precision


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a network computes.

    Args:
        pooling: `max` as the weights were trained, `avg` as Gatys et al. (2016, section 2) prefer, or `l2`, the root
            of the sum of squares (crowsonkb).
        padding: what lies beyond the edge: `zero` as the weights were trained, `reflect`, `replicate`.
        convolution: `direct`, `winograd` (float32 only), or `auto`, which takes the faster.
    """

    pooling: str = "max"
    padding: str = "zero"
    convolution: str = "auto"

    def __post_init__(self) -> None:
        check_name("extractor.pooling", self.pooling, POOLINGS)
        check_name("extractor.padding", self.padding, PADDINGS)
        check_name("extractor.convolution", self.convolution, METHODS)

    def applied(self, network: Network, precision: Precision) -> Network:
        """`network`, computing as chosen; the same object for the same choice."""
        resolved = precision.resolve()
        return _applied(network, Options(self.pooling, self.padding, resolved, resolve(self.convolution, resolved)))


@lru_cache(maxsize=8)
def _applied(network: Network, options: Options) -> Network:
    return network.replace(**asdict(options))
